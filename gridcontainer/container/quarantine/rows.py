"""Rows that could not go in as they came: kept whole, counted, and let in when they are mended."""

from collections.abc import Mapping
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.judge.mending import FIRST, MENDED, ORIGINAL
from gridcontainer.container.quarantine.replace import replace_aside
from gridcontainer.container.sources.records import FAULT, FILE, REPAIR, ROW, TEXT
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.schemas import QUARANTINE_SCHEMA

REPAIRED: Final = "repaired shape"


def to_quarantine(
    rows: DataFrame, *, dataset: str, names: Mapping[str, str], run_id: str
) -> DataFrame:
    """The rows that could not go in as they came, each with its whole content.

    Args:
        rows: of ``mend_rows``.
        dataset: its name.
        names: stored name of each source column.
        run_id: of this run.

    Returns:
        ``QUARANTINE_SCHEMA``; ``row`` is the text of a broken row, else its columns as JSON;
        ``mended`` says what was done to a row that is in the data set now, and is null for one
        that is still aside.
    """
    columns = (F.col(f"`{stored}`").alias(column) for column, stored in names.items())
    content = F.coalesce(F.col(TEXT), F.col(ORIGINAL), F.to_json(F.struct(*columns)))
    aside = F.col("reason").isNotNull()
    done = F.coalesce(F.col(MENDED), F.col(REPAIR))
    before = F.when(F.col(MENDED).isNotNull(), F.col(FIRST))
    values: dict[str, Column] = {
        "dataset": F.lit(dataset),
        "source_file": F.col(FILE),
        "source_row": F.col(ROW),
        "reason": F.coalesce("reason", before, F.lit(REPAIRED)),
        "detail": F.col(FAULT),
        "row": content,
        "mended": F.when(~aside, done),
        "run_id": F.lit(run_id),
    }
    chosen = [values[field.name].alias(field.name) for field in QUARANTINE_SCHEMA]
    return rows.where(aside | done.isNotNull()).select(*chosen)


def write_aside(
    rows: DataFrame, storage: Storage, dataset: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Replace what the quarantine holds of a data set, and count it there as ``count_reasons``."""
    if replace_aside(rows, storage, f"dataset = '{dataset}'"):
        return count_reasons(rows.sparkSession, storage, dataset)
    return {}, {}


def count_reasons(
    spark: SparkSession, storage: Storage, dataset: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Rows of a data set by reason: those still aside, and those that were mended."""
    rows = spark.read.format("delta").load(storage.quarantine).where(F.col("dataset") == dataset)
    is_mended = F.col("mended").isNotNull().alias("is_mended")
    counts = rows.groupBy("reason", is_mended).count().collect()
    aside = {row["reason"]: row["count"] for row in counts if not row["is_mended"]}
    return aside, {row["reason"]: row["count"] for row in counts if row["is_mended"]}
