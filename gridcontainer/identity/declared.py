"""Relations that departments declare: which records a record's foreign key stands for."""

from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration.rules import Relation
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.tables.frames import read_current
from gridcontainer.errors import IdentityError


def name_of(dataset: str, relation: Relation) -> str:
    """What a declared relation is called: ``DATASET.COLUMN+COLUMN to DATASET``."""
    return f"{dataset}.{'+'.join(relation.columns)} to {relation.dataset}"


def declared_pairs(
    spark: SparkSession, left: OpenTable, right: OpenTable, relation: Relation
) -> DataFrame:
    """The records of a data set, each with those that its foreign key stands for.

    Args:
        spark: the session.
        left: the data set that declares the relation.
        right: the other.
        relation: the columns of both; compared as texts, a null stands for nothing.

    Returns:
        ``record_left``, ``record_right``, each pair once; several for a record whose columns are
        no whole key of the other.

    Raises:
        IdentityError: a table has no such column.
    """
    ours = _values(left, relation.columns)
    theirs = _values(right, relation.to)
    keys = [f"_{i}" for i in range(len(ours))]
    a = read_current(spark, left.path, version=left.version).select(
        F.col("object_id").alias("record_left"),
        *(value.alias(key) for key, value in zip(keys, ours, strict=True)),
    )
    b = read_current(spark, right.path, version=right.version).select(
        F.col("object_id").alias("record_right"),
        *(value.alias(key) for key, value in zip(keys, theirs, strict=True)),
    )
    return a.join(b, keys, how="inner").select("record_left", "record_right")


def _values(table: OpenTable, columns: list[str]) -> list[Column]:
    names = [table.column_names.find_of_source(column) for column in columns]
    if missing := [c for c, found in zip(columns, names, strict=True) if not found]:
        said = table.column_names.say_missing(table.dataset, missing)
        raise IdentityError(f"{said}; correct the relation, or ingest the dataset again")
    return [F.col(f"`{found[0]}`").cast("string") for found in names]
