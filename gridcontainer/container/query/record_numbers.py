"""The number that a record tells: as its dataset writes numbers, missing or unreadable.

The panel, the cells, links and identities all read numbers by these functions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.query.number_columns import is_missing_text, number_column

VALUE, UNREADABLE = "_value", "_unreadable"
REMEDY: Final = (
    "if they are numbers, declare numbers (thousands, multiples, signs, ...) or missing in the "
    "dataset"
)


@dataclass(frozen=True)
class Writing:
    """How a dataset writes its numbers.

    Attributes:
        formats: number format by column; other texts are plain decimal numbers.
        missing: texts that mean "no value".
    """

    formats: Mapping[str, NumberFormat]
    missing: Sequence[str]

    @classmethod
    def of(cls, declaration: Declaration) -> Self:
        """The writing that a declaration names."""
        return cls(declaration.numbers, declaration.missing)

    def digest(self) -> str:
        """A text without blanks that changes when the writing does."""
        formats = sorted((name, form.model_dump_json()) for name, form in self.formats.items())
        return f"{formats}{sorted(self.missing)}".replace(" ", "")

    def over_stored(self, names: ColumnNames) -> Self:
        """The same writing over the stored names of the columns."""
        stored = {
            found: form
            for column, form in self.formats.items()
            for found in names.find_of_source(column)
        }
        return replace(self, formats=stored)


PLAIN = Writing({}, ())


@dataclass(frozen=True)
class ColumnNumber:
    """The numbers of a column.

    Attributes:
        value: double; null where there is no number.
        is_unreadable: true where ``value`` is null although something was written: not null, blank
            or one of the texts that mean missing; never null.
    """

    value: Column
    is_unreadable: Column


def read_column(rows: DataFrame, column: str, writing: Writing) -> ColumnNumber:
    """Read the numbers of a stored column.

    Args:
        rows: rows of the dataset's table.
        column: stored name of the column.
        writing: writing of the dataset, over stored names.

    Returns:
        Its numbers. NaN counts as missing, infinity as unreadable.
    """
    form, kind = writing.formats.get(column), rows.schema[column].dataType
    return _read(F.col(f"`{column}`"), kind, writing.missing, form)


def add_number(
    rows: DataFrame, expression: Expression, writing: Writing, *, place: str
) -> DataFrame:
    """Add the number of an expression, and whether something was written that is none.

    Args:
        rows: n rows.
        expression: expression; columns with a number format are numbers in it.
        writing: writing of the dataset whose columns these are, over their stored names.
        place: dataset or file, and key, for messages.

    Returns:
        The n rows with ``_value`` (double; null where there is no number) and ``_unreadable``
        (true where ``_value`` is null although something was written: not null, blank or one of
        the texts that mean missing). NaN counts as missing, infinity as unreadable.
    """
    read = _formatted(rows, expression, writing)
    kept = {f"_text_{i}": F.col(f"`{name}`") for i, name in enumerate(read)}
    flags = {f"_unread_{i}": number.is_unreadable for i, number in enumerate(read.values())}
    changed = rows.withColumns(kept | flags) if read else rows
    changed = changed.withColumns({name: number.value for name, number in read.items()})
    said = F.expr(expression.to_spark(changed.dtypes, place=place))
    number = _read(said, changed.select(said).schema.fields[0].dataType, writing.missing)
    unread = number.is_unreadable
    for flag in flags:
        unread = unread | (number.value.isNull() & F.col(flag))
    valued = changed.withColumns({VALUE: number.value, UNREADABLE: unread})
    if not read:
        return valued
    back = {name: F.col(text) for name, text in zip(read, kept, strict=True)}
    return valued.withColumns(back).drop(*kept, *flags)


def _read(
    said: Column, kind: T.DataType, missing: Sequence[str], form: NumberFormat | None = None
) -> ColumnNumber:
    if isinstance(kind, T.StringType):
        is_missing = is_missing_text(said, missing)
        number = F.when(~is_missing, number_column(said, form))
        return ColumnNumber(number, number.isNull() & ~is_missing)
    double = said.try_cast("double")
    is_nan = F.coalesce(F.isnan(double), F.lit(False))
    number = F.when(~is_nan & (F.abs(double) < float("inf")), double)
    return ColumnNumber(number, said.isNotNull() & number.isNull() & ~is_nan)


def _formatted(
    rows: DataFrame, expression: Expression, writing: Writing
) -> dict[str, ColumnNumber]:
    """The numbers of the columns of an expression that are texts and have a format."""
    named = {name.lower() for name in expression.columns}
    return {
        name: read_column(rows, name, writing)
        for name in writing.formats
        if name.lower() in named
        and name in rows.columns
        and isinstance(rows.schema[name].dataType, T.StringType)
    }


def writings_of(declarations: Iterable[Declaration]) -> dict[str, Writing]:
    """The writing of each dataset, by its name."""
    return {declaration.dataset: Writing.of(declaration) for declaration in declarations}
