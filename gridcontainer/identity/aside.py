"""What cannot have an identity is kept in the container's quarantine, under a name of its own.

The names are ``identity.DATASET`` and ``link.LINK``: rows that an ingest set aside are others.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.schemas import QUARANTINE_SCHEMA
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import create_table, replace_partition

Reasons = dict[str, int]
_CONTENT = ("dataset", "source_file", "source_row", "reason", "row")


def set_aside(
    spark: SparkSession, storage: Storage, names: Sequence[str], rows: DataFrame, run_id: str
) -> dict[str, Reasons]:
    """Make the rows those that are aside under some names.

    Rows that are aside already are not written again.

    Args:
        spark: the session.
        storage: the container.
        names: that stand as ``dataset`` in the quarantine.
        rows: ``dataset`` (one of the names), ``source_file``, ``source_row``, ``reason`` and
            ``row``; read several times, so best persisted.
        run_id: of the run.

    Returns:
        How many rows are aside under each name, by reason.
    """
    create_table(spark, storage.quarantine, QUARANTINE_SCHEMA, ["dataset"])
    quarantine = spark.read.format("delta").load(storage.quarantine)
    held = quarantine.where(F.col("dataset").isin(*names)).select(*_CONTENT)
    rows = rows.select(*_CONTENT)
    found: dict[str, Reasons] = {name: {} for name in names}
    for row in rows.groupBy("dataset", "reason").count().collect():
        found[row["dataset"]][row["reason"]] = row["count"]
    there = {row[0] for row in held.select("dataset").distinct().collect()}
    for name in sorted(there | {name for name, reasons in found.items() if reasons}):
        mine = F.col("dataset") == name
        if _differ(rows.where(mine), held.where(mine)):
            whole = rows.where(mine).select(*_to_quarantine(run_id))
            replace_partition(whole, storage.quarantine, "dataset", name)
    return found


def _to_quarantine(run_id: str) -> list[Column]:
    values = {name: F.col(name) for name in _CONTENT} | {"run_id": F.lit(run_id)}
    return [
        values.get(field.name, F.lit(None)).cast(field.dataType).alias(field.name)
        for field in QUARANTINE_SCHEMA
    ]


def _differ(rows: DataFrame, held: DataFrame) -> bool:
    return bool(rows.exceptAll(held).take(1) or held.exceptAll(rows).take(1))
