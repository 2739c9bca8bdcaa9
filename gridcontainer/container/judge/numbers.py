"""Numbers in text: plain decimal ones, and those that people write (1,234 or 3.5万 or ￥50).

``read_numbers`` is what every user of numbers on Arrow arrays calls; the module
``query.number_columns`` is the same on Spark's columns, and a property test holds them equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration.characters import FANCY, TO_PLAIN, one_of
from gridcontainer.container.declaration.number_grammar import (
    APOSTROPHE,
    MULTIPLES,
    NUMBER,
    PARTS,
    pattern,
)
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.judge.arrow import NO_TEXT, Array, pc, to_bools, to_floats, without
from gridcontainer.container.judge.texts import (
    is_missing,
    is_number,
    map_unique,
    plain_type,
    text_of,
    trim,
)
from gridcontainer.grid.arrays import Bools, Float64s

_DEFAULT: Final = NumberFormat()
_PROBE: Final = 32
_FANCY: Final = one_of(FANCY.replace(" ", ""))


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column.

    Attributes:
        values: n floats; NaN where there is no number.
        is_missing: n bools; true where nothing was written.
        is_unreadable: n bools; true where something was written that is no number in the format.
    """

    values: Float64s
    is_missing: Bools
    is_unreadable: Bools


def read_numbers(
    column: Array, form: NumberFormat | None = None, *, missing: Sequence[str] = ()
) -> Numbers:
    """Read the numbers of a column.

    Args:
        column: texts or numbers; n of them.
        form: how the texts are written; plain decimal where missing. Columns of numbers need none.
        missing: texts that mean "no value", beside the blank one.

    Returns:
        The n numbers. NaN in a column of floats counts as missing; infinity as unreadable.
    """
    column = plain_type(column)
    absent = is_missing(column, missing)
    if is_number(column.type):
        values = typed_numbers(column)
        if pa.types.is_floating(column.type):
            absent = absent | (np.isnan(to_floats(column)) if len(column) else absent)
        values = np.where(absent, np.nan, values)
        return Numbers(values, absent, np.isnan(values) & ~absent)
    values = _read_texts(without(text_of(column), absent), form or _DEFAULT)
    return Numbers(values, absent, np.isnan(values) & ~absent)


def read_plain(texts: Array) -> Float64s:
    """Read plain decimal numbers, exactly as Python's ``float`` does.

    Args:
        texts: n strings without white space at their ends.

    Returns:
        n floats; NaN where a text is null, no plain decimal number, or beyond all floats.
    """
    try:
        for part in (texts.slice(0, _PROBE), texts):  # each text that fails costs a microsecond
            numbers = pc.cast(part, pa.float64())  # takes "inf" and "nan" too: dropped below
    except pa.ArrowInvalid:
        plain = pc.match_substring_regex(texts, NUMBER)
        numbers = pc.cast(pc.if_else(plain, texts, NO_TEXT), pa.float64())
    return finite(to_floats(numbers))


def typed_numbers(column: Array) -> Float64s:
    """Values of a column of numbers as floats; NaN where null or not finite.

    Decimals go by their text: Arrow's own cast to floats rounds twice.
    """
    if pa.types.is_decimal(column.type):
        return read_plain(pc.cast(column, pa.string()))
    return finite(to_floats(column))


def finite(values: Float64s) -> Float64s:
    """The same floats with NaN in place of infinity."""
    if np.isinf(values).any():
        return np.where(np.isinf(values), np.nan, values)
    return values


def make_plain(texts: Array) -> Array:
    """Texts in plain characters: full-width digits, blanks and minus signs replaced, no apostrophe.

    Args:
        texts: n strings.

    Returns:
        n strings without white space at their ends.
    """
    if pc.any(pc.match_substring_regex(texts, _FANCY)).as_py():
        texts = map_unique(texts, lambda text: text.translate(TO_PLAIN))
    return pc.ascii_trim(pc.replace_substring_regex(texts, APOSTROPHE, ""), " ")


def _read_texts(texts: Array, form: NumberFormat) -> Float64s:
    """Plain numbers at once; the others, where there are any, by the format's pattern."""
    values = np.full(len(texts), np.nan)
    if form.decimal == ".":
        values = read_plain(trim(texts))
    left = np.isnan(values) & to_bools(pc.is_valid(texts))
    if not left.any():
        return values
    places = np.flatnonzero(left)
    values = values.copy()
    values[places] = _read_written(make_plain(texts.take(pa.array(places))), form)
    return values


def _read_written(texts: Array, form: NumberFormat) -> Float64s:
    found = pc.extract_regex(texts, pattern(form, named=True))
    part = {name: pc.struct_field(found, [i]) for i, name in enumerate(PARTS)}
    marks = {name: pc.fill_null(pc.not_equal(text, ""), False) for name, text in part.items()}
    minus = pc.or_(pc.equal(part["sign"], "-"), pc.equal(part["inner"], "-"))
    sign = pc.if_else(pc.or_kleene(minus, marks["open"]), "-", "")
    whole = part["whole"]
    if form.thousands is not None:
        whole = pc.replace_substring(whole, form.thousands, "")
    scaled = pc.or_(marks["multiple"], marks["percent"])
    shift = pc.add(_powers(part["multiple"]), _percent_power(marks["percent"], form))
    exponent = pc.if_else(
        marks["exponent"],
        pc.utf8_slice_codeunits(part["exponent"], 1),
        pc.cast(shift, pa.string()),
    )
    digits = pc.binary_join_element_wise(whole, part["fraction"], ".")
    written = pc.binary_join_element_wise(
        pc.binary_join_element_wise(sign, digits, ""), exponent, "e"
    )
    twice = (
        pc.and_(marks["sign"], marks["inner"]),
        pc.and_(marks["before"], marks["behind"]),
        pc.and_(marks["multiple"], marks["percent"]),
        pc.and_(marks["exponent"], scaled),
        pc.xor(marks["open"], marks["close"]),
        pc.and_(marks["open"], pc.or_(marks["sign"], marks["inner"])),
    )
    wrong = np.logical_or.reduce([to_bools(each) for each in twice])
    sound = pc.if_else(pa.array(~wrong), written, NO_TEXT)
    return read_plain(sound)


def _powers(multiples: Array) -> Array:
    known = pa.array(MULTIPLES)
    place = pc.index_in(multiples, value_set=known)
    return pc.fill_null(pa.array(MULTIPLES.values(), pa.int64()).take(place), 0)


def _percent_power(marks: Array, form: NumberFormat) -> Array:
    power = -2 if form.percent == "fraction" else 0
    return pc.if_else(marks, pa.scalar(power, pa.int64()), pa.scalar(0, pa.int64()))
