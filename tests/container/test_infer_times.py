"""Times in every way of writing: drafted, ingested by the draft, and the same instants come out."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from drafted import draft_and_ingest, draft_of
from hypothesis import HealthCheck, given, settings, strategies as st

ZONE = ZoneInfo("Asia/Shanghai")
# One day of the month above 12 and one below; afternoon and morning.
MOMENTS = [
    datetime(2024, 1, 31, 8, 5, 9, tzinfo=ZONE),
    datetime(2023, 11, 5, 23, 59, 0, tzinfo=ZONE),
    datetime(2024, 2, 29, 0, 0, 1, tzinfo=ZONE),
    datetime(2022, 12, 25, 13, 30, 30, tzinfo=ZONE),
]
Write = Callable[[datetime], str]


def write(path: Path, texts: list[str], name: str = "time", separator: str = ";") -> Path:
    lines = [
        f"{n}{separator}121.{47 + n}{separator}31.2{separator}{t}" for n, t in enumerate(texts)
    ]
    header = separator.join(["id", "lon", "lat", name])
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def utc(moment: datetime, *, to: str = "seconds") -> str:
    if to == "minutes":
        moment = moment.replace(second=0)
    if to == "days":
        moment = moment.replace(hour=0, minute=0, second=0)
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.000"


def excel(moment: datetime) -> str:
    since = moment.replace(tzinfo=None) - datetime(1899, 12, 30)
    return f"{since / timedelta(days=1):.9f}"


def unpadded(moment: datetime, pattern: str) -> str:
    parts = {"y": moment.year, "m": moment.month, "d": moment.day, "H": moment.hour}
    return moment.strftime(pattern.format(**parts))


SECONDS: dict[str, Write] = {
    "iso": lambda m: m.isoformat(),
    "iso in UTC": lambda m: f"{m.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    "iso with a fraction": lambda m: f"{m:%Y-%m-%dT%H:%M:%S}.000",
    "blank": lambda m: f"{m:%Y-%m-%d %H:%M:%S}",
    "slashes": lambda m: f"{m:%Y/%m/%d %H:%M:%S}",
    "slashes, unpadded": lambda m: unpadded(m, "{y}/{m}/{d} {H}:%M:%S"),
    "dots": lambda m: f"{m:%Y.%m.%d %H:%M:%S}",
    "Chinese": lambda m: unpadded(m, "{y}年{m}月{d}日 {H}时%M分%S秒"),
    "Chinese with colons": lambda m: f"{m:%Y年%m月%d日%H:%M:%S}",
    "day first": lambda m: f"{m:%d/%m/%Y %H:%M:%S}",
    "month first": lambda m: f"{m:%m/%d/%Y %H:%M:%S}",
    "month first, twelve hours": lambda m: f"{m:%m/%d/%Y %I:%M:%S %p}",
    "day first, dots": lambda m: f"{m:%d.%m.%Y %H:%M:%S}",
    "names of months": lambda m: f"{m:%d %b %Y %H:%M:%S}",
    "names of months, hyphens": lambda m: f"{m:%d-%b-%Y %H:%M:%S}",
    "weekdays": lambda m: f"{m:%a, %d %b %Y %H:%M:%S} +0800",
    "as C writes them": lambda m: f"{m:%a %b %d %H:%M:%S %Y}",
    "the clock first": lambda m: f"{m:%H:%M:%S %d/%m/%Y}",
    "basic iso": lambda m: f"{m.astimezone(UTC):%Y%m%dT%H%M%SZ}",
    "offset by name": lambda m: f"{m:%Y/%m/%d %H:%M:%S} GMT+8",
    "compact": lambda m: f"{m:%Y%m%d%H%M%S}",
    "compact with a blank": lambda m: f"{m:%Y%m%d %H%M%S}",
    "compact with T": lambda m: f"{m:%Y%m%dT%H%M%S}",
    "offset without a colon": lambda m: f"{m:%Y-%m-%d %H:%M:%S%z}",
    "offset behind a blank": lambda m: f"{m:%Y/%m/%d %H:%M:%S} +08:00",
    "morning and afternoon": lambda m: (
        f"{m:%Y-%m-%d} {'上午' if m.hour < 12 else '下午'} {m:%I:%M:%S}"
    ),
    "unix": lambda m: f"{m.timestamp():.0f}",
    "unix with a fraction": lambda m: f"{m.timestamp():.3f}",
    "milliseconds": lambda m: f"{m.timestamp() * 1e3:.0f}",
    "microseconds": lambda m: f"{m.timestamp() * 1e6:.0f}",
    "nanoseconds": lambda m: f"{m.timestamp() * 1e9:.0f}",
    "excel": excel,
    "full width": lambda m: f"{m:%Y-%m-%d %H:%M:%S}".translate(
        {48 + n: 0xFF10 + n for n in range(10)}
    ),
}


@pytest.mark.parametrize("way", SECONDS)
def test_times_to_the_second(tmp_path: Path, way: str) -> None:
    found = draft_and_ingest(write(tmp_path / "rows.csv", list(map(SECONDS[way], MOMENTS))))
    assert found.times == [utc(moment) for moment in MOMENTS]


@pytest.mark.parametrize("name", ["time", "t", "what"])
@pytest.mark.parametrize("way", ["milliseconds", "microseconds", "slashes", "month first"])
def test_times_in_columns_of_any_name(tmp_path: Path, way: str, name: str) -> None:
    texts = list(map(SECONDS[way], MOMENTS))
    assert draft_and_ingest(write(tmp_path / "rows.csv", texts, name)).times == [
        utc(moment) for moment in MOMENTS
    ]


MINUTES: dict[str, Write] = {
    "blank": lambda m: f"{m:%Y-%m-%d %H:%M}",
    "unpadded": lambda m: unpadded(m, "{y}/{m}/{d} {H}:%M"),
    "Chinese": lambda m: unpadded(m, "{y}年{m}月{d}日{H}时%M分"),
    "compact": lambda m: f"{m:%Y%m%d%H%M}",
    "months by name": lambda m: f"{m:%b %d, %Y %H:%M}",
}


@pytest.mark.parametrize("way", MINUTES)
def test_times_to_the_minute(tmp_path: Path, way: str) -> None:
    found = draft_and_ingest(write(tmp_path / "rows.csv", list(map(MINUTES[way], MOMENTS))))
    assert found.times == [utc(moment, to="minutes") for moment in MOMENTS]


DAYS: dict[str, Write] = {
    "iso": lambda m: f"{m:%Y-%m-%d}",
    "compact": lambda m: f"{m:%Y%m%d}",
    "Chinese": lambda m: unpadded(m, "{y}年{m}月{d}日"),
    "unpadded": lambda m: unpadded(m, "{y}/{m}/{d}"),
    "day first": lambda m: unpadded(m, "{d}/{m}/{y}"),
    "month first": lambda m: unpadded(m, "{m}-{d}-{y}"),
    "excel": lambda m: excel(m).split(".")[0],
    "day first, two digits": lambda m: f"{m:%d/%m/%y}",
    "months by name, two digits": lambda m: f"{m:%d-%b-%y}",
}


@pytest.mark.parametrize("way", DAYS)
def test_days(tmp_path: Path, way: str) -> None:
    found = draft_and_ingest(write(tmp_path / "rows.csv", list(map(DAYS[way], MOMENTS)), "date"))
    assert found.times == [utc(moment, to="days") for moment in MOMENTS]
    assert ("two-digit years" in found.warned) == ("two digits" in way)


def test_midnight_as_a_bare_day_and_seconds_that_may_miss(tmp_path: Path) -> None:
    texts = ["2024/1/31 8:05:09", "2024/2/1", "2024/2/1 7:30", "2024/2/2"] * 3
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts))
    assert found.times[:4] == [
        *("2024-01-31 00:05:09.000", "2024-01-31 16:00:00.000"),
        *("2024-01-31 23:30:00.000", "2024-02-01 16:00:00.000"),
    ]


def test_a_text_with_its_own_offset_beside_texts_without(tmp_path: Path) -> None:
    texts = ["2024/01/01 08:00:00+08:00", "2024/01/01 00:00:00Z", "2024/01/01 08:00:00"]
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts))
    assert found.times == ["2024-01-01 00:00:00.000"] * 3


@pytest.mark.parametrize(
    ("texts", "asks"),
    [
        (["01/02/2024", "03/04/2024", "05/06/2024"], {"dd/MM/yyyy", "M/d/yyyy"}),
        (["1-2-2024 10:00", "3-4-2024 11:00"], {"d-M-yyyy HH:mm", "M-d-yyyy H:mm"}),
        (["02/01/03", "04/05/06"], {"yy/MM/dd", "d/M/yy", "M/d/yy"}),
        (["31/01/2024", "01/31/2024", "02/03/2024"], {"dd/MM/yyyy", "M/d/yyyy"}),
        (["01022011", "03042012"], {"ddMMyyyy", "MMddyyyy"}),
        (["010203", "040506"], {"yyMMdd", "ddMMyy"}),
    ],
)
def test_what_the_values_do_not_tell_is_asked(
    tmp_path: Path, texts: list[str], asks: set[str]
) -> None:
    draft = draft_of(write(tmp_path / "rows.csv", texts, "date"))
    assert "time" not in draft.content
    (question,) = [warning for warning in draft.warnings if "Ask the department" in warning]
    assert set(re.findall('format: "(.*?)"', question)) == asks


@pytest.mark.parametrize(
    ("day", "clock"),
    [
        ("%Y-%m-%d", "%H:%M:%S"),
        ("%Y%m%d", "%H:%M:%S"),
        ("%Y/%m/%d", "%H:%M:%S"),
        ("%d/%m/%Y", "%H:%M:%S"),
        ("%Y年%m月%d日", "%H:%M:%S"),
        ("%m/%d/%Y", "%I:%M:%S %p"),
    ],
)
def test_day_and_time_in_two_columns(tmp_path: Path, day: str, clock: str) -> None:
    texts = [f"{m.strftime(day)};{m.strftime(clock)}" for m in MOMENTS]
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts, "date;time"))
    assert found.times == [utc(moment) for moment in MOMENTS]
    assert found.declaration.time.columns == ["date", "time"]


def test_a_day_that_was_written_as_midnight(tmp_path: Path) -> None:
    texts = [f"{m:%Y-%m-%d} 00:00:00;{m:%H:%M:%S}" for m in MOMENTS]
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts, "date;time"))
    assert found.times == [utc(moment) for moment in MOMENTS]


@pytest.mark.parametrize("texts", [["民国113年1月31日"], ["1.7040672E+12", "1.7040673E+12"]])
def test_a_time_that_nothing_reads_is_told(tmp_path: Path, texts: list[str]) -> None:
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts))
    assert found.declaration.time is None
    assert "time is named as a time, and no known format reads it" in found.warned


@pytest.mark.parametrize("names", ["year;month;day;hour", "年;月;日;时"])
def test_parts_in_columns_of_their_own(tmp_path: Path, names: str) -> None:
    texts = [f"{m.year};{m.month};{m.day};{m.hour}" for m in MOMENTS]
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts, names))
    assert found.times == [utc(m.replace(minute=0, second=0)) for m in MOMENTS]


@pytest.mark.parametrize("split", [False, True])
def test_hours_past_midnight(tmp_path: Path, split: bool) -> None:
    join = ";" if split else " "
    texts = [f"2024-01-01{join}{clock}" for clock in ("23:50:00", "24:00:00", "25:30:00")]
    found = draft_and_ingest(write(tmp_path / "rows.csv", texts, "day;t" if split else "t"))
    assert found.times == [
        *("2024-01-01 15:50:00.000", "2024-01-01 16:00:00.000", "2024-01-01 17:30:00.000"),
    ]
    assert found.declaration.time.hours == "past_midnight"
    assert "behind midnight" in found.warned


def test_times_of_day_alone_are_no_time(tmp_path: Path) -> None:
    draft = draft_of(write(tmp_path / "rows.csv", ["08:00:00", "09:30:00"]))
    assert "time" not in draft.content
    assert any("no column says the day" in warning for warning in draft.warnings)


@pytest.mark.parametrize("name", ["phone", "code", "count"])
def test_numbers_that_are_no_times(tmp_path: Path, name: str) -> None:
    texts = {
        "phone": ["13912345678", "13812345678", "13712345678"],
        "code": ["3101060000000", "1310107000000", "1310109000000"],
        "count": ["45292", "45293", "45294"],
    }
    assert "time" not in draft_of(write(tmp_path / "rows.csv", texts[name], name)).content


def test_a_time_that_most_rows_have_not_is_told_and_not_drafted(tmp_path: Path) -> None:
    found = draft_and_ingest(write(tmp_path / "rows.csv", ["2024-01-01", "", "", ""]))
    assert found.declaration.time is None
    assert len(found.rows) == 4
    assert "25% of the rows only" in found.warned


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    way=st.sampled_from(sorted(SECONDS.keys() - {"excel"})),
    moments=st.lists(
        st.datetimes(datetime(2001, 9, 10), datetime(2035, 1, 1)), min_size=1, max_size=20
    ),
)
def test_a_drafted_time_is_never_another_instant(
    tmp_path: Path, way: str, moments: list[datetime]
) -> None:
    """Either the draft asks, or each instant is the one that was written."""
    local = [moment.replace(microsecond=0, tzinfo=ZONE) for moment in moments]
    found = draft_and_ingest(write(tmp_path / "rows.csv", list(map(SECONDS[way], local))))
    if found.declaration.time is None:
        assert "Ask the department" in found.warned
    else:
        assert found.times == [utc(moment) for moment in local]
