"""Readings into their table, in whatever order and however often they come.

What the table holds of a sensor and a time is a function of the set of what was received: each
value once, with its last receipt; the value that was received last is current, the others are its
former revisions. Of a set neither order nor repetition can be told, so that batches may be cut,
shuffled, repeated after a kill and come years late, and the table is the same.
"""

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Final

from delta.tables import DeltaTable
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.container.tables.frames import create_table
from gridcontainer.sensors.tables import READINGS_PROPERTIES, READINGS_SCHEMA

_KEY: Final = ("sensor_id", "measured_at", "value")
_STATE: Final = ("received_at", "source_file", "revision", "is_current")
_MONTH: Final = "measured_month"
_IS_KNOWN: Final = "_is_known"
_IS_NEW_TIME: Final = "_is_new_time"
_MICROSECONDS: Final = "yyyy-MM-dd HH:mm:ss.SSSSSSXXX"


@dataclass(frozen=True)
class Received:
    """What became of readings that came.

    Attributes:
        rows: that came.
        repeated: of them that another of the same batch says too.
        known: that the table had already.
        added: for a time of which the sensor had no reading.
        corrections: other values of a time of which it had one.
    """

    rows: int = 0
    repeated: int = 0
    known: int = 0
    added: int = 0
    corrections: int = 0


def receive(readings: DataFrame, path: str) -> Received:
    """Bring readings into the table; what it has already gives it no new version.

    Args:
        readings: ``sensor_id``, ``measured_at``, ``value`` (neither null nor NaN),
            ``received_at``, ``source_file``; any number of each.
        path: of the table; made if it is not there.
    """
    spark = readings.sparkSession
    create_table(spark, path, READINGS_SCHEMA, [_MONTH], READINGS_PROPERTIES)
    table = DeltaTable.forPath(spark, path)
    batch = collapse(readings).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        size = _measure(batch)
        if size is None:
            return Received()
        held = table.toDF().alias("held").where(size.reach)
        changes = find_changes(batch, held).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            count = _count(changes)
            _write(changes, path, size.reach, count)
        finally:
            changes.unpersist()
    finally:
        batch.unpersist()
    return Received(
        rows=size.rows,
        repeated=size.rows - size.values,
        known=size.values - count.inserted,
        added=count.added,
        corrections=count.inserted - count.added,
    )


def collapse(receipts: DataFrame) -> DataFrame:
    """Each value of a sensor and a time once, with its last receipt; ``rows`` that said it."""
    last = F.max(F.struct("received_at", "source_file")).alias("last")
    once = receipts.groupBy(*_KEY).agg(last, F.count("*").alias("rows"))
    return once.select(*_KEY, "last.*", "rows")


def number_revisions(values: DataFrame) -> DataFrame:
    """Add ``revision`` and ``is_current`` to the values of ``collapse``.

    ``revision`` counts the values of a sensor and a time from 1 in the order of their receipt (of
    one moment: of their size); the last is current.
    """
    by_receipt = Window.partitionBy("sensor_id", "measured_at").orderBy("received_at", "value")
    return values.withColumn("revision", F.row_number().over(by_receipt)).withColumn(
        "is_current", F.lead("value").over(by_receipt).isNull()
    )


def find_changes(batch: DataFrame, held: DataFrame) -> DataFrame:
    """The rows of the table that a batch makes or changes.

    Args:
        batch: of ``collapse``.
        held: rows of the table, all those of the batch's sensors and times among them.

    Returns:
        ``READINGS_SCHEMA``; ``_is_known`` where the table has the value of the time already, with
        another state; ``_is_new_time`` for the first reading of a time that it has not.
    """
    times = batch.select("sensor_id", "measured_at").distinct()
    touched = held.join(times, ["sensor_id", "measured_at"], how="left_semi")
    receipts = batch.drop("rows").unionByName(touched.select(*_KEY, "received_at", "source_file"))
    settled = number_revisions(collapse(receipts).drop("rows"))
    former = touched.select(*_KEY, *(F.col(name).alias(f"_{name}") for name in _STATE))
    both = settled.join(former, list(_KEY), how="left")
    is_known = F.col("_revision").isNotNull()
    is_same = reduce(and_, (F.col(name).eqNullSafe(F.col(f"_{name}")) for name in _STATE))
    whole_time = Window.partitionBy("sensor_id", "measured_at")
    is_new_time = (F.count("_revision").over(whole_time) == 0) & (F.col("revision") == 1)
    flagged = both.withColumns(
        {
            _MONTH: F.date_format("measured_at", "yyyy-MM"),
            _IS_KNOWN: is_known,
            _IS_NEW_TIME: is_new_time,
        }
    )
    names = [field.name for field in READINGS_SCHEMA]
    return flagged.where(~is_same).select(*names, _IS_KNOWN, _IS_NEW_TIME)


@dataclass(frozen=True)
class _Counts:
    """Rows of ``find_changes``: new values, of them first ones of a time, and changed states."""

    inserted: int
    added: int
    updated: int


def _count(changes: DataFrame) -> _Counts:
    known = F.col(_IS_KNOWN)
    counts = changes.agg(F.count_if(~known), F.count_if(_IS_NEW_TIME), F.count_if(known))
    return _Counts(*counts.collect()[0])


def _write(changes: DataFrame, path: str, reach: Column, count: _Counts) -> None:
    names = [field.name for field in READINGS_SCHEMA]
    if count.updated:
        same = reduce(and_, (F.col(f"held.{name}") == F.col(f"new.{name}") for name in _KEY))
        (
            DeltaTable.forPath(changes.sparkSession, path)
            .alias("held")
            .merge(changes.alias("new"), reach & same)
            .whenMatchedUpdate(set={name: F.col(f"new.{name}") for name in _STATE})
            .whenNotMatchedInsert(values={name: F.col(f"new.{name}") for name in names})
            .execute()
        )
    elif count.inserted:
        new = changes.select(*names).repartition(_MONTH)
        ordered = new.sortWithinPartitions(_MONTH, "sensor_id", "measured_at")
        ordered.write.format("delta").mode("append").save(path)


@dataclass(frozen=True)
class _Size:
    """Of a batch: rows that came, different values among them, and where the table has their times.

    The reach is written as literals of months and of a span of time, by which Delta skips
    partitions and files (delta-io/delta#517).
    """

    rows: int
    values: int
    reach: Column


def _measure(batch: DataFrame) -> _Size | None:
    """None for an empty batch."""
    months = F.collect_set(F.date_format("measured_at", "yyyy-MM"))
    ends = (F.date_format(end("measured_at"), _MICROSECONDS) for end in (F.min, F.max))
    found = batch.agg(months, *ends, F.sum("rows"), F.count("*")).collect()[0]
    if not found[0]:
        return None
    first, last = (F.expr(f"TIMESTAMP '{time}'") for time in found[1:3])
    in_months = F.col(f"held.{_MONTH}").isin(*sorted(found[0]))
    return _Size(found[3], found[4], in_months & F.col("held.measured_at").between(first, last))
