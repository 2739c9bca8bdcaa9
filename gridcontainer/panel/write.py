"""Values of an indicator into the panel: all of them, or those that changed; one commit each."""

from datetime import datetime

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import as_schema, create_table
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.schemas import NOWHERE, VALUES_PROPERTIES, VALUES_SCHEMA, values_path
from gridcontainer.panel.state import State
from gridcontainer.spark.city_cells import code_of
from gridcontainer.spark.persisted import checkpoint

_GONE = "_gone"
_ORDER = ("grid_level", "time", "cell")
_ROWS_OF_A_FILE = 2_000_000


def shape_values(values: DataFrame, indicator: Indicator, state: State, run_id: str) -> DataFrame:
    """Computed values as the panel's table has them."""
    code = code_of(F.col("cell"), F.col("grid_level"), unplaced=NOWHERE)
    return values.select(
        *as_schema(
            VALUES_SCHEMA,
            {
                "indicator": F.lit(indicator.indicator), "grid_code": code,
                "step": F.lit(indicator.step), "source_version": F.lit(str(state)),
                "run_id": F.lit(run_id),
            },
        )
    )  # fmt: skip


def replace_values(rows: DataFrame, storage: Storage, name: str, *, expected: int) -> None:
    """Make rows all that the panel has of an indicator, in order of level, time and cell.

    Args:
        rows: of the indicator.
        storage: the container.
        name: of the indicator.
        expected: about so many rows.
    """
    files = -(-expected // _ROWS_OF_A_FILE)
    # To find the limits of ranges, Spark computes all rows once more.
    parted = rows.repartition(1) if files <= 1 else rows.repartitionByRange(files, *_ORDER)
    path = values_path(storage)
    create_table(rows.sparkSession, path, VALUES_SCHEMA, ["indicator"], VALUES_PROPERTIES)
    (
        parted.sortWithinPartitions(*_ORDER)
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", f"indicator = '{name}'")
        .save(path)
    )


def merge_values(
    rows: DataFrame,
    gone: DataFrame,
    storage: Storage,
    name: str,
    *,
    span: tuple[datetime, datetime] | None,
) -> None:
    """Change what the panel has of an indicator; files without any of it are not read.

    Args:
        rows: new or changed.
        gone: ``grid_level``, ``cell`` and ``time`` of rows to delete.
        storage: the container.
        name: of the indicator.
        span: first and last step of its calendar, where the panel has others that are to go.
    """
    table = DeltaTable.forPath(rows.sparkSession, values_path(storage))
    deleted = gone.select("grid_level", "cell", "time", F.lit(True).alias(_GONE))
    stays = rows.withColumn(_GONE, F.lit(False))
    changed = checkpoint(stays.unionByName(deleted, allowMissingColumns=True))
    same = (
        f"held.indicator = '{name}' AND held.grid_level = new.grid_level AND held.cell = new.cell "
        f"AND held.time <=> new.time AND ({_where_they_lie(changed)})"
    )
    merging = (
        table.alias("held")
        .merge(changed.alias("new"), same)
        .whenMatchedDelete(f"new.{_GONE}")
        .whenMatchedUpdate(set={field: f"new.{field}" for field in VALUES_SCHEMA.names})
        .whenNotMatchedInsert(
            f"NOT new.{_GONE}", {field: f"new.{field}" for field in VALUES_SCHEMA.names}
        )
    )
    if span is not None:
        outside = ~F.col("held.time").between(*(F.lit(moment) for moment in span))
        merging = merging.whenNotMatchedBySourceDelete((F.col("held.indicator") == name) & outside)
    merging.execute()


def _where_they_lie(changed: DataFrame) -> str:
    """The levels and, of each, the times of some rows, in numbers: Delta leaves out files by it."""
    time = F.unix_micros("time")
    ends = changed.groupBy("grid_level").agg(F.min(time), F.max(time)).collect()
    parts = [
        f"held.grid_level = {level}"
        if first is None
        else f"held.grid_level = {level} AND held.time BETWEEN timestamp_micros({first}) "
        f"AND timestamp_micros({last})"
        for level, first, last in ends
    ]
    return " OR ".join(parts) or "FALSE"
