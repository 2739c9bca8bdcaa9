"""Tables that keep what held when: what changes is closed, and what is so now is opened beside it.

The open rows are what holds. A change is found by comparing them with what should hold, so that a
step that was killed is done by the next run, and one that has nothing to change writes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from delta.tables import DeltaTable
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, Row, SparkSession, functions as F

from gridcontainer.container.tables.frames import as_schema, create_table
from gridcontainer.identity.schemas import VALIDITY, VersionedTable

Transform = Callable[[DataFrame], DataFrame]

CHANGE: Final = "_change"
INSERT, UPDATE, ABSENT = "insert", "update", "absent"
_ROWS_PER_FILE: Final = 250_000
_MOST_LITERALS: Final = 64
_GROUP_BYTES: Final = 2 << 20  # of rows in a file: a single key is found by reading one group


@dataclass(frozen=True)
class Stamp:
    """Who writes, and when.

    Attributes:
        run_id: of the run.
        moment: UTC; from then on holds what it writes.
    """

    run_id: str
    moment: datetime


def read_versions(spark: SparkSession, path: str, table: VersionedTable) -> DataFrame:
    """All rows of a table, closed ones too; the table is made if it is not there."""
    create_table(spark, path, table.schema, properties=table.properties)
    return spark.read.format("delta").load(path)


def open_rows(spark: SparkSession, path: str, table: VersionedTable) -> DataFrame:
    """The rows of a table that hold now; the table is made if it is not there."""
    return rows_at(read_versions(spark, path, table), None)


def rows_at(rows: DataFrame, moment: datetime | None) -> DataFrame:
    """The rows that held at a moment; those that hold now where it is None."""
    if moment is None:
        return rows.where(F.col("valid_to").isNull())
    later = F.col("valid_to").isNull() | (F.col("valid_to") > F.lit(moment))
    return rows.where(later & (F.col("valid_from") <= F.lit(moment)))


def find_changes(wanted: DataFrame, held: DataFrame, table: VersionedTable) -> DataFrame:
    """What must change so that the wanted rows are those that hold.

    Args:
        wanted: the table's columns but for validity; each key once.
        held: open rows.
        table: whose key and content decide.

    Returns:
        A row for each key that is new, has other content or is not wanted: ``_change`` and the
        wanted columns (of one that is not wanted the key alone). Contents are compared by a 64-bit
        digest.
    """
    names = [name for name in table.schema.names if name in wanted.columns]
    ours = wanted.select(*names, _digest(table).alias("_wanted"))
    theirs = held.select(*table.key, _digest(table).alias("_held"))
    change = (
        F.when(F.col("_held").isNull(), INSERT)
        .when(F.col("_wanted").isNull(), ABSENT)
        .when(F.col("_wanted") != F.col("_held"), UPDATE)
    )
    both = ours.join(theirs, list(table.key), how="full_outer").withColumn(CHANGE, change)
    return both.where(F.col(CHANGE).isNotNull()).select(CHANGE, *names)


def _digest(table: VersionedTable) -> Column:
    """Of a row's content; a null counts, and does not move others."""
    columns = [F.col(field.name).cast(field.dataType) for field in table.content]
    return F.xxhash64(*columns, *(column.isNull() for column in columns))


def write_changes(
    changes: DataFrame,
    path: str,
    table: VersionedTable,
    stamp: Stamp,
    *,
    by: Sequence[str] = (),
    fill: Transform = lambda changed: changed,
) -> list[Row]:
    """Bring changes into a table; without any the table gets no new version.

    Args:
        changes: ``_change`` and the table's columns as they should be, as of ``find_changes``.
        path: of the table, which is there.
        table: what it is made of.
        stamp: of the run.
        by: columns to count by.
        fill: adds columns of the table that the changes lack.

    Returns:
        ``_change``, the columns of ``by`` and ``count``.
    """
    changes = changes.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = changes.groupBy(CHANGE, *by).count().collect()
        kinds = {row[CHANGE] for row in counts}
        opened = fill(changes.where(F.col(CHANGE) != ABSENT)).transform(
            _open, table=table, stamp=stamp
        )
        if kinds == {INSERT}:
            total = sum(row["count"] for row in counts)
            _append(opened, path, table, files=-(-total // _ROWS_PER_FILE))
        elif kinds:
            closing = sum(row["count"] for row in counts if row[CHANGE] != INSERT)
            former = changes.where(F.col(CHANGE) != INSERT).select(*table.key)
            reach = _reach(former, table.key[0]) if closing <= _MOST_LITERALS else "true"
            _merge(former, opened, path, table, stamp, reach)
    finally:
        changes.unpersist()
    return counts


def _open(rows: DataFrame, *, table: VersionedTable, stamp: Stamp) -> DataFrame:
    """The rows as the table opens them at the moment of a run."""
    validity = {"run_id": stamp.run_id, "valid_from": stamp.moment}
    values = {name: F.col(name) for name in rows.columns} | {
        field.name: F.lit(validity.get(field.name)) for field in VALIDITY
    }
    return rows.select(*as_schema(table.schema, values, otherwise=F.lit(None)))


def _append(rows: DataFrame, path: str, table: VersionedTable, *, files: int) -> None:
    first = table.key[0]
    arranged = rows.repartitionByRange(files, first).sortWithinPartitions(first)
    writer = arranged.write.format("delta").mode("append")
    writer.option("parquet.block.size", str(_GROUP_BYTES)).save(path)


def _merge(
    former: DataFrame,
    opened: DataFrame,
    path: str,
    table: VersionedTable,
    stamp: Stamp,
    reach: str,
) -> None:
    """The former row is closed, and the new one, which matches none, is inserted beside it."""
    both = former.withColumn("_closes", F.lit(True)).unionByName(
        opened.withColumn("_closes", F.lit(False)), allowMissingColumns=True
    )
    same = " AND ".join(f"held.{name} = changed.{name}" for name in table.key)
    (
        DeltaTable.forPath(former.sparkSession, path)
        .alias("held")
        .merge(
            both.alias("changed"),
            f"{reach} AND {same} AND held.valid_to IS NULL AND changed._closes",
        )
        .whenMatchedUpdate(set={"valid_to": F.lit(stamp.moment), "closed_by": F.lit(stamp.run_id)})
        .whenNotMatchedInsert(
            "NOT changed._closes",
            values={name: F.col(f"changed.{name}") for name in table.schema.names},
        )
        .execute()
    )


def _reach(former: DataFrame, first: str) -> str:
    """Where the few rows to close are, in literals: other files are not searched."""
    literals = ", ".join(f"'{row[0]}'" for row in former.select(first).collect())
    return f"held.{first} IN ({literals})" if literals else "false"


def update_quietly(changed: DataFrame, path: str, table: VersionedTable) -> None:
    """Set quiet columns of open rows; this makes no new version of them.

    Args:
        changed: the key and the quiet columns to set.
        path: of the table.
        table: what it is made of.
    """
    same = " AND ".join(f"held.{name} = changed.{name}" for name in table.key)
    (
        DeltaTable.forPath(changed.sparkSession, path)
        .alias("held")
        .merge(changed.alias("changed"), f"{same} AND held.valid_to IS NULL")
        .whenMatchedUpdate(
            set={name: F.col(f"changed.{name}") for name in table.quiet & set(changed.columns)}
        )
        .execute()
    )
