"""Latest state, history, gaps and coverage: checked against plain Python."""

import itertools
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from pyspark.sql import functions as F

from gridcontainer.grid import cell_to_code, lonlat_to_cell
from gridcontainer.sensors.gaps import find_gaps, measure_coverage
from gridcontainer.sensors.questions import choose_sensors, history, latest, latest_by_cell
from gridcontainer.sensors.tables import READINGS_SCHEMA, SENSORS_SCHEMA

pytestmark = pytest.mark.spark
START = datetime(2019, 12, 31, 12, tzinfo=UTC)
STEP = 60  # seconds
TIMES = st.lists(st.integers(0, 1500), max_size=12, unique=True).map(sorted)
MANY = st.lists(st.tuples(TIMES, st.sampled_from([STEP, 90, 7, None])), min_size=6, max_size=12)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def sensor_row(name: str, interval: int | None, place: tuple[float, float] | None) -> tuple:
    position = (None,) * 5
    if place is not None:
        cell = lonlat_to_cell(*place, 8)
        position = (cell, str(cell_to_code(cell, 8)), 8, *place)
    return (name, "air", name, "aqi", "1", "d", "environment", *position, interval, 30, None, None)


def frames(spark, sensors: list[tuple], readings: list[tuple[str, float, float]]):
    rows = [
        (name, at(second), float(value), at(second + 5), "x", 1, True, at(second).strftime("%Y-%m"))
        for name, second, value in readings
    ]
    return spark.createDataFrame(rows, READINGS_SCHEMA), spark.createDataFrame(
        sensors, SENSORS_SCHEMA
    )


def missing_times(times: list[int], step: int, since: int | None, until: int | None) -> list[list]:
    """The expected times without a reading, one by one, in runs."""
    inside = [t for t in times if (since is None or t >= since) and (until is None or t < until)]
    if not inside:
        if since is None or until is None:
            return []
        return [run] if (run := list(range(since, until, step))) else []
    runs = [[t for t in range(inside[0] - step, -10_000, -step) if since is not None
             and t >= since][::-1]]  # fmt: skip
    for one, after in itertools.pairwise(inside):
        runs.append([t for t in range(one + step, after, step) if 2 * (after - t) > step])
    if until is not None:
        runs.append(list(range(inside[-1] + step, until, step)))
    return [run for run in runs if run]


@settings(max_examples=4)
@given(MANY, st.none() | st.integers(0, 700), st.none() | st.integers(800, 1500))
def test_gaps_and_coverage_are_those_of_the_plain_way(spark, many, since, until):
    names = [f"sensor {number}" for number in range(len(many))]
    readings, sensors = frames(
        spark,
        [sensor_row(name, step, None) for name, (_, step) in zip(names, many, strict=True)],
        [(name, t, 1.0) for name, (times, _) in zip(names, many, strict=True) for t in times],
    )
    span = {
        "since": None if since is None else at(since),
        "until": None if until is None else at(until),
    }
    expected, met = set(), {}
    for name, (times, step) in zip(names, many, strict=True):
        if step is None:
            continue
        runs = missing_times(times, step, since, until)
        expected |= {(name, run[0], run[-1], len(run)) for run in runs}
        inside = [t for t in times if (since or 0) <= t < (until or math.inf)]
        slots = {(2 * (t - inside[0]) + step) // (2 * step) for t in inside}
        met[name] = (len(inside), len(slots), sum(map(len, runs)), len(runs))
    gaps = find_gaps(readings, sensors, **span).withColumns(
        {end: F.unix_seconds(end) - int(START.timestamp()) for end in
         ("first_missing", "last_missing")}
    )  # fmt: skip
    found = [(r.station, r.first_missing, r.last_missing, r.missing) for r in gaps.collect()]
    assert set(found) == expected
    assert len(found) == len(expected)
    covered = measure_coverage(readings, sensors, **span).collect()
    assert {r.station: (r.readings, r.met, r.missing, r.gaps) for r in covered} == met
    for row in covered:
        whole = row.met + row.missing
        assert row.share == (pytest.approx(row.met / whole) if whole else None)


def test_latest_state_of_sensors_and_of_cells(spark):
    near, far = (121.47, 31.23), (121.9, 31.0)
    readings, sensors = frames(
        spark,
        [
            sensor_row("a", STEP, near), sensor_row("b", STEP, (near[0] + 1e-4, near[1])),
            sensor_row("c", STEP, far), sensor_row("d", None, None), sensor_row("e", STEP, far),
        ],
        [("a", 0, 1), ("a", 600, 2), ("b", 580, 4), ("b", 700, 9), ("c", 100, 7), ("d", 1, 3)],
    )  # fmt: skip
    newest = latest(readings, sensors, at=at(690))
    said = {r.station: (r.value, r.age_seconds, r.is_silent) for r in newest.collect()}
    assert said == {
        "a": (2, 90, False),  # the next may come until 690
        "b": (4, 110, True),
        "c": (7, 590, True),
        "d": (3, 689, None),
        "e": (None, None, True),
    }
    cells = {r.grid_code: r for r in latest_by_cell(newest, level=5).collect()}
    here, there = (str(cell_to_code(lonlat_to_cell(*place, 5), 5)) for place in (near, far))
    assert set(cells) == {here, there}
    row = cells[here]
    assert (row.sensors, row.value, row.age_seconds, row.silent) == (2, 2, 90, 1)
    assert (row.mean, row.lowest, row.highest) == (3, 2, 4)
    assert cells[there].sensors == 1
    chosen = choose_sensors(sensors, codes=[here], quantities=["aqi"])
    assert {r.station for r in chosen.collect()} == {"a", "b"}
    told = history(readings, chosen, since=at(580), until=at(700)).collect()
    assert {(r.station, r.value) for r in told} == {("a", 2), ("b", 4)}


def test_a_former_revision_is_no_reading_but_is_told(spark):
    rows = [
        ("a", at(0), 1.0, at(1), "x", 1, False, "2019-12"),
        ("a", at(0), 2.0, at(2), "x", 2, True, "2019-12"),
    ]
    readings = spark.createDataFrame(rows, READINGS_SCHEMA)
    sensors = spark.createDataFrame([sensor_row("a", STEP, None)], SENSORS_SCHEMA)
    assert [r.value for r in history(readings, sensors).collect()] == [2]
    told = history(readings, sensors, with_revisions=True)
    assert {(r.revision, r.value) for r in told.collect()} == {(1, 1), (2, 2)}
    assert latest(readings, sensors, at=at(9)).collect()[0].value == 2
