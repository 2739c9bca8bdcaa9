"""Expected times without a reading.

A sensor with the interval ``i`` that read at ``t`` is next expected at ``t + i``, ``t + 2i``, ...
until it reads again; a reading up to half an interval early or late meets the expected time, and
the next ones are expected from it on. So a clock that drifts is no gap, and one that was set is
followed. From the beginning of a span to the first reading the expected times are counted back from
that reading; where a sensor has none they begin with the span. All times are whole microseconds.
"""

from datetime import datetime
from typing import Final

from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.sensors.questions import in_time

_SENSOR: Final = ("sensor_id", "series", "station", "quantity", "grid_code")
_MICROS: Final = 1_000_000


def find_gaps(
    readings: DataFrame,
    sensors: DataFrame,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DataFrame:
    """The longest runs of expected times without a reading.

    Args:
        readings: the table of readings.
        sensors: of the registry; those without an interval have no gaps.
        since: first time of the span; None for each sensor's first reading.
        until: first time after the span; None for each sensor's last reading. Readings that may
            still come are missed too: give it no later than now less the allowed lateness.

    Returns:
        ``sensor_id``, ``series``, ``station``, ``quantity``, ``grid_code``; ``first_missing`` and
        ``last_missing``, the first and the last expected time; ``missing``, how many there are. A
        sensor without a reading has a gap only where both ends are given.
    """
    runs = _runs(readings, sensors, since, until)
    missing = runs.where("missing > 0")
    return missing.select(
        *_SENSOR,
        F.timestamp_micros("first").alias("first_missing"),
        F.timestamp_micros(F.col("first") + (F.col("missing") - 1) * F.col("step")).alias(
            "last_missing"
        ),
        "missing",
    )


def measure_coverage(
    readings: DataFrame,
    sensors: DataFrame,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DataFrame:
    """How many of the expected times have a reading.

    Args:
        readings: the table of readings.
        sensors: n rows of the registry, m of them with an interval.
        since: as in ``find_gaps``.
        until: as in ``find_gaps``.

    Returns:
        m rows: ``sensor_id``, ``series``, ``station``, ``quantity``, ``grid_code``; ``readings``;
        ``met``, expected times with a reading (several readings meet one where they come more often
        than expected); ``missing``; ``gaps``; ``share``, met of all, null where none was expected.
    """
    runs = _runs(readings, sensors, since, until)
    counts = runs.groupBy("sensor_id").agg(
        F.sum("missing").alias("missing"), F.count_if(F.col("missing") > 0).alias("gaps")
    )
    step = _micros(F.col("interval_seconds"))
    expected = sensors.where(F.col("interval_seconds").isNotNull())
    mine = _times(readings, expected, since, until)
    from_first = F.col("time") - F.min("time").over(Window.partitionBy("sensor_id"))
    numbered = mine.withColumn("slot", F.floor((from_first + step / 2) / step))
    met = numbered.groupBy("sensor_id").agg(
        F.count("*").alias("readings"), F.count_distinct("slot").alias("met")
    )
    joined = expected.join(met, "sensor_id", how="left").join(counts, "sensor_id", how="left")
    filled = joined.fillna(0, ["readings", "met", "missing", "gaps"])
    share = F.try_divide(F.col("met"), F.col("met") + F.col("missing"))
    return filled.select(*_SENSOR, "readings", "met", "missing", "gaps", share.alias("share"))


def _runs(
    readings: DataFrame, sensors: DataFrame, since: datetime | None, until: datetime | None
) -> DataFrame:
    """The stretches between readings, and between them and the ends: first expected and how many.

    One for each reading (what follows it), and one for each sensor (what comes before the first).
    """
    expected = sensors.where(F.col("interval_seconds").isNotNull())
    times = _times(readings, expected, since, until).withColumnRenamed("interval_seconds", "i")
    step = _micros(F.col("i"))
    after = F.lead("time").over(Window.partitionBy("sensor_id").orderBy("time"))
    end = F.lit(None) if until is None else F.unix_micros(F.lit(until))
    # A whole number of steps is exact: of a gap of two and a half, the second half step is met.
    between = -F.floor(-(2 * (after - F.col("time")) - step) / (2 * step)) - 1
    tail = -F.floor(-(end - F.col("time")) / step) - 1
    missing = F.greatest(F.lit(0), F.coalesce(between, tail, F.lit(0))).cast("long")
    following = times.select(
        "sensor_id", missing.alias("missing"), (F.col("time") + step).alias("first")
    )
    starts = times.groupBy("sensor_id").agg(F.min("time").alias("time"))
    leading = _leading(expected.join(starts, "sensor_id", how="left"), since, until)
    step_of = expected.select(*_SENSOR, _micros(F.col("interval_seconds")).alias("step"))
    return following.unionByName(leading).join(step_of, "sensor_id", how="inner")


def _leading(starts: DataFrame, since: datetime | None, until: datetime | None) -> DataFrame:
    """What is missing before the first reading, or of all where there is none."""
    step = _micros(F.col("interval_seconds"))
    begin = F.lit(None) if since is None else F.unix_micros(F.lit(since))
    end = F.lit(None) if until is None else F.unix_micros(F.lit(until))
    back = F.floor((F.col("time") - begin) / step)
    whole = F.greatest(F.lit(0), -F.floor(-(end - begin) / step))
    missing = F.coalesce(back, F.when(F.col("time").isNull(), whole), F.lit(0)).cast("long")
    first = F.coalesce(F.col("time") - missing * step, begin)
    return starts.select("sensor_id", missing.alias("missing"), first.alias("first"))


def _times(
    readings: DataFrame, sensors: DataFrame, since: datetime | None, until: datetime | None
) -> DataFrame:
    current = in_time(readings, since=since, until=until).where("is_current")
    time = F.unix_micros("measured_at").alias("time")
    wanted = F.broadcast(sensors.select("sensor_id", "interval_seconds"))
    return current.select("sensor_id", time).join(wanted, "sensor_id", how="inner")


def _micros(seconds: Column) -> Column:
    return seconds.cast("long") * _MICROS
