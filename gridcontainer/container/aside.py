"""Rows set aside by others than an ingest: what a source had aside is replaced by what it has."""

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.schemas import QUARANTINE_SCHEMA
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import as_schema, create_table


def set_aside(
    rows: DataFrame, storage: Storage, *, name: str, run_id: str, replaces: str = "true"
) -> dict[str, int]:
    """Write rows into the quarantine, and count them by reason where they were written.

    Args:
        rows: with the columns of ``QUARANTINE_SCHEMA`` but ``dataset``, ``mended`` and ``run_id``.
        storage: the container.
        name: under which the quarantine knows the source, no data set's.
        run_id: of the run.
        replaces: which of the rows of this name these replace, as SQL on the quarantine.
    """
    spark = rows.sparkSession
    create_table(spark, storage.quarantine, QUARANTINE_SCHEMA, ["dataset"])
    values: dict[str, Column] = {
        "dataset": F.lit(name),
        "mended": F.lit(None),
        "run_id": F.lit(run_id),
    }
    aside = rows.select(*as_schema(QUARANTINE_SCHEMA, values))
    mine = f"dataset = '{name}' AND ({replaces})"
    held = spark.read.format("delta").load(storage.quarantine).where(mine)
    if not (aside.isEmpty() and held.isEmpty()):
        writer = aside.repartition(1).write.format("delta").mode("overwrite")
        writer.option("replaceWhere", mine).save(storage.quarantine)
    written = spark.read.format("delta").load(storage.quarantine).where(mine)
    return {row["reason"]: row["count"] for row in written.groupBy("reason").count().collect()}
