"""Times of records: a right instant, or a reason with its detail; never another day."""

import pickle
from datetime import UTC, date, datetime, time as time_of_day, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from gridcontainer.container.declaration import Time, load_city, load_declarations
from gridcontainer.container.judge.reason_names import NO_TIME, NOT_A_TIME
from gridcontainer.container.judge.time import TimeReader, Times, reads_all
from gridcontainer.container.judge.time_zones import to_instants

CONF = Path(__file__).parents[2] / "conf"
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(*columns, form=None, zone="Asia/Shanghai", missing=("-",), in_order=True, **keys) -> Times:
    arrays = [c if isinstance(c, pa.Array | pa.ChunkedArray) else pa.array(c) for c in columns]
    names = [f"c{number}" for number in range(len(arrays))]
    time = Time.model_validate({"columns": names, "format": form} | keys)
    return TimeReader.create(time, zone, missing).read(arrays, in_order=in_order)


def one(text: str, form: str | None, zone: str = "Asia/Shanghai", **keys) -> str:
    """The instant of one text as ISO 8601, or why there is none."""
    times = read([text], form=form, zone=zone, **keys)
    (instant,) = times.event_time.to_pylist()
    if instant is None:
        assert times.reason.to_pylist() == [NOT_A_TIME]
        return times.detail.to_pylist()[0]
    assert times.reason.to_pylist() == times.detail.to_pylist() == [None]
    return instant.isoformat().removesuffix("+00:00")


