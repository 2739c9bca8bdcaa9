"""What cannot have an identity is kept in the container's quarantine, under a name of its own.

The names are ``identity.DATASET`` and ``link.LINK``: rows that an ingest set aside are others.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import as_schema, create_table, replace_where
from gridcontainer.container.tables.spark_schemas import QUARANTINE_SCHEMA

Reasons = dict[str, int]
_CONTENT = ("dataset", "source_file", "source_row", "reason", "row")


def set_aside(
    spark: SparkSession,
    storage: Storage,
    rows: DataFrame,
    counts: Mapping[str, Reasons],
    run_id: str,
) -> None:
    """Make the rows those that are aside under some names.

    Rows that are aside already are not written again.

    Args:
        spark: the session.
        storage: the container.
        rows: ``dataset`` (one of the names), ``source_file``, ``source_row``, ``reason`` and
            ``row``; read several times, so best persisted.
        counts: how many rows there are by reason, under each name; a name without any is given
            too, and what was aside under it goes.
        run_id: of the run.
    """
    create_table(spark, storage.quarantine, QUARANTINE_SCHEMA, ["dataset"])
    quarantine = spark.read.format("delta").load(storage.quarantine)
    held = quarantine.where(F.col("dataset").isin(*counts)).select(*_CONTENT)
    there = {row[0] for row in held.select("dataset").distinct().collect()}
    for name in sorted(there | {name for name, reasons in counts.items() if reasons}):
        mine = F.col("dataset") == name
        own = rows.where(mine).select(*_CONTENT)
        if _differ(own, held.where(mine)):
            whole = own.select(*_to_quarantine(run_id))
            replace_where(whole, storage.quarantine, f"dataset = '{name}'")


def _to_quarantine(run_id: str) -> list[Column]:
    values = {name: F.col(name) for name in _CONTENT} | {"run_id": F.lit(run_id)}
    return as_schema(QUARANTINE_SCHEMA, values, otherwise=F.lit(None))


def _differ(rows: DataFrame, held: DataFrame) -> bool:
    return bool(rows.exceptAll(held).take(1) or held.exceptAll(rows).take(1))
