"""Steps of zones with and without changing clocks, and days of a city: against pandas."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError
from pyspark.sql import functions as F

from gridcontainer.errors import DeclarationError
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.panel import load_days, load_indicators
from gridcontainer.panel.days import DayCalendar
from gridcontainer.panel.files import IndicatorFile
from gridcontainer.panel.steps import about_steps, number_of_day, step_number, step_start
from gridcontainer.spark.city_cells import UNPLACED, about_cells, to_level

CONF = Path(__file__).parents[2] / "conf"
ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "America/New_York"]
BERLIN = "Europe/Berlin"
FREQUENCIES = {"hour": "h", "day": "D", "month": "MS"}


@given(st.sampled_from(ZONES), st.sampled_from(["hour", "day", "month"]), st.integers(0, 250))
def test_steps_follow_each_other_without_a_gap(zone, step, ahead):
    first = number_of_day(date(2013, 1, 1), step, zone) + ahead
    starts = [step_start(first + number, step, zone) for number in range(30)]
    local = pd.DatetimeIndex(starts).tz_convert(zone)
    if step == "hour":
        assert set(local.minute) == {0}
        assert set(pd.DatetimeIndex(starts).diff()[1:]) == {pd.Timedelta(hours=1)}
    else:
        days = pd.date_range(local[0].date(), periods=30, freq=FREQUENCIES[step])
        assert list(local.date) == list(days.date)


def test_days_have_23_and_25_hours_where_clocks_change():
    for day, hours in ((date(2021, 3, 28), 23), (date(2021, 10, 31), 25), (date(2021, 7, 1), 24)):
        first = number_of_day(day, "hour", BERLIN)
        last = number_of_day(day, "hour", BERLIN, is_last=True)
        assert last - first + 1 == hours
        start = step_start(number_of_day(day, "day", BERLIN), "day", BERLIN)
        assert start == step_start(first, "hour", BERLIN) == pd.Timestamp(day, tz=BERLIN)


@pytest.mark.spark
def test_spark_numbers_moments_as_python_does(spark):
    moments = [
        stamp.to_pydatetime()
        for month in ("2021-03-27", "2021-10-30", "2018-11-03", "2021-12-31")
        for stamp in pd.date_range(month, periods=200, freq="17min", tz="UTC")
    ]
    frame = spark.createDataFrame([(moment,) for moment in moments], "time timestamp")
    for zone in (BERLIN, "America/Sao_Paulo", "Asia/Kolkata"):
        steps = [step_number(F.col("time"), step, zone).alias(step) for step in FREQUENCIES]
        rows = frame.select(F.unix_seconds("time").alias("at"), *steps).collect()
        assert len(rows) == len(moments)
        for row in rows:
            moment = datetime.fromtimestamp(row["at"], UTC)
            for step in FREQUENCIES:
                start, following = (step_start(row[step] + n, step, zone) for n in (0, 1))
                assert start <= moment < following, (zone, step, moment)


@pytest.mark.spark
@pytest.mark.parametrize("zone", [BERLIN, "Asia/Kolkata", "Australia/Lord_Howe"])
def test_moments_about_some_steps_are_all_of_these_and_few_others(spark, zone):
    """On Lord Howe clocks change by half an hour, on 2021-04-03 and 2021-10-02 at 15:30 UTC."""
    moments = [
        stamp.to_pydatetime()
        for day in ("2021-03-28", "2021-04-03", "2021-10-02", "2021-10-31")
        for stamp in pd.date_range(day, periods=300, freq="11min", tz="UTC")
    ]
    frame = spark.createDataFrame([(moment,) for moment in moments], "time timestamp")
    for step in FREQUENCIES:
        numbered = frame.withColumn("number", step_number(F.col("time"), step, zone))
        found = numbered.select("number").distinct().sort("number").collect()
        numbers = [row["number"] for row in found]
        for first, last in ((numbers[0], numbers[0]), (numbers[1], numbers[-1] - 1)):
            about = about_steps(F.col("time"), (first, last), step, zone)
            own = F.col("number").between(first, last)
            near = F.col("number").between(first - 2, last + 2)
            assert numbered.where(own & ~about).isEmpty()
            assert numbered.where(about & ~near).isEmpty()


@pytest.mark.spark
def test_what_is_about_some_cells_is_all_below_them_and_little_else(spark):
    lon, lat = np.random.default_rng(5).uniform([120.9, 30.6], [122.1, 31.8], (500, 2)).T
    cells = [*lonlat_to_cell(lon, lat, 8).tolist(), None, UNPLACED]
    frame = spark.createDataFrame([(cell,) for cell in cells], "cell long")
    for level in range(6):
        placed = frame.withColumn("ancestor", to_level(F.col("cell"), level))
        ancestors = sorted(row["ancestor"] for row in placed.select("ancestor").collect())
        for first, last in ((ancestors[0], ancestors[0]), (ancestors[9], ancestors[40])):
            about = about_cells(F.col("cell"), (first, last), level)
            own = F.col("ancestor").between(first, last)
            assert placed.where(own & ~F.coalesce(about, F.lit(False))).isEmpty()
            assert level < 3 or placed.where(about).count() < len(cells) / 2


def test_holidays_and_working_weekends_of_the_city():
    days = {
        day: (kind, name) for day, kind, name in load_days(CONF / "calendars/shanghai.yaml").days()
    }
    assert days[date(2022, 4, 2)][0] == "working"  # a Saturday, for Tomb-sweeping Day
    assert days[date(2022, 4, 4)][0] == "holiday"
    assert days[date(2022, 4, 9)][0] == "weekend"
    assert days[date(2015, 9, 3)][1].endswith("Victory Day")
    assert days[date(2014, 7, 1)] == ("working", None)
    assert date(2023, 5, 1) not in days


def test_mistakes_are_told():
    faulty = {"title": "x", "aggregate": "mean"}
    base = {"panel": "one", "department": "traffic", "source": {"dataset": "stops"}}
    with pytest.raises(ValidationError, match="value is what mean needs"):
        IndicatorFile.model_validate(base | {"indicators": {"speed": faulty}})
    with pytest.raises(ValidationError, match="need a series"):
        IndicatorFile.model_validate(
            base
            | {"cleaning": {"interpolation": {"method": "linear", "limit": 2}}}
            | {"indicators": {"speed": faulty | {"value": "v"}}}
        )
    with pytest.raises(ValidationError, match="no day of a weekend"):
        DayCalendar.model_validate(
            {"calendar": "one", "title": "x", "years": [2024], "working_weekends": ["2024-01-01"]}
        )
    with pytest.raises(DeclarationError, match="no data set"):
        load_indicators(CONF / "panel", {"bus_stops"})


def test_the_city_declares_its_indicators():
    datasets = {path.stem for path in (CONF / "datasets").glob("*.yaml")}
    declared = load_indicators(CONF / "panel", datasets)
    placed = [i for i in declared if i.finest > 0]
    assert len({source.dataset for i in declared for source in i.sources}) >= 15
    assert all(len(i.all_levels) >= 4 for i in placed)
    assert {i.step for i in declared} == {"hour", "day", "month", "static"}