ISO_Z = "yyyy-MM-dd'T'HH:mm:ssXXX"
BLANK = "yyyy-MM-dd HH:mm:ss"
RIGHT = [  # format, text, instant in UTC; the declared zone is Asia/Shanghai
    # A text that names its offset keeps it.
    (ISO_Z, "2024-01-01T08:00:00+08:00", "2024-01-01T00:00:00"),
    (ISO_Z, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
    (ISO_Z, "2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00"),
    (ISO_Z, "2023-12-31T14:30:00-0930", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm:ss X", "2024-01-01 08:00:00 +08", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm:ssZ", "2024-01-01 08:00:00+0800", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm O", "2024-01-01 08:00 GMT+8", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm VV", "2024-01-01 01:00 Europe/Berlin", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mmXXX'['VV']'", "2024-07-01 02:00+02:00[Europe/Berlin]", "2024-07-01T00:00:00"),
    ("yyyy-MM-dd HH:mm z", "2024-01-01 08:00 CST", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm z", "2024-01-01 09:00 JST", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm z", "2024-01-01 00:00 UTC", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm:ss 'UTC'", "2024-01-01 00:00:00 UTC", "2024-01-01T00:00:00"),
    (None, "2024-01-01T08:00:00+08:00", "2024-01-01T00:00:00"),
    (None, "2024-01-01 00:00:00.123Z", "2024-01-01T00:00:00.123000"),
    (None, "2024-01-01T01:00:00+01:00[Europe/Berlin]", "2024-01-01T00:00:00"),
    (None, "20240101T080000Z", "2024-01-01T08:00:00"),
    # One that names none is of the declared zone.
    (None, "2024-01-01 08:00:00", "2024-01-01T00:00:00"),
    (None, "2024-1-1T8:5", "2024-01-01T00:05:00"),
    (None, "2024-01-01", "2023-12-31T16:00:00"),
    (None, "2024-01-01T08:00:00,5", "2024-01-01T00:00:00.500000"),
    (BLANK, "2024-01-01 08:00:00", "2024-01-01T00:00:00"),
    # Patterns as people write them.
    ("yyyyMMdd HH:mm:ss", "20240229 08:00:00", "2024-02-29T00:00:00"),
    ("yyyyMMddHHmm", "202401010800", "2024-01-01T00:00:00"),
    ("yyyyMMddHHmmssSSS", "20240101080000123", "2024-01-01T00:00:00.123000"),
    ("yyyy/M/d H:mm", "2024/1/2 3:04", "2024-01-01T19:04:00"),
    ("yyyy/M/d H:mm", "2024/11/12 13:04", "2024-11-12T05:04:00"),
    ("d/M/yyyy", "2/1/2024", "2024-01-01T16:00:00"),
    ("M/d/yyyy", "2/1/2024", "2024-01-31T16:00:00"),
    ("MMM d yyyy h:mm a", "Jan 2 2024 8:00 AM", "2024-01-02T00:00:00"),
    ("MMM d yyyy h:mm a", "jan  2 2024 12:30 am", "2024-01-01T16:30:00"),
    ("MMM d yyyy h:mm a", "SEP 2 2024 12:30 pm", "2024-09-02T04:30:00"),
    ("MMM d yyyy h:mm a", "Jan 2 2024 8:00PM", "2024-01-02T12:00:00"),
    ("EEE, d MMM yyyy HH:mm:ss Z", "Mon, 1 Jan 2024 08:00:00 +0800", "2024-01-01T00:00:00"),
    ("yyyy年M月d日", "2024年1月2日", "2024-01-01T16:00:00"),
    ("yyyy年M月d日 ah:mm", "2024年1月2日 下午1:05", "2024-01-02T05:05:00"),
    ("yyyy年M月d日 ah:mm", "2024年1月2日 上午 1:05", "2024-01-01T17:05:00"),
    ("yyyy年M月d日 EEE", "2024年1月1日 星期一", "2023-12-31T16:00:00"),
    ("yyyy-DDD", "2024-060", "2024-02-28T16:00:00"),
    ("yyyy-MM-dd[ H:mm:ss]", "2024-01-02", "2024-01-01T16:00:00"),
    ("yyyy-MM-dd[ H:mm:ss]", "2024-01-02 8:00:00", "2024-01-02T00:00:00"),
    ("[yyyy-M-d][M/d/yyyy]", "1/2/2024", "2024-01-01T16:00:00"),
    ("yyyy-M-d H:m:s.SSSSSSSSS", "2024-01-01 08:00:00.123456789", "2024-01-01T00:00:00.123456"),
    ("yyyy-MM", "2024-02", "2024-01-31T16:00:00"),
    ("yy/M/d", "99/1/2", "2099-01-01T16:00:00"),
    ("HH:mm:ss", "08:00:00", "1970-01-01T00:00:00"),
    # Full-width characters and blanks are read as what they stand for.
    (BLANK, "２０２４-０１-０１ ０８：００：００", "2024-01-01T00:00:00"),
    (BLANK, " 2024-01-01　08:00:00\t", "2024-01-01T00:00:00"),
    # Counts since 1970.
    ("unix", "1704067200", "2024-01-01T00:00:00"),
    ("unix", "1704067200.5", "2024-01-01T00:00:00.500000"),
    ("unix", "-86400", "1969-12-31T00:00:00"),
    ("unix", "-0.25", "1969-12-31T23:59:59.750000"),
    ("unix", "-0.0000001", "1969-12-31T23:59:59.999999"),
    ("unix_ms", "1704067200000", "2024-01-01T00:00:00"),
    ("unix_ms", "1704067200000.25", "2024-01-01T00:00:00.000250"),
    ("unix_ms", "-1", "1969-12-31T23:59:59.999000"),
    ("unix_us", "1704067200000001", "2024-01-01T00:00:00.000001"),
    ("unix_ns", "1704067200000001999", "2024-01-01T00:00:00.000001"),
    ("unix_ns", "-1", "1969-12-31T23:59:59.999999"),
    # Days of Excel.
    ("excel", "45292.3333333333", "2024-01-01T00:00:00"),
    ("excel", "61", "1900-02-28T15:54:17"),  # Shanghai was 8:05:43 ahead
    ("excel", "59", "1900-02-27T15:54:17"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "text", "instant"), RIGHT, ids=str)
def test_a_text_is_the_instant_that_it_names(form, text, instant):
    assert one(text, form) == instant


WRONG = [  # format, text, a part of the detail
    (BLANK, "2024-01-01", "format yyyy-MM-dd HH:mm:ss"),
    (BLANK, "2023-02-29 00:00:00", "no such day"),
    (BLANK, "2023-02-30 00:00:00", "no such day"),
    (BLANK, "2023-13-01 00:00:00", "no such day"),
    (BLANK, "2023-00-01 00:00:00", "no such day"),
    (BLANK, "2023-01-00 00:00:00", "no such day"),
    (BLANK, "2023-01-01 24:00:00", "hours: past_midnight"),
    (BLANK, "2023-01-01 25:30:00", "hours: past_midnight"),
    (BLANK, "2023-01-01 23:60:00", "no such hour, minute"),
    (BLANK, "2016-12-31 23:59:60", "leap second"),
    (BLANK, "0000-01-01 00:00:00", "years 1 to 9999"),
    (BLANK, "0001-01-01 00:00:00", "years 1 to 9999"),  # in Shanghai: the year 0 in UTC
    (BLANK, "12024-01-01 00:00:00", "format"),
    (BLANK, "２０２４-01-0① 08:00:00", "format"),
    (None, "2024", "declare format"),
    (None, "2024-02", "declare format"),
    (None, "20240101", "declare format"),
    (None, "1/2/2024", "declare format"),
    (None, "T08:00", "declare format"),
    (None, "2024-01-01T24:00:00", "hours: past_midnight"),
    (None, "2024-01-01T08:00+19:00", "18 hours"),
    (None, "2024-01-01T08:00+08:75", "minutes more than 59"),
    (None, "2024-01-01 08:00 PM", "zone is unknown"),
    (None, "2024-01-01T08:00:00+08:00[Europe/Berlin]", "not the one that its zone has"),
    ("yyyy-MM-dd HH:mm z", "2024-01-01 08:00 IST", "several offsets"),
    ("yyyy-MM-dd HH:mm VV", "2024-01-01 08:00 Mars/Base", "zone is unknown"),
    ("EEE yyyy-MM-dd", "Tue 2024-01-01", "contradict"),
    ("yyyy-MM-dd HH:mm a", "2024-01-01 14:00 AM", "contradict"),
    ("yyyy-MM-dd h:mm a", "2024-01-01 13:00 PM", "no such hour"),
    ("yyyy-MM-dd h:mm a", "2024-01-01 0:00 AM", "no such hour"),
    ("yyyy-MM-dd h:mm[ a]", "2024-01-01 3:00", "without AM or PM"),
    ("yyyy[-MM]['d'dd]", "2024d05", "part is missing"),
    ("yyyy-DDD", "2023-366", "no such day"),
    ("M/d/yyyy", "13/1/2024", "no such day"),
    ("unix", "1704067200000", "unix_ms"),
    ("unix", "1704067200000000", "unix_us"),
    ("unix", "1704067200000000000", "unix_ns"),
    ("unix", "1e9", "plain decimal number"),
    ("unix", "99999999999999999999", "2286"),
    ("unix_ms", "1704067200", "format: unix"),
    ("unix_us", "1704067200000", "unix_ms"),
    ("unix_ns", "1704067200", "format: unix"),
    ("excel", "60", "1900-02-29"),
    ("excel", "0.5", "no day of Excel"),
    ("excel", "20240101", "no day of Excel"),
    ("excel", "-3", "no day of Excel"),
]


@pytest.mark.parametrize(("form", "text", "detail"), WRONG, ids=str)
def test_what_cannot_be_read_is_quarantined_with_its_detail(form, text, detail):
    assert detail in one(text, form)


REFUSED = {  # pattern: what is said when the declaration is loaded
    "yyyy-MM-dd hh:mm": "without a (AM, PM)",
    "YYYY-MM-dd": "write yyyy",
    "yyyy-MM-DD": "write dd",
    "yyyy-mm-dd": "months are MM",
    "yyyy-mm-dd HH:MM": "months are MM",
    "yyyy-MM-dd HH:MM:ss": "M stands twice",
    "yyyy-MM-dd HH:mm:SS": "seconds are ss",
    "yyyy-MM-dd kk:mm": "write HH",
    "yyyy-DDD-dd": "needs the month",
    "dd/MM HH:mm": "needs the year",
    "yyyy-MM HH:mm": "needs its day",
    "yyyyMd": "M and d run together",
    "yyyy-'W'ww": "w is no letter of a time that can be read; known are y",
    "yyyy-MM-ddTHH:mm": "text stands in single quotes",
    "yyyy-MM-dd'T": "quote is not closed",
    "yyyy-MM-dd]": "no [ opened",
    "yyyyy-MM-dd": "known are y, yy",
    "%Y-%m-%d": "strftime",
    "unixtime": "unix_ms",
    "XXX": "no day and no hour",
}


@pytest.mark.parametrize("pattern", REFUSED)
def test_a_pattern_that_can_read_another_day_is_refused_with_the_remedy(pattern):
    with pytest.raises(ValidationError) as caught:
        Time(columns=["t"], format=pattern)
    assert REFUSED[pattern] in str(caught.value)
    assert caught.value.errors()[0]["loc"] == ("format",)


def test_keys_that_do_not_fit_together_are_refused():
    for keys in (
        {"columns": ["a", "b"]},
        {"columns": ["a", "b"], "format": "unix"},
        {"columns": ["a"], "format": "unix", "hours": "past_midnight"},
        {"columns": ["a"], "ambiguous": "first"},
    ):
        with pytest.raises(ValidationError):
            Time.model_validate(keys)


def test_all_declared_formats_of_the_project_are_read(city):
    for folder in ("datasets", "sample"):
        for declaration in load_declarations(CONF / folder, city):
            if declaration.time is not None:
                TimeReader.create(declaration.time, city.time_zone, declaration.missing)


def test_missing_texts_are_missing_times():
    given_ = ["-", " - ", "", "  ", "　", None, "1900-01-01", "null", "2024-01-01"]
    times = read(given_, missing=["-", "1900-01-01"])
    assert times.reason.to_pylist() == [NO_TIME] * 7 + [NOT_A_TIME, None]
    assert times.detail.to_pylist()[:7] == [None] * 7
    days, hours = ["2024-01-01"] * 4, ["08:00:00", "", "-", None]
    assert read(days, hours, form=BLANK).reason.to_pylist() == [None] + [NO_TIME] * 3
    assert read([1704067200, -9999], form="unix", missing=["-9999"]).reason.to_pylist() == [
        None,
        NO_TIME,
    ]


# Typed columns

NEW_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "+08:00", "America/New_York"])
def test_timestamps_with_a_zone_are_instants(unit, zone):
    column = (
        pa.array([1704067200, None, -1])
        .cast(pa.timestamp("s", zone))
        .cast(pa.timestamp(unit, zone))
    )
    for form in (None, BLANK, "unix"):
        times = read(column, form=form)
        assert times.event_time.to_pylist() == [NEW_YEAR, None, EPOCH - timedelta(seconds=1)]
        assert times.reason.to_pylist() == [None, NO_TIME, None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_timestamps_without_a_zone_and_days_are_of_the_declared_zone(unit):
    local = pa.array([datetime(2024, 1, 1, 8), datetime(1986, 5, 4, 2, 30)], pa.timestamp(unit))
    times = read(local)
    assert times.event_time.to_pylist() == [NEW_YEAR, None]
    assert times.detail.to_pylist()[1] == "02:30 does not exist in Asia/Shanghai on 1986-05-04"
    for kind in (pa.date32(), pa.date64()):
        days = pa.array([date(2024, 1, 2)], kind)
        assert read(days).event_time.to_pylist() == [datetime(2024, 1, 1, 16, tzinfo=UTC)]


def test_nanoseconds_are_cut_downwards_and_what_is_out_of_range_has_a_reason():
    times = read(pa.array([1_999, -1], pa.timestamp("ns", "UTC")))
    assert times.event_time.to_pylist() == [EPOCH + MICROSECOND, EPOCH - MICROSECOND]
    for kind in (pa.timestamp("s"), pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.date64()):
        times = read(pa.array([2**62, -(2**62), 0]).cast(kind))
        assert times.reason.to_pylist() == [NOT_A_TIME, NOT_A_TIME, None]


def test_numbers_of_typed_columns():
    floats = pa.array([1704067200.123456, float("nan"), float("inf"), -1.5, 2.0**54])
    times = read(floats, form="unix")
    assert times.event_time.to_pylist() == [
        NEW_YEAR + 123_456 * MICROSECOND, None, None, EPOCH - timedelta(seconds=1.5), None,
    ]  # fmt: skip
    assert times.reason.to_pylist() == [None, NO_TIME, NOT_A_TIME, None, NOT_A_TIME]
    beyond = read(pa.array([1.7e18]), form="unix_ns")
    assert "not exact" in beyond.detail.to_pylist()[0]
    assert "not exact" in read(pa.array([1.7e9], pa.float32()), form="unix").detail.to_pylist()[0]
    big = read(pa.array([2**64 - 1, 1704067200], pa.uint64()), form="unix")
    assert big.reason.to_pylist() == [NOT_A_TIME, None]
    parts = [pa.array([value], pa.int8()) for value in (1, 2, 3)]
    split = read(pa.array([2024.0]), *parts, form="yyyy M d H", zone="UTC")
    assert split.event_time.to_pylist() == [datetime(2024, 1, 2, 3, tzinfo=UTC)]
    assert read(pa.array([45292.0]), form="excel", zone="UTC").event_time.to_pylist() == [NEW_YEAR]


def test_columns_of_other_types_are_read_as_texts_or_have_a_reason():
    day, clock = pa.array([date(2024, 1, 1)]), pa.array([time_of_day(8, 0)])
    midnight = pa.array([datetime(2024, 1, 1)])
    for column in (day, midnight, pa.array([b"2024-01-01"])):
        for at in (clock, clock.cast(pa.time32("s"))):
            assert read(column, at, form=BLANK).event_time.to_pylist() == [NEW_YEAR]
    assert read(pa.array([20240102]), form="yyyyMMdd", zone="UTC").event_time.to_pylist() == [
        NEW_YEAR + timedelta(days=1)
    ]
    for column in (pa.array([["2024"]]), pa.array([{"t": 1}]), pa.array([True])):
        assert read(column).reason.to_pylist() == [NOT_A_TIME]
    assert read(pa.array([b"\xff", b"2024-01-01"])).reason.to_pylist() == [NOT_A_TIME, None]


def test_arrays_of_all_kinds_give_the_same_times():
    texts = ["2024-01-01 08:00:00", None, "-", "x", "2024-01-01 08:00:01"] * 3
    plain = pa.array(texts)
    expected = read(plain, form=BLANK)
    padded = pa.concat_arrays([pa.array(["y"]), plain, pa.array(["y"])]).slice(1, len(texts))
    chunked = pa.chunked_array([plain.slice(0, 4), plain.slice(4)])
    for column in (plain.cast(pa.large_string()), plain.dictionary_encode(), padded, chunked):
        assert read(column, form=BLANK) == expected
    for kind in (pa.string(), pa.large_string(), pa.timestamp("us"), pa.int64()):
        assert len(read(pa.array([], kind)).event_time) == 0
        empty = read(pa.nulls(3, kind))
        assert empty.event_time.type == pa.timestamp("us", "UTC")
        assert empty.reason.to_pylist() == [NO_TIME] * 3
    assert len(read(pa.chunked_array([], pa.string())).reason) == 0
    assert read(pa.nulls(2)).reason.to_pylist() == [NO_TIME] * 2


def test_a_reader_can_be_sent_to_another_process():
    time = Time(columns=["t"], format="yyyy/M/d H:mm")
    reader = pickle.loads(pickle.dumps(TimeReader.create(time, "UTC")))
    assert reader.read([pa.array(["2024/1/1 0:00"])]).event_time.to_pylist() == [NEW_YEAR]


def test_rows_of_many_shapes_stay_in_their_places():
    texts = [f"2024/{1 + n % 12}/{1 + n % 28} {n % 24}:{n % 60:02}" for n in range(70_000)]
    texts[::7] = ["no time"] * len(texts[::7])
    times = read(texts, form="yyyy/M/d H:mm", zone="UTC")
    right = [
        None if n % 7 == 0 else datetime(2024, 1 + n % 12, 1 + n % 28, n % 24, n % 60, tzinfo=UTC)
        for n in range(70_000)
    ]
    assert times.event_time.to_pylist() == right


def test_a_format_is_asked_whether_it_reads_all():
    assert reads_all("yyyy-MM-dd", ["2024-01-01", "2024-02-29"])
    assert not reads_all("yyyy-MM-dd", ["2024-01-01", "2023-02-29"])
    assert reads_all("H:mm", ["25:30"], hours="past_midnight")


# Hours past midnight


def test_hours_past_midnight_are_of_the_next_day():
    day, clock = ["20240101"] * 3, ["23:50:00", "25:30:00", "24:00:00"]
    times = read(day, clock, form="yyyyMMdd HH:mm:ss", hours="past_midnight")
    right = [datetime(2024, 1, 1, 15, 50), datetime(2024, 1, 1, 17, 30), datetime(2024, 1, 1, 16)]
    assert times.event_time.to_pylist() == [time.replace(tzinfo=UTC) for time in right]


def test_days_of_service_are_counted_from_noon():
    """Berlin, 2024-03-31: the clock goes from 02:00 to 03:00, so noon minus 12 h is 23:00."""
    day, clock = ["20240330", "20240331", "20240331"], ["26:30:00", "01:00:00", "05:00:00"]
    keys = {"form": "yyyyMMdd HH:mm:ss", "zone": "Europe/Berlin"}
    times = read(day, clock, hours="service_day", **keys)
    right = [datetime(2024, 3, 31, 1, 30), datetime(2024, 3, 30, 23), datetime(2024, 3, 31, 3)]
    assert times.event_time.to_pylist() == [time.replace(tzinfo=UTC) for time in right]
    on_clock = read(day, clock, hours="past_midnight", **keys)
    assert on_clock.detail.to_pylist()[0] == "02:30 does not exist in Europe/Berlin on 2024-03-31"


# Hours that the clock skipped or showed twice

SKIPPED = [
    ("2024-03-31 02:30:00", "Europe/Berlin"),
    ("2024-03-10 02:30:00", "America/New_York"),
    ("1986-05-04 02:30:00", "Asia/Shanghai"),
    ("2011-12-30 12:00:00", "Pacific/Apia"),
]


@pytest.mark.parametrize(("text", "zone"), SKIPPED)
def test_hours_that_do_not_exist_are_quarantined(text, zone):
    day, clock = text.split()
    assert one(text, BLANK, zone) == f"{clock[:5]} does not exist in {zone} on {day}"


TWICE = [  # text, zone, its earlier instant
    ("2024-10-27 02:30:00", "Europe/Berlin", "2024-10-27T00:30:00"),
    ("2024-11-03 01:30:00", "America/New_York", "2024-11-03T05:30:00"),
    ("1991-09-15 01:30:00", "Asia/Shanghai", "1991-09-14T16:30:00"),
]


@pytest.mark.parametrize(("text", "zone", "earlier"), TWICE)
def test_hours_that_come_twice_are_of_the_declared_pass(text, zone, earlier):
    assert f"came twice in {zone}" in one(text, BLANK, zone)
    assert one(text, BLANK, zone, ambiguous="earlier") == earlier
    later = (datetime.fromisoformat(earlier) + timedelta(hours=1)).isoformat()
    assert one(text, BLANK, zone, ambiguous="later") == later


def test_an_offset_tells_the_pass():
    texts = ["2024-11-03 01:30 EDT", "2024-11-03 01:30 EST"]
    times = read(texts, form="yyyy-MM-dd HH:mm z", zone="America/New_York")
    assert [time.hour for time in times.event_time.to_pylist()] == [5, 6]


def in_berlin(*clocks: str, **keys) -> list[int | None]:
    """Minutes since 2024-10-27 00:00 UTC, the night in which 02:00 to 03:00 comes twice."""
    texts = [f"2024-10-27 {clock}" for clock in clocks]
    times = read(texts, form="yyyy-MM-dd HH:mm", zone="Europe/Berlin", **keys)
    start = datetime(2024, 10, 27, tzinfo=UTC)
    return [t and int((t - start).total_seconds() // 60) for t in times.event_time.to_pylist()]


def test_the_order_of_records_tells_the_pass():
    quarter = ["01:45", "02:00", "02:30", "02:15", "02:45", "03:00"]
    assert in_berlin(*quarter) == [-15, 0, 30, 75, 105, 120]
    assert in_berlin("01:00", "02:00", "02:00", "03:00") == [-60, 0, 60, 120]  # hourly
    assert in_berlin(*quarter, in_order=False) == [-15, None, None, None, None, 120]
    assert in_berlin(*quarter, in_order=False, ambiguous="later") == [-15, 60, 90, 75, 105, 120]


@pytest.mark.parametrize(
    "clocks",
    [
        ["02:00", "02:30", "02:15"],  # nothing before and behind
        ["01:00", "02:00", "02:30", "02:45", "03:00"],  # no step back: sorted by the clock
        ["01:00", "02:00", "02:00", "02:30", "02:30", "03:00"],  # two steps that stay
        ["01:00", "02:30", "02:15", "02:00", "03:00"],  # two steps back
        ["01:00", "02:30", "02:15", "03:00", "01:00", "03:00"],  # out of order elsewhere
        ["01:00", "02:10", "03:00", "01:00", "02:20", "03:00"],  # two vehicles
    ],
)
def test_an_order_that_tells_nothing_leaves_them_undecided(clocks):
    found = in_berlin(*clocks)
    assert [value is None for value in found] == [clock.startswith("02") for clock in clocks]


# Against other implementations

ZONES = st.sampled_from(
    ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC", "Asia/Kathmandu",
     "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns", "Asia/Pyongyang"]
)  # fmt: skip
WALL = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))


@given(WALL, ZONES)
def test_local_times_are_those_of_zoneinfo(wall, zone):
    """An independent oracle: a wall time exists where it comes back from UTC."""
    earlier, later = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    exists = earlier.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    text = wall.isoformat(sep=" ", timespec="microseconds").rjust(26, "0")
    for rule, right in (("earlier", earlier), ("later", later)):
        times = read([text], form="yyyy-MM-dd HH:mm:ss.SSSSSS", zone=zone, ambiguous=rule)
        assert times.event_time.to_pylist() == [right.astimezone(UTC) if exists else None]


@given(st.datetimes(datetime(1901, 1, 1), datetime(2037, 12, 1)), ZONES)
def test_local_times_are_those_of_arrow(wall, zone):
    """Until 2037: Arrow does not know the rules of later years."""
    wall = wall.replace(minute=wall.minute // 15 * 15, microsecond=0)
    local = int((wall - datetime(1970, 1, 1)) / MICROSECOND)
    found = to_instants(np.array([local]), zone)
    naive = pa.array([local], pa.timestamp("us"))
    right = [
        pc.assume_timezone(naive, zone, ambiguous=which, nonexistent=which).cast(pa.int64())[0]
        for which in ("earliest", "latest")
    ]
    skipped = right[1].as_py() - right[0].as_py() == 1
    assert found.is_skipped[0] == skipped
    if not skipped:
        assert [found.earlier[0], found.later[0]] == [value.as_py() for value in right]


@given(st.integers(1 - 10**16, 10**16 - 1))
def test_counts_are_exact(microseconds):
    right = EPOCH + microseconds * MICROSECOND
    sign, size = "-" if microseconds < 0 else "", abs(microseconds)
    seconds = f"{sign}{size // 10**6}.{size % 10**6:06}"
    assert read([seconds], form="unix").event_time.to_pylist() == [right]
    if not 10**9 <= microseconds < 10**10 and not 10**12 <= microseconds < 10**13:
        for column in ([str(microseconds)], [microseconds]):
            assert read(column, form="unix_us").event_time.to_pylist() == [right]


@given(WALL, st.integers(-18 * 60, 18 * 60))
def test_offsets_are_those_of_python(wall, minutes):
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    text = f"{wall.isoformat()}{sign}{size // 60:02}:{size % 60:02}"
    right = datetime.fromisoformat(text).astimezone(UTC)
    assert read([text]).event_time.to_pylist() == [right]


@given(st.lists(st.text("0123456789-:T Z+.年月日/apm１：", max_size=24), max_size=5))
def test_any_text_has_a_time_or_a_reason(texts):
    for form in (None, BLANK, "yyyy/M/d H:mm", "unix", "unix_ns", "excel", "yyyy年M月d日[ ah:mm]"):
        times = read(pa.array(texts, pa.string()), form=form)
        assert pc.is_null(times.event_time) == pc.is_valid(times.reason)
        explained = pc.equal(times.reason, NOT_A_TIME).fill_null(False)
        assert pc.is_valid(times.detail) == explained


def test_the_city_s_zone_holds_where_the_time_has_none():
    city = load_city(CONF / "city/shanghai.yaml")
    time = Time(columns=["t"], format="yyyy-MM-dd", zone="UTC")
    times = TimeReader.create(time, city.time_zone).read([pa.array(["2024-01-01"])])
    assert times.event_time.to_pylist() == [NEW_YEAR]
