"""Texts of a source: white space of any kind, texts that mean missing, values as Spark writes them.

All functions are pure and work on Arrow arrays. ``is_missing`` decides whether a value means "no
value" in positions, keys and numbers. Times ask ``time_missing`` instead: such a text is compared
letter by letter before times are read, and without blanks around it where none could be read.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration.characters import WHITE
from gridcontainer.container.judge.arrow import Array, pc, to_bools
from gridcontainer.errors import SourceError
from gridcontainer.grid.arrays import Bools

_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-3, 1e7  # between them Java writes doubles without exponent


def trim(texts: Array) -> Array:
    """Texts without white space and invisible characters at their ends."""
    return pc.utf8_trim(texts, WHITE)


def is_missing(column: Array, missing: Sequence[str]) -> Bools:
    """Where a column holds no value.

    Args:
        column: values of any type; n of them.
        missing: texts that mean "no value", compared without white space around them. In a column
            of numbers they are compared by value: ``-999`` is also the number -999.

    Returns:
        n bools: true where the value is null, blank after ``trim``, or one of ``missing``.
    """
    column = plain_type(column)
    absent: Array = pc.is_null(column)
    if is_number(column.type):
        wanted = numbers_among(text.strip(WHITE) for text in missing)
        if wanted:
            listed = pc.is_in(pc.cast(column, pa.float64(), safe=False), pa.array(wanted))
            absent = pc.or_(absent, listed)
    elif pa.types.is_string(column.type):
        meant = pa.array(dict.fromkeys(["", *(text.strip(WHITE) for text in missing)]), pa.string())
        absent = pc.or_(absent, pc.is_in(trim(column), meant))
    elif missing and not pa.types.is_nested(column.type) and not pa.types.is_null(column.type):
        meant = pa.array([text.strip(WHITE) for text in missing], pa.string())
        absent = pc.or_(absent, pc.is_in(text_of(column), meant))
    return to_bools(absent)


def text_of(column: Array) -> Array:
    """Values as Spark's ``CAST(... AS STRING)`` writes them in a session whose zone is UTC.

    Args:
        column: values of any type without fields; n of them. Doubles are written with as few
            digits as tell them apart, as Java 19 and later do.

    Returns:
        n strings; null where the value is null.

    Raises:
        SourceError: the values are lists, structs or maps, which have no text of their own.
    """
    column = plain_type(column)
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_nested(kind):
        raise SourceError(f"a column of {kind} has no text: name one of its fields instead")
    if pa.types.is_binary(kind):
        return pc.cast(column, pa.string(), safe=False)
    if pa.types.is_timestamp(kind):
        return _timestamp_text(column)
    if pa.types.is_floating(kind):
        return _each(column, double_text if pa.types.is_float64(kind) else _float_text)
    if pa.types.is_decimal(kind):
        return _each(column, lambda number: format(number, "f"))
    return pc.cast(column, pa.string())


def double_text(number: float) -> str:
    """A double as Java and Spark write it, with as few digits as tell it apart.

    >>> [double_text(number) for number in (121.4, 5.0, 12140000.0, 0.00012, float("inf"))]
    ['121.4', '5.0', '1.214E7', '1.2E-4', 'Infinity']
    """
    return _java(number, repr(float(number)))


def plain_type(column: Array) -> Array:
    """The same values in the plain type of their kind: no dictionary, view or large offsets."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return pc.cast(column, pa.string())
    if pa.types.is_fixed_size_binary(column.type) or pa.types.is_large_binary(column.type):
        return pc.cast(column, pa.binary())
    return column


def is_number(kind: pa.DataType) -> bool:
    """Whether values of a type are numbers as such."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def map_unique(texts: Array, function: Callable[[str], str | None]) -> Array:
    """A Python function over texts, asked once for each that is different; null stays null."""
    coded = texts.dictionary_encode()
    values = [function(text) for text in coded.dictionary.to_pylist()]
    return pa.array(values, pa.string()).take(coded.indices)


def numbers_among(texts: Iterable[str]) -> list[float]:
    """The numbers that Python reads in some texts; the others are left out."""
    return [number for text in texts if (number := _number(text)) is not None]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _each(column: Array, write: Callable[[Any], str]) -> Array:
    coded = column.dictionary_encode()
    values = [write(value) for value in _python_values(coded.dictionary)]
    return pa.array(values, pa.string()).take(coded.indices)


def _python_values(column: Array) -> list[Any]:
    if pa.types.is_floating(column.type) and not pa.types.is_float64(column.type):
        return list(column.to_numpy(zero_copy_only=False).astype(np.float32))
    return cast(list[Any], column.to_pylist())


def _float_text(number: np.float32) -> str:
    return _java(float(number), np.format_float_scientific(number, unique=True))


def _java(number: float, written: str) -> str:
    """The shortest digits of a number in the form in which Java writes it."""
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    mantissa, _, exponent = written.lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    digits = digits.rstrip("0") or "0"
    point = len(whole) - leading + int(exponent or 0)  # place of the point in the digits
    if number == 0:
        return f"{sign}0.0"
    if not _SMALLEST_PLAIN <= abs(number) < _LARGEST_PLAIN:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"


def _timestamp_text(column: Array) -> Array:
    """Wall-clock time in UTC; the fraction only where there is one."""
    micros = pc.cast(column, pa.timestamp("us", column.type.tz), safe=False)
    text = pc.cast(pc.cast(micros, pa.timestamp("us")), pa.string())
    return pc.replace_substring_regex(text, r"\.?0+$", "")
