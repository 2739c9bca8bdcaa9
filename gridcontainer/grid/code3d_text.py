"""Characters of 3D codes: where the 2D code and the height interleave, written, read, explained.

Source: GB/T 39409-2020, clause 6.2, Fig. 12 and Table 1.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.grid.arrays import Int64s, Strings, in_chunks
from gridcontainer.grid.characters import Bytes, bytes_to_texts, flat_texts, texts_to_bytes
from gridcontainer.grid.code_reading import explain_code, read_level
from gridcontainer.grid.code_writing import write_codes
from gridcontainer.grid.height import MAX_LAYERS
from gridcontainer.grid.height_digits import HEIGHT_DIGITS, HeightScheme
from gridcontainer.grid.levels import INVALID_CELL, LEVELS, Level

CODE3D_LENGTHS: Final = tuple(level.code_length + level.number + 2 for level in LEVELS)
CODE3D_LENGTH: Final = CODE3D_LENGTHS[-1]
_HEIGHT_AT = [1, 5, 6, *(length - 1 for length in CODE3D_LENGTHS[1:])]  # a0, a1, a2, a3 ... a11
_PLAIN_AT = [at for at in range(CODE3D_LENGTH) if at not in _HEIGHT_AT]
_LEVEL_OF_LENGTH = np.zeros(CODE3D_LENGTH + 2, dtype=np.int64)
_LEVEL_OF_LENGTH[list(CODE3D_LENGTHS)] = range(1, len(LEVELS) + 1)


def write_code3d(cells: Int64s, layers: Int64s, level: int, scheme: HeightScheme) -> Strings:
    """3D codes of flat valid cells of a level and of layers that can be written.

    Returns:
        Strings; ``""`` for ``INVALID_CELL``.
    """
    length = CODE3D_LENGTHS[level - 1]

    def write(cells: Int64s, layers: Int64s) -> Strings:
        characters = np.empty((len(cells), CODE3D_LENGTH), dtype=np.uint8)
        invalid = cells == INVALID_CELL
        characters[:, _PLAIN_AT] = write_codes(np.where(invalid, 0, cells))
        characters[:, _HEIGHT_AT] = scheme.to_digits(layers)
        characters[invalid] = 0
        return bytes_to_texts(characters[:, :length])

    return in_chunks(write, cells, layers, out=np.empty(len(cells), dtype=f"U{length}"))


def read_code3d(
    codes: ArrayLike, scheme: HeightScheme | None
) -> tuple[Int64s, Int64s, Int64s, Int64s, tuple[int, ...]]:
    """Flat cells, levels, first layers and layers after the last, and the shape of the codes.

    Args:
        codes: 3D codes of any mix of levels.
        scheme: ``None`` takes digits of any reading and tells no layers (0).

    Returns:
        ``INVALID_CELL`` and level 0 for a code with a fault.
    """
    texts, lengths, shape = flat_texts(codes, CODE3D_LENGTH + 1)
    levels = _LEVEL_OF_LENGTH[np.minimum(lengths, len(_LEVEL_OF_LENGTH) - 1)]
    out = np.empty((len(texts), 3), dtype=np.int64)
    cells, first, stop = in_chunks(
        lambda piece, numbers: _read(piece, numbers, scheme), texts, levels, out=out
    ).T
    levels[cells == INVALID_CELL] = 0
    return cells, levels, first, stop, shape


def _read(texts: Strings, levels: Int64s, scheme: HeightScheme | None) -> Int64s:
    characters = texts_to_bytes(texts)
    out = np.full((len(levels), 3), (INVALID_CELL, 0, 0), dtype=np.int64)
    for level in np.unique(levels[levels > 0]):
        chosen = levels == level
        out[chosen] = _read_level(characters[chosen], LEVELS[level - 1], scheme)
    return out


def _read_level(characters: Bytes, level: Level, scheme: HeightScheme | None) -> Int64s:
    cells = read_level(characters[:, _PLAIN_AT[: level.code_length]], level)
    height = characters[:, _HEIGHT_AT[: level.number + 2]]
    sign, word, fits = (scheme or HeightScheme("B")).read_digits(height)
    first, stop = np.zeros_like(word), np.zeros_like(word)
    if scheme is not None:
        first, stop = scheme.to_layers(sign, word, level.number)
        fits &= first < stop
    return np.stack([np.where(fits, cells, INVALID_CELL), first, stop], axis=1)


def explain_code3d(code: str, scheme: HeightScheme | None) -> str:
    """The first fault of one 3D code in words; ``""`` where it has none."""
    text = code.upper()
    if not code.isascii():
        return "has a character that is not ASCII"
    if len(text) not in CODE3D_LENGTHS:
        lengths = ", ".join(map(str, CODE3D_LENGTHS))
        return f"has {len(text)} characters; a 3D code has one of {lengths}"
    level = CODE3D_LENGTHS.index(len(text)) + 1
    plain = "".join(text[at] for at in _PLAIN_AT[: LEVELS[level - 1].code_length])
    if fault := explain_code(plain):
        return f"has the 2D part {plain!r}, which {fault}"
    height = "".join(text[at] for at in _HEIGHT_AT[: level + 2])
    return _explain_digits(height, scheme or HeightScheme("B")) or _explain_layers(height, scheme)


def _explain_digits(height: str, scheme: HeightScheme) -> str:
    if height[0] not in "01":
        return f"has height sign {height[0]!r}, not 0 or 1"
    if not (height[1:3].isdigit() and int(height[1:3]) < scheme.radices[0]):
        return f"has height digits {height[1:3]!r} at level 1; 00-63 fit"
    for level, digit in enumerate(height[3:], start=2):
        limit = scheme.radices[level - 1]
        if digit not in HEIGHT_DIGITS[:limit]:
            other = "; it may be of reading B or C" if digit == "F" and limit == 15 else ""
            last = HEIGHT_DIGITS[limit - 1]
            return f"has height digit {digit!r} at level {level}; 0-{last} fit{other}"
    return ""


def _explain_layers(height: str, scheme: HeightScheme | None) -> str:
    if scheme is None:
        return ""
    digits = np.frombuffer(height.encode(), dtype=np.uint8).reshape(1, -1)
    sign, word, _ = scheme.read_digits(digits)
    first, stop = scheme.to_layers(sign, word, len(height) - 2)
    if first[0] < stop[0]:
        return ""
    if sign[0] == 1 and word[0] == 0 and scheme.negative == "sign-magnitude":
        return "has the height minus zero, which does not exist"
    if scheme.reading == "C":
        return "has a height minute or second above 59"
    return f"has a height beyond {MAX_LAYERS} layers (256 degrees)"
