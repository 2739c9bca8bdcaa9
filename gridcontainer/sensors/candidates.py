"""What may be readings: cells of a data set, one row each, and what speaks against them.

A candidate has ``station``, ``quantity``, ``measured_at`` (UTC), ``text`` (the value as it came),
``received_at``, ``source_file``, ``source_row``, ``row`` (the whole of it, for the quarantine) and
``fault`` (null, or why it cannot be read at all).
"""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.query.number_columns import is_missing_text, number_column
from gridcontainer.sensors.declaration import Series

_LARGEST: Final = 1.7976931348623157e308
_AHEAD: Final = "INTERVAL 1 HOUR"  # that a sensor's clock may be before ours


def dataset_candidates(rows: DataFrame, series: Series, runs: DataFrame) -> DataFrame:
    """The cells of a data set that may be readings: n rows with m measures give n * m.

    Args:
        rows: of the data set's table, with ``event_time`` and the columns of origin.
        series: its declaration.
        runs: the ledger; a reading was received when the run began that brought its row in.
    """
    began = runs.groupBy("run_id").agg(F.min("started").alias("began"))
    measures = F.array(
        *(
            F.struct(
                _station(series, measure.station).alias("station"),
                F.lit(measure.quantity).alias("quantity"),
                F.col(f"`{measure.column}`").cast("string").alias("text"),
            )
            for measure in series.measures
        )
    )
    cells = rows.select(
        F.explode(measures).alias("measure"), "event_time", "run_id", "source_file", "source_row"
    ).join(F.broadcast(began), "run_id", how="left")
    found = cells.select(
        "measure.*",
        F.col("event_time").alias("measured_at"),
        # A run that never came to its end is in no ledger; any that did outranks it.
        F.coalesce("began", "event_time").alias("received_at"),
        "source_file",
        "source_row",
        F.lit(None).cast("string").alias("fault"),
    )
    return found.withColumn(
        "row", F.to_json(F.struct("station", "quantity", "measured_at", "text"))
    )


def without_missing(candidates: DataFrame, *, missing: Sequence[str]) -> DataFrame:
    """Without those that say that nothing was measured: no value, or one of ``missing``."""
    nothing = is_missing_text(F.col("text"), missing)
    return candidates.where(F.col("fault").isNotNull() | ~nothing)


def judge(candidates: DataFrame, sensors: DataFrame) -> DataFrame:
    """Add ``sensor_id``, ``value`` and ``reason``: null for a reading, else why it is none.

    Args:
        candidates: n rows.
        sensors: of the series, from the registry.

    Returns:
        n rows.
    """
    known = sensors.select("station", "quantity", "sensor_id", "valid_min", "valid_max")
    value = number_column(F.col("text")) + F.lit(0.0)  # -0.0 is 0.0
    judged = candidates.join(F.broadcast(known), ["station", "quantity"], how="left")
    return judged.withColumn("value", value).withColumn("reason", _reason())


def _reason() -> Column:
    ahead = F.col("measured_at") > F.col("received_at") + F.expr(_AHEAD)
    too_low, too_high = F.col("value") < F.col("valid_min"), F.col("value") > F.col("valid_max")
    return (
        F.when(F.col("fault").isNotNull(), F.col("fault"))
        .when(F.col("station").isNull(), "missing station")
        .when(F.col("sensor_id").isNull(), "unknown sensor")
        .when(F.col("measured_at").isNull(), "missing or unreadable time")
        .when(F.col("value").isNull() | (F.abs("value") > _LARGEST), "value is no number")
        .when(too_low | too_high, "value out of range")
        .when(ahead, "time in the future")
    )


def _station(series: Series, named: str | None) -> Column:
    if series.station is None:
        return F.lit(named)
    text = F.trim(F.col(f"`{series.station}`").cast("string"))
    return F.when(text != "", text)
