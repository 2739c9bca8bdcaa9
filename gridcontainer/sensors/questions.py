"""What the sensors say now, and what they have said."""

from collections.abc import Sequence
from datetime import datetime

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.grid.levels import get_level
from gridcontainer.spark.columns import grid_code_parent
from gridcontainer.spark.predicates import grid_prefix_filter

_SENSOR = ("sensor_id", "series", "station", "quantity", "unit", "grid_code")


def choose_sensors(
    sensors: DataFrame,
    *,
    codes: Sequence[str] = (),
    series: Sequence[str] = (),
    stations: Sequence[str] = (),
    quantities: Sequence[str] = (),
) -> DataFrame:
    """The sensors that are asked for; all where nothing is.

    Args:
        sensors: the registry.
        codes: of cells of any level, in one of which the sensor stands; an unplaced one is in none.
        series: names.
        stations: their keys.
        quantities: that are measured.

    Raises:
        CodeError: a faulty code.
    """
    wanted: list[Column] = [
        F.col(name).isin(*values)
        for name, values in (("series", series), ("station", stations), ("quantity", quantities))
        if values
    ]
    if codes:
        wanted.append(grid_prefix_filter(codes, prefix=None))
    for condition in wanted:
        sensors = sensors.where(condition)
    return sensors


def latest(readings: DataFrame, sensors: DataFrame, *, at: datetime) -> DataFrame:
    """The newest reading of each sensor, as it was known at a moment to be measured by then.

    Args:
        readings: the table of readings.
        sensors: n rows of the registry.
        at: the moment, with its zone.

    Returns:
        n rows: ``sensor_id``, ``series``, ``station``, ``quantity``, ``unit``, ``grid_code`` (null
        where unplaced), ``measured_at``, ``value``, ``age_seconds`` (all null for a sensor without
        a reading), and ``is_silent``: whether its next reading is overdue (null where none is
        expected).
    """
    now = F.lit(at)
    until = readings.where(F.col("is_current") & (F.col("measured_at") <= now))
    newest = until.groupBy("sensor_id").agg(
        F.max("measured_at").alias("measured_at"), F.max_by("value", "measured_at").alias("value")
    )
    age = now.cast("long") - F.col("measured_at").cast("long")
    overdue = F.col("age_seconds") > F.col("interval_seconds") + F.col("lateness_seconds")
    never = F.col("measured_at").isNull() & F.col("interval_seconds").isNotNull()
    known = sensors.join(newest, "sensor_id", how="left").withColumn("age_seconds", age)
    return known.select(
        *_SENSOR, "measured_at", "value", "age_seconds", F.when(never, True).otherwise(overdue)
        .alias("is_silent"),
    )  # fmt: skip


def latest_by_cell(newest: DataFrame, *, level: int) -> DataFrame:
    """The newest readings of the sensors of each cell, one row a cell and quantity.

    Args:
        newest: of ``latest``; unplaced sensors and those without a reading count nowhere.
        level: of the cells; as coarse as the sensors' or coarser.

    Returns:
        ``grid_code``, ``quantity``, ``unit``; ``sensors`` (that have a reading); ``measured_at``,
        ``value`` and ``age_seconds`` of the newest reading; ``mean``, ``lowest`` and ``highest`` of
        the newest values of the sensors; ``silent`` (sensors of which the next one is overdue).

    Raises:
        CodeError: no such level.
    """
    placed = newest.where(F.col("grid_code").isNotNull() & F.col("value").isNotNull())
    cell = grid_code_parent("grid_code", get_level(level).number)
    return (
        placed.withColumn("grid_code", cell)
        .groupBy("grid_code", "quantity", "unit")
        .agg(
            F.count("*").alias("sensors"),
            F.max("measured_at").alias("measured_at"),
            # Of two readings of one moment that of the first sensor.
            F.max_by("value", F.struct("measured_at", "sensor_id")).alias("value"),
            F.min("age_seconds").alias("age_seconds"),
            F.avg("value").alias("mean"),
            F.min("value").alias("lowest"),
            F.max("value").alias("highest"),
            F.count_if("is_silent").alias("silent"),
        )
    )


def history(
    readings: DataFrame,
    sensors: DataFrame,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    with_revisions: bool = False,
) -> DataFrame:
    """The readings of sensors.

    Args:
        readings: the table of readings.
        sensors: of the registry.
        since: first time that counts.
        until: first time that does not count.
        with_revisions: values that were corrected later too.

    Returns:
        ``sensor_id``, ``series``, ``station``, ``quantity``, ``unit``, ``grid_code``,
        ``measured_at``, ``value``, ``received_at``, ``revision``.
    """
    rows = in_time(readings, since=since, until=until)
    chosen = rows if with_revisions else rows.where("is_current")
    joined = chosen.join(F.broadcast(sensors), "sensor_id", how="inner")
    return joined.select(*_SENSOR, "measured_at", "value", "received_at", "revision")


def in_time(
    readings: DataFrame, *, since: datetime | None = None, until: datetime | None = None
) -> DataFrame:
    """Readings measured in ``[since, until)``; partitions of other months are not read."""
    if since is not None:
        month = F.date_format(F.lit(since), "yyyy-MM")
        readings = readings.where(
            (F.col("measured_at") >= F.lit(since)) & (F.col("measured_month") >= month)
        )
    if until is not None:
        month = F.date_format(F.lit(until), "yyyy-MM")
        readings = readings.where(
            (F.col("measured_at") < F.lit(until)) & (F.col("measured_month") <= month)
        )
    return readings
