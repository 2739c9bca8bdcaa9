"""Words as bits, texts as digits, and what is refused: for GeoSOT heights and 3D codes."""

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.characters import Bytes, flat_texts, text_of, texts_to_bytes
from gridcontainer.grid.geosot.words import MAX_GEOSOT_LEVEL


def bits_of(words: Int64s, level: int) -> Bytes:
    """(n, level) first bits of 32-bit words."""
    shifts = np.arange(31, 31 - level, -1, dtype=np.int64)
    return (words[:, None] >> shifts & 1).astype(np.uint8)


def words_of(bits: Bytes) -> Int64s:
    """32-bit words of (n, 32) bits."""
    words: Int64s = np.packbits(bits, axis=1).view(">u4").reshape(-1).astype(np.int64)
    return words


def read_digits(codes: ArrayLike, prefix: str, base: int) -> tuple[Bytes, Int64s, tuple[int, ...]]:
    """(n, 32) digits, zeros after the last; levels, 0 for a text of other characters; the shape."""
    longest = len(prefix) + MAX_GEOSOT_LEVEL
    texts, lengths, shape = flat_texts(codes, longest + 1)
    characters = texts_to_bytes(texts)[:, :longest]
    levels = np.where(lengths > longest, 0, np.maximum(lengths - len(prefix), 0))
    digits = characters[:, len(prefix) :] - np.uint8(ord("0"))  # below "0" they wrap to above 200
    digits[np.arange(MAX_GEOSOT_LEVEL) >= levels[:, None]] = 0
    right = (digits < base).all(axis=1)
    for at, letter in enumerate(prefix):
        right &= (characters[:, at] | 0x20) == ord(letter.lower())
    digits[~right] = 0
    return digits, np.where(right, levels, 0), shape


def require_fit(fits: Bools, what: str, **values: Float64s) -> None:
    """Raise for the first position without a code.

    Raises:
        CoordinateError: names the count, and index and values of the first.
    """
    bad = np.flatnonzero(~fits)
    if bad.size:
        at = ", ".join(f"{name}={column[bad[0]]}" for name, column in values.items())
        raise CoordinateError(
            f"{bad.size} of {fits.size} {what}; the first is index {bad[0]}, {at}: missing or "
            'outside the range of the level (on_invalid="mark" marks them instead)'
        )


def require_codes(codes: ArrayLike, right: Bools, reason: str) -> None:
    """Raise for the first faulty code.

    Raises:
        CodeError: names the count, and index, code and fault of the first.
    """
    faulty = np.flatnonzero(~right)
    if faulty.size:
        code = text_of(np.asarray(codes).reshape(-1)[faulty[0]])
        raise CodeError(
            f"{faulty.size} of {right.size} codes are faulty; the first is index {faulty[0]}, "
            f"{code[:40]!r}: {reason}"
        )
