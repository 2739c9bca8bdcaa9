"""What a source has changed since its table was written, row by row."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.tables.compare import NO_CONTENT, identity_columns
from gridcontainer.container.tables.state import ABSENT, INSERT, UPDATE

CHANGE: Final = "_change"
OLD_PREFIX, OLD_CELL = "_old_prefix", "_old_cell"


def find_changes(new: DataFrame, old: DataFrame) -> DataFrame:
    """The rows that differ between a source's sound rows and what a table holds of it.

    Args:
        new: the rows as the table is to hold them; each identity at most once.
        old: the rows that the table holds, of which only those now valid.

    Returns:
        A row for each identity that is new, changed or gone: the identity, ``_change``, and the
        partition and cell where the table has it (null for an insert). Contents are compared by a
        64-bit digest of all columns but file, row and run.
    """
    identity = identity_columns(new.columns)
    content = [field for field in new.schema if field.name not in {*identity, *NO_CONTENT}]
    theirs = old.select(
        *identity,
        F.lit(True).alias("_there"),
        _digest(content, old.columns).alias("_old_digest"),
        _column_or_null("grid_prefix", old.columns, "string").alias(OLD_PREFIX),
        _column_or_null("cell", old.columns, "long").alias(OLD_CELL),
    )
    ours = new.select(
        *identity, F.lit(True).alias("_here"), _digest(content, new.columns).alias("_new_digest")
    )
    change = (
        F.when(F.col("_there").isNull(), INSERT)
        .when(F.col("_here").isNull(), ABSENT)
        .when(F.col("_new_digest") != F.col("_old_digest"), UPDATE)
    )
    both = ours.join(theirs, identity, how="full_outer").withColumn(CHANGE, change)
    return both.where(F.col(CHANGE).isNotNull()).select(*identity, CHANGE, OLD_PREFIX, OLD_CELL)


def align_types(new: DataFrame, old: DataFrame) -> tuple[DataFrame, DataFrame, list[str]]:
    """Bring columns of two types to one, so that equal values are equal.

    Args:
        new: rows as the table is to hold them.
        old: rows that the table holds.

    Returns:
        Both frames, and the columns whose new values the table's type cannot keep: these are texts
        in both frames, all others are of the table's type.
    """
    kinds = {field.name: field.dataType for field in old.schema}
    other = {
        field.name: field.dataType
        for field in new.schema
        if kinds.get(field.name, field.dataType) != field.dataType
    }
    if not other:
        return new, old, []
    lost = [
        F.max(~F.col(f"`{name}`").eqNullSafe(
            F.col(f"`{name}`").try_cast(kinds[name]).try_cast(kind)
        )).alias(name)
        for name, kind in other.items()
    ]  # fmt: skip
    found = new.agg(*lost).collect()[0].asDict()
    retyped = [name for name in other if found[name]]
    wanted = {name: T.StringType() if name in retyped else kinds[name] for name in other}
    return _cast(new, wanted), _cast(old, wanted), retyped


def _cast(rows: DataFrame, wanted: Mapping[str, T.DataType]) -> DataFrame:
    return rows.select(
        *(
            F.col(f"`{name}`").cast(wanted[name]).alias(name) if name in wanted
            else F.col(f"`{name}`")
            for name in rows.columns
        )
    )  # fmt: skip


def count_changes(changes: DataFrame) -> dict[str, int]:
    """How many of each kind there are; kinds without any are left out."""
    return {row[0]: row[1] for row in changes.groupBy(CHANGE).count().collect()}


def with_content(changes: DataFrame, new: DataFrame) -> DataFrame:
    """The changes with the new content of each: all columns of ``new``, null where it is gone."""
    return changes.join(new, identity_columns(new.columns), how="left")


def _digest(content: Iterable[T.StructField], present: Sequence[str]) -> Column:
    """Of the columns in their order; a null and an absent value count, and do not move others."""
    parts: list[Column] = []
    for field in content:
        value = _column_or_null(field.name, present, field.dataType.simpleString())
        parts += [value, value.isNull()]
    return F.xxhash64(*parts)


def _column_or_null(name: str, present: Sequence[str], kind: str) -> Column:
    return F.col(f"`{name}`") if name in present else F.lit(None).cast(kind)
