"""Fields that are compared for equality: numbers as numbers, everything else as text.

A field is a field of numbers where a dataset of the linkage has it in a column of numbers, or
declares how it writes its numbers: then 1,200 and 1200 and 1200.0 are equal.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.declaration.characters import WHITE
from gridcontainer.container.query.record_numbers import PLAIN, Writing, read_column
from gridcontainer.linkage.declaration import EqualComparison, Link

_MOST_WHOLE: Final = 1e15  # below it a double holds each whole number


def number_fields(
    link: Link, rows: Mapping[str, DataFrame], writings: Mapping[str, Writing]
) -> frozenset[str]:
    """The compared fields whose values are numbers.

    Args:
        link: the linkage, over stored names.
        rows: rows of each dataset's table.
        writings: how each dataset writes its numbers, by name, over stored names.
    """
    compared = {c.field for c in link.compare if isinstance(c, EqualComparison)}
    return frozenset(
        field
        for source in link.sources
        for field, column in source.fields.items()
        if field in compared
        and _is_number(rows[source.dataset], column, writings.get(source.dataset, PLAIN))
    )


def number_text(rows: DataFrame, column: str, writing: Writing) -> Column:
    """The numbers of a column in one way of writing.

    Args:
        rows: rows of the dataset's table.
        column: stored name of the column.
        writing: writing of the dataset, over stored names.

    Returns:
        Text: the same for equal numbers, null where nothing was written. What is no number stays
        as it was written, without white space around it: it equals no number.
    """
    number = read_column(rows, column, writing)
    value = number.value + F.lit(0.0)  # -0.0 is 0.0
    is_whole = (F.abs(value) < _MOST_WHOLE) & (value == F.floor(value))
    text = F.when(is_whole, value.cast("long").cast("string")).otherwise(value.cast("string"))
    return F.when(
        number.is_unreadable, F.btrim(F.col(f"`{column}`").cast("string"), F.lit(WHITE))
    ).otherwise(text)


def count_unreadable(rows: DataFrame, columns: Iterable[str], writing: Writing) -> dict[str, int]:
    """Number of values that are no number, by column; columns without any are left out."""
    names = sorted(set(columns))
    if not names:
        return {}
    counts = [F.count_if(read_column(rows, name, writing).is_unreadable) for name in names]
    (found,) = rows.agg(*counts).collect()
    return {name: count for name, count in zip(names, found, strict=True) if count}


def _is_number(rows: DataFrame, column: str, writing: Writing) -> bool:
    is_number = isinstance(rows.schema[column].dataType, T.NumericType)
    return is_number or column in writing.formats
