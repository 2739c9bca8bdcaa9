"""Characters of codes to cells, by table, and what is wrong with a code in words.

Source: GB/T 39409-2020, clause 5.2, Figs. 2-8 and 10.
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Int64s, Strings, in_chunks
from gridcontainer.grid.characters import (
    DIGITS,
    ROWS,
    Bytes,
    digit_table,
    flat_texts,
    text_of,
    texts_to_bytes,
)
from gridcontainer.grid.levels import (
    CODE_LENGTHS,
    INVALID_CELL,
    LEVELS,
    MAX_POLAR_LEVEL,
    Level,
)
from gridcontainer.grid.polar import POLAR_DIGITS

_HEMISPHERE = digit_table("NS")
_ROW = digit_table(ROWS)
_ROW[ord("0")] = 32  # stands where the polar caps have no row; its low five bits are 0
_POLAR_LABELS = [f"{int(digits) >> 3}{int(digits) & 7}" for digits in POLAR_DIGITS]
_LEVEL_OF_LENGTH = np.zeros(LEVELS[-1].code_length + 2, dtype=np.int64)
_LEVEL_OF_LENGTH[list(CODE_LENGTHS)] = range(1, len(LEVELS) + 1)


def read_codes(codes: ArrayLike) -> tuple[Int64s, Int64s, tuple[int, ...]]:
    """Flat cells and levels of codes, and the shape of the codes.

    Returns:
        ``INVALID_CELL`` (-1) and level 0 for a code with a fault.
    """
    texts, lengths, shape = flat_texts(codes, LEVELS[-1].code_length + 1)
    levels = _LEVEL_OF_LENGTH[np.minimum(lengths, len(_LEVEL_OF_LENGTH) - 1)]
    cells = in_chunks(_read, texts, levels, out=np.empty(len(texts), dtype=np.int64))
    levels[cells == INVALID_CELL] = 0
    return cells, levels, shape


def _read(texts: Strings, levels: Int64s) -> Int64s:
    """Cells of codes whose levels their lengths have told; 0 is no level."""
    characters = texts_to_bytes(texts)
    present = np.unique(levels)
    if len(present) == 1 and present[0] > 0:
        return read_level(characters, LEVELS[present[0] - 1])
    cells = np.full(len(levels), INVALID_CELL, dtype=np.int64)
    for level in present[present > 0]:
        chosen = levels == level
        cells[chosen] = read_level(characters[chosen], LEVELS[level - 1])
    return cells


def read_level(characters: Bytes, level: Level) -> Int64s:
    """Cells of one level; a table gives -1 for a fault, so that the sign bit gathers them."""
    hemisphere = _HEMISPHERE[characters[:, 0]]
    zone, row = _zones()[_pair(characters, 1)], _ROW[characters[:, 3]]
    polar = (zone == 0) & (row == 32)
    faults = hemisphere | zone | row | -((zone == 0) ^ (row == 32)).astype(np.int64)
    cells = (hemisphere << 63) | (zone << 57) | ((row & 31) << 52)
    for step in LEVELS[1 : level.number]:
        if step.is_z_index:
            values = _groups(step)[characters[:, step.code_length - 1]]
        else:
            values = _groups(step)[_pair(characters, step.code_length - 2)]
        faults |= values
        cells |= values << step.shift
    cells = np.where(faults < 0, INVALID_CELL, cells)
    if polar.any():
        cells[polar] = _read_polar(characters[polar], hemisphere[polar], level)
    return cells


def _read_polar(characters: Bytes, hemisphere: Int64s, level: Level) -> Int64s:
    """Cells of codes that begin with N000 or S000."""
    if level.number > MAX_POLAR_LEVEL:
        return np.full(len(characters), INVALID_CELL, dtype=np.int64)
    digits = np.zeros(len(characters), dtype=np.int64)
    if level.number == MAX_POLAR_LEVEL:
        digits = _polar_digits()[_pair(characters, 4)]
    cells = (hemisphere << 63) | (digits << LEVELS[1].shift)
    return np.where((hemisphere | digits) < 0, INVALID_CELL, cells)


def _pair(characters: Bytes, at: int) -> Int64s:
    """Two characters as one index of a table of pairs."""
    return characters[:, at].astype(np.int64) << 7 | characters[:, at + 1]


def _pair_table(values: dict[str, int]) -> Int64s:
    table = np.full(1 << 14, -1, dtype=np.int64)
    for text, value in values.items():
        for written in {text, text.lower(), text[0] + text[1].lower(), text[0].lower() + text[1]}:
            table[ord(written[0]) << 7 | ord(written[1])] = value
    return table


@cache
def _zones() -> Int64s:
    return _pair_table({f"{zone:02d}": zone for zone in range(61)})


@cache
def _polar_digits() -> Int64s:
    return _pair_table(dict(zip(_POLAR_LABELS, POLAR_DIGITS.tolist(), strict=True)))


@cache
def _groups(level: Level) -> Int64s:
    """Value of a group by its digit (Z index) or its pair of digits; -1 for a fault."""
    if level.is_z_index:
        return digit_table(DIGITS[: level.children])
    columns, rows = DIGITS[: level.columns], DIGITS[: level.rows]
    return _pair_table(
        {a + b: level.digit_value(i, j) for i, a in enumerate(columns) for j, b in enumerate(rows)}
    )


def raise_first_fault(codes: ArrayLike, cells: Int64s) -> None:
    """Raise for the first code that gave no cell.

    Raises:
        CodeError: names the count, and index, text and fault of the first.
    """
    faulty = np.flatnonzero(cells == INVALID_CELL)
    if faulty.size:
        first = int(faulty[0])
        code = text_of(np.asarray(codes).reshape(-1)[first])
        raise CodeError(
            f"{faulty.size} of {cells.size} codes are faulty; the first is index {first}, "
            f"{code[:40]!r}: {explain_code(code)}"
        )


def explain_code(code: str) -> str:
    """The first fault of one code in words; ``""`` where it has none."""
    text = code.upper()
    if not code.isascii():
        return "has a character that is not ASCII"
    if len(text) not in CODE_LENGTHS:
        lengths = ", ".join(map(str, CODE_LENGTHS))
        return f"has {len(text)} characters; a code has one of {lengths}"
    return _explain_head(text) or _explain_groups(text)


def _explain_head(text: str) -> str:
    if text[0] not in "NS":
        return f"begins with {text[0]!r}, not N or S"
    if text[1:4] == "000":
        return ""
    if not (text[1:3].isdigit() and 1 <= int(text[1:3]) <= 60):
        return f"has zone {text[1:3]!r}; zones are 01-60"
    return "" if text[3] in ROWS else f"has row {text[3]!r}; rows are A-V"


def _explain_groups(text: str) -> str:
    if text[1:4] == "000":
        if len(text) > LEVELS[MAX_POLAR_LEVEL - 1].code_length:
            return f"is of a polar cap, which has levels 1-{MAX_POLAR_LEVEL} only"
        drawn = text[4:] in {"", *_POLAR_LABELS}
        return "" if drawn else f"has polar cell {text[4:]!r}, which is not drawn"
    for level in LEVELS[1:]:
        group = text[LEVELS[level.number - 2].code_length : level.code_length]
        limits = (level.children,) if level.is_z_index else (level.columns, level.rows)
        for digit, limit in zip(group, limits, strict=False):
            if digit not in DIGITS[:limit]:
                return f"has {digit!r} in its level-{level.number} group; 0-{DIGITS[limit - 1]} fit"
    return ""
