"""Series cleaned, spread and looked back upon: against plain Python on the same numbers."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import Window, functions as F

from gridcontainer.panel import add_difference, add_lag, add_rolling_mean, widen
from gridcontainer.panel.clean import clean
from gridcontainer.panel.declaration import Cleaning

pytestmark = pytest.mark.spark
NUMBERS = range(120)
SCHEMA = (
    "grid_level int, cell long, number long, time timestamp, value double, status string, "
    "observations long, rejected long, cleaned string"
)


def outliers(values: list[float | None], rule) -> set[int]:
    found = set()
    for place, value in enumerate(values):
        if value is None:
            continue
        around = values[max(0, place - rule.window) : place + rule.window + 1]
        known = np.array([v for v in around if v is not None])
        middle = np.median(known)
        if rule.method == "hampel":
            deviation = 1.4826 * np.median(np.abs(known - middle))
        else:
            deviation = (np.quantile(known, 0.75) - np.quantile(known, 0.25)) / 1.349
        if deviation > 0 and abs(value - middle) > rule.threshold * deviation:
            found.add(place)
    return found


def filled(values: list[float | None], rule) -> list[float | None]:
    """By pandas; a gap longer than the limit stays whole (linear)."""
    series = pd.Series(values, dtype=float)
    if rule.method == "locf":
        found = series.ffill(limit=rule.limit)
    else:
        whole = series.interpolate(limit_area="inside")
        gap = series.isna().groupby(series.notna().cumsum()).transform("sum")
        found = series.where(series.notna() | (gap > rule.limit), whole)
    return [None if pd.isna(v) else float(v) for v in found]


@pytest.mark.parametrize(("method", "filling"), [("hampel", "linear"), ("iqr", "locf")])
def test_outliers_and_gaps(spark, method, filling):
    cleaning = Cleaning.model_validate(
        {
            "outliers": {"method": method, "window": 4, "threshold": 3},
            "interpolation": {"method": filling, "limit": 2},
        }
    )
    chance = np.random.default_rng(3)
    cells = {}
    for cell in (1, 2, 3):
        walk = np.round(chance.normal(0, 1, len(NUMBERS)).cumsum(), 3)
        walk[chance.random(len(NUMBERS)) < 0.08] += 40
        cells[cell] = [None if chance.random() < 0.2 else float(v) for v in walk]
    rows = [
        (4, cell, n, None, v, "missing" if v is None else "observed", int(v is not None), 0, None)
        for cell, values in cells.items()
        for n, v in zip(NUMBERS, values, strict=True)
    ]
    found = clean(spark.createDataFrame(rows, SCHEMA), cleaning).toPandas()
    assert len(found) == len(rows)
    for cell, values in cells.items():
        own = found[found["cell"] == cell].sort_values("number")
        out = outliers(values, cleaning.outliers)
        assert out
        assert set(own[own["cleaned"] == "outlier"]["number"]) == out
        left = [None if n in out else v for n, v in enumerate(values)]
        wanted = filled(left, cleaning.interpolation)
        np.testing.assert_allclose(own["value"].astype(float), np.array(wanted, dtype=float))
        interpolated = {n for n, (a, b) in enumerate(zip(left, wanted, strict=True)) if a != b}
        assert set(own[own["status"] == "interpolated"]["number"]) == interpolated


def test_windows_on_the_long_table_do_not_know_how_many_indicators_there_are(spark, compiled):
    days = pd.date_range("2024-01-01", periods=12, tz="UTC")
    names = [f"i{number:03}" for number in range(120)]
    chance = np.random.default_rng(1)
    long = pd.DataFrame(
        [(name, 4, cell, str(cell), "day", time) for name in names for cell in (1, 2)
         for time in days],
        columns=["indicator", "grid_level", "cell", "grid_code", "step", "time"],
    )  # fmt: skip
    long["value"] = np.where(chance.random(len(long)) < 0.1, np.nan, chance.normal(size=len(long)))
    frame = spark.createDataFrame(long).replace(float("nan"), None)
    looked = (
        frame.transform(add_lag, 2)
        .transform(add_difference)
        .transform(add_rolling_mean, 3, least=2)
    )
    wide = widen(looked, names, column="mean_3")
    assert len(wide.columns) == 125
    found = looked.toPandas().sort_values(["indicator", "cell", "time"], ignore_index=True)
    groups = found.groupby(["indicator", "cell"])["value"]
    for name, wanted in (
        ("lag_2", groups.shift(2)),
        ("difference_1", groups.diff()),
        ("mean_3", groups.transform(lambda s: s.rolling(3, min_periods=2).mean())),
    ):
        np.testing.assert_allclose(found[name].astype(float), wanted, rtol=1e-9, atol=1e-12)
    # Compiled stages have a star. A wide frame of as many indicators has none around its windows.
    looked_sorts = sorts_for_windows(spark, looked)
    wide_sorts = sorts_for_windows(spark, lagged(wide, names))
    assert looked_sorts
    assert all("*(" in line for line in looked_sorts)
    assert wide_sorts
    assert "*(" not in wide_sorts[0]  # the topmost; below stand those of the long table
    table = wide.toPandas().sort_values(["cell", "time"])
    own = found[(found["indicator"] == "i007")].sort_values(["cell", "time"])
    np.testing.assert_allclose(table["i007"].astype(float), own["mean_3"].astype(float))


def lagged(wide, names):
    series = Window.partitionBy("cell").orderBy("time")
    return wide.select("*", *(F.lag(name).over(series).alias(f"{name}_lag") for name in names))


def sorts_for_windows(spark, frame) -> list[str]:
    """Of the physical plan; those that Spark compiles have a star and the number of their stage."""
    spark.conf.set("spark.sql.adaptive.enabled", "false")  # else the plan is not final before a run
    try:
        plan = frame.select("*")._jdf.queryExecution().executedPlan().toString()
    finally:
        spark.conf.unset("spark.sql.adaptive.enabled")
    return [line for line in plan.splitlines() if "Sort [" in line]
