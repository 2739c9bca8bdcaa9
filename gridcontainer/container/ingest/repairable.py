"""Rows of the quarantine for which there is a rule, as a reader would give them again."""

from collections.abc import Mapping

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F, types as T

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.declaration.expression import resolve
from gridcontainer.container.ingest.raw_rows import no_faults
from gridcontainer.container.judge.reasons import BROKEN
from gridcontainer.container.sources.records import FILE, ROW
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, DeclarationError


def find_waiting(spark: SparkSession, declaration: Declaration, storage: Storage) -> DataFrame:
    """Rows still aside for a reason that a rule names; a broken row has no columns to mend.

    Raises:
        DeclarationError: there is no rule, or the rows' position is a shape.
        DatasetError: the container has no quarantine.
    """
    if not declaration.mend:
        raise DeclarationError(
            f"{declaration.dataset}: its declaration has no rules; add them as mend: "
            "[{reason: ..., set: {COLUMN: EXPRESSION}}]"
        )
    if declaration.has_shape:
        raise DeclarationError(
            f"{declaration.dataset}: rules set columns, and cannot mend shapes; mend the source"
        )
    if not DeltaTable.isDeltaTable(spark, storage.quarantine):
        raise DatasetError(f"{storage.root} has no quarantine; run: gridcontainer ingest")
    rows = spark.read.format("delta").load(storage.quarantine)
    reasons = [rule.reason for rule in declaration.mend if rule.reason != BROKEN]
    mine = (F.col("dataset") == declaration.dataset) & F.col("mended").isNull()
    return rows.where(mine & F.col("reason").isin(reasons))


def source_columns(waiting: DataFrame, declaration: Declaration) -> list[str]:
    """The columns that the rows have (one that is null in all of them is not written), in order."""
    keys = waiting.select(F.json_object_keys("row").alias("keys")).distinct().collect()
    found = [name for row in keys for name in row["keys"] or []]
    needed = {*declaration.needed_columns, *declaration.described_columns}
    there = list(dict.fromkeys([*found, *sorted(needed)]))
    read = sorted({name for _, text in declaration.expressions for name in text.columns})
    return [*there, *(name for name in read if name not in resolve(read, there))]


def to_raw(waiting: DataFrame, names: Mapping[str, str], held: T.StructType) -> DataFrame:
    """The rows as a reader would give them.

    Args:
        waiting: of ``find_waiting``.
        names: stored name of each source column.
        held: schema of the data set's table, whose types the columns get.
    """
    values = F.from_json("row", "map<string,string>")
    kinds = {field.name: field.dataType for field in held}
    own = (
        F.get(F.array(values[column]), 0).cast(kinds.get(stored, T.StringType())).alias(stored)
        for column, stored in names.items()
    )
    return waiting.select(
        F.col("source_file").alias(FILE),
        F.col("source_row").alias(ROW),
        *no_faults(),
        *own,
    )
