"""Rows set aside: what a source had in the quarantine is replaced by what it has."""

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import as_schema, create_table, replace_where
from gridcontainer.container.tables.spark_schemas import QUARANTINE_SCHEMA


def set_aside(
    rows: DataFrame, storage: Storage, *, name: str, run_id: str, replaces: str = "true"
) -> dict[str, int]:
    """Write rows of others than an ingest, and count them by reason where they were written.

    Args:
        rows: with the columns of ``QUARANTINE_SCHEMA`` but ``dataset``, ``mended`` and ``run_id``.
        storage: the container.
        name: under which the quarantine knows the source, no data set's.
        run_id: of the run.
        replaces: which of the rows of this name these replace, as SQL on the quarantine.
    """
    spark = rows.sparkSession
    values: dict[str, Column] = {
        "dataset": F.lit(name),
        "mended": F.lit(None),
        "run_id": F.lit(run_id),
    }
    aside = rows.select(*as_schema(QUARANTINE_SCHEMA, values))
    mine = f"dataset = '{name}' AND ({replaces})"
    replace_aside(aside, storage, mine)
    written = spark.read.format("delta").load(storage.quarantine).where(mine)
    return {row["reason"]: row["count"] for row in written.groupBy("reason").count().collect()}


def replace_aside(rows: DataFrame, storage: Storage, which: str) -> bool:
    """Replace some rows of the quarantine; False where there were none and are none.

    Args:
        rows: ``QUARANTINE_SCHEMA``.
        storage: the container; its quarantine is made if it is not there.
        which: are replaced, as SQL on the quarantine.
    """
    spark = rows.sparkSession
    create_table(spark, storage.quarantine, QUARANTINE_SCHEMA, ["dataset"])
    held = spark.read.format("delta").load(storage.quarantine).where(which)
    if rows.isEmpty() and held.isEmpty():
        return False
    replace_where(rows, storage.quarantine, which)
    return True
