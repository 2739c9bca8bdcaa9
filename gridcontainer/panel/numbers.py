"""The number that a record tells: as its dataset writes numbers, missing or unreadable."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.query.number_columns import is_missing_text, number_column

VALUE, UNREADABLE = "_value", "_unreadable"


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

    def over_stored(self, names: ColumnNames) -> Self:
        """The same writing over the stored names of the columns."""
        stored = {
            found: form
            for column, form in self.formats.items()
            for found in names.find_of_source(column)
        }
        return replace(self, formats=stored)

    def digest(self) -> str:
        """A text without blanks that changes when the writing does."""
        formats = sorted((name, form.model_dump_json()) for name, form in self.formats.items())
        return f"{formats}{sorted(self.missing)}".replace(" ", "")


PLAIN = Writing({}, ())


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
    read, unreadable = _formatted(rows, expression, writing)
    kept = {f"_text_{i}": F.col(f"`{name}`") for i, name in enumerate(read)}
    changed = rows.withColumns(kept).withColumns(read) if read else rows
    said = F.expr(expression.to_spark(changed.dtypes, place=place))
    if isinstance(changed.select(said).schema.fields[0].dataType, T.StringType):
        missing = is_missing_text(said, writing.missing)
        number = F.when(~missing, number_column(said))
        unread = number.isNull() & ~missing
    else:
        double = said.try_cast("double")
        number = F.when(~F.isnan(double) & (F.abs(double) < float("inf")), double)
        unread = said.isNotNull() & number.isNull() & ~F.coalesce(F.isnan(double), F.lit(False))
    for column in unreadable:
        unread = unread | (number.isNull() & column)
    valued = changed.withColumns({VALUE: number, UNREADABLE: unread})
    if not read:
        return valued
    back = {name: F.col(text) for name, text in zip(read, kept, strict=True)}
    return valued.withColumns(back).drop(*kept)


def _formatted(
    rows: DataFrame, expression: Expression, writing: Writing
) -> tuple[dict[str, Column], list[Column]]:
    """Numbers of the columns of an expression that have a format, and where they are unreadable."""
    read: dict[str, Column] = {}
    unreadable: list[Column] = []
    named = {name.lower() for name in expression.columns}
    for column, form in writing.formats.items():
        if column.lower() not in named or column not in rows.columns:
            continue
        if not isinstance(rows.schema[column].dataType, T.StringType):
            continue
        text = F.col(f"`{column}`")
        missing = is_missing_text(text, writing.missing)
        read[column] = F.when(~missing, number_column(text, form))
    for i, name in enumerate(read):
        text = F.col(f"`_text_{i}`")
        unreadable.append(~is_missing_text(text, writing.missing) & F.col(f"`{name}`").isNull())
    return read, unreadable


def writings_of(declarations: Iterable[Declaration]) -> dict[str, Writing]:
    """The writing of each dataset, by its name."""
    return {declaration.dataset: Writing.of(declaration) for declaration in declarations}
