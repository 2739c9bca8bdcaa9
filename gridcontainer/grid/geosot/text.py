"""Characters of GeoSOT codes: ``G001310322230230``, or ``G001310322-230230`` with separators.

A digit is ``2 * latitude bit + longitude bit`` of its level. The form with separators has ``-``
after the 9th digit (degrees) and the 15th (minutes) and ``.`` after the 21st (seconds).

Source: the project's short specification of GeoSOT, from open implementations; the text of GB/T
40087-2021 was not seen.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Int64s, Strings, in_chunks
from gridcontainer.grid.characters import (
    Bytes,
    bytes_to_texts,
    digit_table,
    flat_texts,
    text_of,
    texts_to_bytes,
)
from gridcontainer.grid.geosot.words import (
    INVALID_GEOSOT,
    MAX_GEOSOT_LEVEL,
    deinterleave,
    has_place,
    is_cell,
    on_earth,
)

SEPARATORS: Final = ((9, "-"), (15, "-"), (21, "."))  # after these digits
_LENGTH = 1 + MAX_GEOSOT_LEVEL
_LONG_LENGTH = _LENGTH + len(SEPARATORS)
_DIGIT = digit_table("0123").astype(np.uint8)  # 255 where it is no digit
_PLAIN_AT = list(range(1, _LENGTH))  # where the digits of the plain form are
_LONG_AT = [at + sum(at > after for after, _ in SEPARATORS) for at in _PLAIN_AT]
_SEPARATOR_AT = [_LONG_AT[after] - 1 for after, _ in SEPARATORS]
_LONG_LENGTHS = [1, *(at + 1 for at in _LONG_AT)]  # by level


def write_geosots(integers: Int64s, levels: Int64s, separators: bool) -> Strings:
    """Codes of flat cells; ``""`` for ``INVALID_GEOSOT``."""
    width = _LONG_LENGTH if separators else _LENGTH

    def write(cells: Int64s, numbers: Int64s) -> Strings:
        characters = np.zeros((len(cells), width), dtype=np.uint8)
        characters[:, 0] = ord("G")
        characters[:, _LONG_AT if separators else _PLAIN_AT] = _digits(cells)
        ends = numbers + 1
        if separators:
            characters[:, _SEPARATOR_AT] = [ord(mark) for _, mark in SEPARATORS]
            ends = np.array(_LONG_LENGTHS)[numbers]
        ends = np.where(cells == INVALID_GEOSOT, 0, ends)
        characters[np.arange(width) >= ends[:, None]] = 0
        return bytes_to_texts(characters)

    return in_chunks(write, integers, levels, out=np.empty(len(integers), dtype=f"U{width}"))


@cache
def _four_digits() -> NDArray[np.uint32]:
    """The four digits of each byte."""
    texts = (f"{b >> 6}{b >> 4 & 3}{b >> 2 & 3}{b & 3}" for b in range(256))
    return np.frombuffer("".join(texts).encode(), dtype=np.uint32)


def _digits(cells: Int64s) -> Bytes:
    """(n, 32) digits, the first being that of level 1."""
    by_byte = cells.astype(">i8").view(np.uint8).reshape(len(cells), 8)
    return _four_digits()[by_byte].view(np.uint8)


def read_geosots(geosots: ArrayLike) -> tuple[Int64s, Int64s, tuple[int, ...]]:
    """Flat integers and levels of codes in either form, and the shape of the codes.

    Returns:
        ``INVALID_GEOSOT`` and level 0 for a code with a fault.
    """
    texts, lengths, shape = flat_texts(geosots, _LONG_LENGTH + 1)
    out = np.empty((len(texts), 2), dtype=np.int64)
    integers, levels = in_chunks(_read, texts, lengths, out=out).T
    return integers, levels, shape


def _read(texts: Strings, lengths: Int64s) -> Int64s:
    characters = texts_to_bytes(texts)[:, :_LONG_LENGTH]
    long = (characters[:, _SEPARATOR_AT[0]] == ord("-")) & (lengths > _SEPARATOR_AT[0])
    out = np.empty((len(texts), 2), dtype=np.int64)
    for form, positions, by_level in (
        (~long, _PLAIN_AT, range(1, _LENGTH + 1)),
        (long, _LONG_AT, _LONG_LENGTHS),
    ):
        out[form] = _read_form(characters[form], lengths[form], positions, list(by_level))
    faulty = long & ~_has_separators(characters, lengths)
    out[faulty] = INVALID_GEOSOT, 0
    return out


def _read_form(
    characters: Bytes, lengths: Int64s, positions: list[int], by_level: list[int]
) -> Int64s:
    """Integers and levels of codes of one form, whose length by level is ``by_level``."""
    level_of = np.full(_LONG_LENGTH + 1, -1)
    level_of[by_level] = range(len(by_level))
    levels = level_of[np.minimum(lengths, _LONG_LENGTH)]
    levels[lengths > _LONG_LENGTH] = -1
    values = _DIGIT[characters[:, positions]]
    values[np.arange(1, _LENGTH) > levels[:, None]] = 0
    valid = (levels >= 0) & (values < 4).all(axis=1)
    valid &= (characters[:, 0] | 0x20) == ord("g")
    fours = values.reshape(len(values), 8, 4)
    by_byte = fours[:, :, 0] << 6 | fours[:, :, 1] << 4 | fours[:, :, 2] << 2 | fours[:, :, 3]
    integers = np.ascontiguousarray(by_byte).view(">i8").reshape(-1).astype(np.int64)
    valid &= is_cell(integers, np.maximum(levels, 0))
    return np.where(valid[:, None], np.column_stack([integers, levels]), (INVALID_GEOSOT, 0))


def _has_separators(characters: Bytes, lengths: Int64s) -> Bools:
    """True where every separator that the length reaches is in its place."""
    right = np.ones(len(lengths), dtype=np.bool_)
    for at, (_, mark) in zip(_SEPARATOR_AT, SEPARATORS, strict=True):
        right &= (characters[:, at] == ord(mark)) | (lengths <= at)
    return right


def raise_first_fault(geosots: ArrayLike, integers: Int64s) -> None:
    """Raise for the first code that gave no integer.

    Raises:
        CodeError: names the count, and index, text and fault of the first.
    """
    faulty = np.flatnonzero(integers == INVALID_GEOSOT)
    if faulty.size:
        geosot = text_of(np.asarray(geosots).reshape(-1)[faulty[0]])
        raise CodeError(
            f"{faulty.size} of {integers.size} GeoSOT codes are faulty; the first is index "
            f"{faulty[0]}, {geosot[:40]!r}: {explain_geosot(geosot)}"
        )


def explain_geosot(geosot: str) -> str:
    """The first fault of one code in words; ``""`` where it has none."""
    if geosot[:1].upper() != "G":
        return f"begins with {geosot[:1]!r}, not G"
    digits = geosot[1:]
    if "-" in digits or "." in digits:
        digits = digits.replace("-", "").replace(".", "")
        if geosot[1:] != with_separators(digits):
            return "has separators elsewhere than -, - and . after 9, 15 and 21 digits"
    if wrong := next((digit for digit in digits if digit not in "0123"), ""):
        return f"has {wrong!r}; digits are 0-3"
    if len(digits) > MAX_GEOSOT_LEVEL:
        return f"has {len(digits)} digits; {MAX_GEOSOT_LEVEL} are the most"
    return explain_integer(int(digits.ljust(MAX_GEOSOT_LEVEL, "0"), 4))


def with_separators(digits: str) -> str:
    """The digits with the separators that their number reaches."""
    parts = [digits[:9], digits[9:15], digits[15:21]]
    head = "-".join(part for part in parts if part)
    return f"{head}.{digits[21:]}" if digits[21:] else head


def explain_integer(integer: int) -> str:
    """Why a 64-bit integer (its bits taken unsigned) is no cell; ``""`` where it is one."""
    bits = np.array([integer], dtype=np.uint64).view(np.int64)
    lon, lat = deinterleave(bits)
    for name, word in (("longitude", lon), ("latitude", lat)):
        if not has_place(word)[0]:
            minute, second = int(word[0] >> 17 & 0x3F), int(word[0] >> 11 & 0x3F)
            value = f"minute {minute}" if minute > 59 else f"second {second}"
            return f"has {name} {value}; 60-63 do not exist, the cell before them is cut"
    return "" if on_earth(lon, lat)[0] else "lies outside the Earth (180 degrees by 90)"
