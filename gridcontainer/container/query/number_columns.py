"""Numbers in text on Spark's columns: the same numbers as ``judge.numbers`` reads from Arrow."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, functions as F

from gridcontainer.container.declaration.characters import FANCY, PLAIN, WHITE
from gridcontainer.container.declaration.number_grammar import (
    APOSTROPHE,
    MULTIPLES,
    NUMBER,
    PARTS,
    pattern,
)
from gridcontainer.container.declaration.numbers import NumberFormat


def is_missing_text(text: Column, missing: Sequence[str]) -> Column:
    """Where a column of text holds no value.

    Args:
        text: the column.
        missing: texts that mean "no value", compared without white space around them.

    Returns:
        True where the text is null, blank or one of ``missing``; never null.
    """
    trimmed = F.btrim(text, F.lit(WHITE))
    meant = trimmed.isin("", *(word.strip(WHITE) for word in missing))
    return F.coalesce(meant, F.lit(True))


def number_column(text: Column, form: NumberFormat | None = None) -> Column:
    """The number of a column of text, as a double.

    Args:
        text: the column.
        form: how numbers are written; plain decimal where missing.

    Returns:
        Null where the text is null or no number in the format, or beyond all doubles.
    """
    form = form or NumberFormat()
    trimmed = F.btrim(text, F.lit(WHITE))
    plain = F.regexp_replace(F.translate(text, FANCY, PLAIN), APOSTROPHE, "")
    written = _written(F.btrim(plain, F.lit(" ")), form)
    if form.decimal == ".":
        written = F.when(trimmed.rlike(NUMBER), trimmed).otherwise(written)
    number = F.when(written.rlike(NUMBER), written.try_cast("double"))
    return F.when(F.abs(number) < float("inf"), number)


def _written(text: Column, form: NumberFormat) -> Column:
    """The number anew as plain decimal; null where its parts do not fit together."""
    java = pattern(form, named=False)
    part = {name: F.regexp_extract(text, java, i) for i, name in enumerate(PARTS, start=1)}
    has = {name: value != "" for name, value in part.items()}
    whole = F.replace(part["whole"], F.lit(form.thousands)) if form.thousands else part["whole"]
    sign = F.when((part["sign"] == "-") | (part["inner"] == "-") | has["open"], "-").otherwise("")
    shift = F.coalesce(
        *(F.when(part["multiple"] == name, power) for name, power in MULTIPLES.items()),
        F.when(has["percent"], -2 if form.percent == "fraction" else 0),
        F.lit(0),
    ).cast("string")
    exponent = F.when(has["exponent"], F.substr(part["exponent"], F.lit(2))).otherwise(shift)
    written = F.concat(sign, whole, F.lit("."), part["fraction"], F.lit("e"), exponent)
    wrong = (
        has["sign"] & has["inner"],
        has["before"] & has["behind"],
        has["multiple"] & has["percent"],
        has["exponent"] & (has["multiple"] | has["percent"]),
        has["open"] != has["close"],
        has["open"] & (has["sign"] | has["inner"]),
    )
    return F.when(text.rlike(java) & ~reduce(Column.__or__, wrong), written)
