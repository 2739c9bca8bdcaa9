"""Times of records: a right instant, or a reason with its detail; never another day."""

import pickle
from datetime import UTC, date, datetime, time as time_of_day, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
import pytest
from pydantic import ValidationError
from times import BLANK, EPOCH, MICROSECOND, one, read

from gridcontainer.container.declaration import Time, load_city, load_declarations
from gridcontainer.container.judge.reasons import NO_TIME, NOT_A_TIME
from gridcontainer.container.judge.time import TimeReader, reads_all

CONF = Path(__file__).parents[2] / "conf"
ISO_Z = "yyyy-MM-dd'T'HH:mm:ssXXX"
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
    ("yyyy-MM-dd HH:mm 'CST'", "2024-01-01 08:00 CST", "2024-01-01T00:00:00"),
    ("yyyy-MM-dd HH:mm 'GMT+9'", "2024-01-01 09:00 GMT+9", "2024-01-01T00:00:00"),
    ("HH:mm:ss.SSS'Z' d/M/yyyy", "00:00:00.000Z 1/1/2024", "2024-01-01T00:00:00"),
    ("EEE MMM dd yyyy HH:mm:ss 'GMT'Z '(中国标准时间)'",
     "Mon Jan 01 2024 08:00:00 GMT+0800 (中国标准时间)", "2024-01-01T00:00:00"),
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
    ("unix_ns", "9223372036854775807", "2262-04-11T23:47:16.854775"),
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
    (None, "2024-01-01T08:00:00+08:00[UTC]", "not the one that its zone has"),
    ("yyyy-MM-dd HH:mmXXX'['VV']'", "2024-01-01 08:00+08:00[+09:00]", "contradict"),
    ("yyyy-MM-dd HH:mmXXX'['VV']'", "2024-01-01 08:00+08:00[UTC]", "not the one that its zone"),
    (BLANK, "2024-01-01 08:00:00+08:00", "format"),
    ("yyyy-MM-dd HH:mm 'CST'", "2024-01-01 08:00 EST", "several offsets"),
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
    ("unix_ns", "9223372036854775808", "2286"),
    ("unix_ns", "9999999999999999999", "2286"),
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
    "yyyy-MM-dd HH:mmX Z": "Z stands twice",
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


def test_texts_of_very_many_shapes_are_read():
    zones = sorted(zone for zone in available_timezones() if "/" in zone)[:300]
    texts = [f"2024-{1 + n % 12:02}-01 12:00 {zone}" for n, zone in enumerate(zones * 2)]
    times = read([*texts, "x"], form="yyyy-MM-dd HH:mm VV").event_time.to_pylist()
    right = [
        datetime(2024, 1 + n % 12, 1, 12, tzinfo=ZoneInfo(zone)) for n, zone in enumerate(zones * 2)
    ]
    assert times == [*right, None]


def test_a_format_is_asked_whether_it_reads_all():
    assert reads_all("yyyy-MM-dd", ["2024-01-01", "2024-02-29"])
    assert not reads_all("yyyy-MM-dd", ["2024-01-01", "2023-02-29"])
    assert reads_all("H:mm", ["25:30"], hours="past_midnight")


def test_the_city_s_zone_holds_where_the_time_has_none():
    city = load_city(CONF / "city/shanghai.yaml")
    time = Time(columns=["t"], format="yyyy-MM-dd", zone="UTC")
    times = TimeReader.create(time, city.time_zone).read([pa.array(["2024-01-01"])])
    assert times.event_time.to_pylist() == [NEW_YEAR]
