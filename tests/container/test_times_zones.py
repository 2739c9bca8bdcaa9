"""Local times: hours past midnight, skipped and repeated hours, and independent oracles."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, strategies as st
from times import BLANK, EPOCH, MICROSECOND, one, read

from gridcontainer.container.ingest.in_memory import RecordJudge, judge_in_memory
from gridcontainer.container.judge.columns import TIME
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.judge.reasons import NOT_A_TIME
from gridcontainer.container.judge.time import TimeReader
from gridcontainer.container.judge.time_zones import to_instants
from gridcontainer.container.sources import open_source

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


@pytest.mark.parametrize(
    ("clocks", "hours", "reads"),
    [
        (["01:15", "01:45", "04:15"], [-1, -1, 3], 1),
        (["01:45", "02:15", "02:45", "02:15", "02:45", "03:15"], [-1, 0, 0, 1, 1, 2], 2),
    ],
)
def test_a_file_is_read_again_in_order_only_where_it_has_a_repeated_hour(
    clocks, hours, reads, tmp_path, declare, city, monkeypatch
):
    time = {"columns": ["t"], "zone": "Europe/Berlin", "ambiguous": "quarantine"}
    declared = declare(kind="events", time=time)
    rows = "".join(f"121.4,31.2,2024-10-27 {clock}:00\n" for clock in clocks)
    (tmp_path / "places.csv").write_text(f"lon,lat,t\n{rows}")
    names = {name: name for name in ("lon", "lat", "t")}
    judge = Judge.create(declared, city, names, "WGS84")
    read, asked = TimeReader.read, []

    def count(self, *arguments, **keys):
        asked.append(keys)
        return read(self, *arguments, **keys)

    monkeypatch.setattr(TimeReader, "read", count)
    records = RecordJudge.create(judge, names, declared)
    judged = judge_in_memory(open_source(tmp_path, declared), declared, records)
    found = judged.column(TIME).to_pylist()
    day = datetime(2024, 10, 27, tzinfo=UTC)
    assert [(time - day) // timedelta(hours=1) for time in found] == hours
    assert len(asked) == reads
