"""The characters of cells, by table: each field of the integer is a word of the code.

Source: GB/T 39409-2020, clause 5.2, Figs. 2-8 and 10.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Int64s, Strings, in_chunks
from gridcontainer.grid.characters import DIGITS, ROWS, Bytes, bytes_to_texts
from gridcontainer.grid.levels import INVALID_CELL, LEVELS, get_level

CODE_LENGTH: Final = LEVELS[-1].code_length


@cache
def _writing_tables() -> tuple[NDArray[np.uint32], ...]:
    """Characters by bit field: fields of one, two or three levels make words of 4 + 8 + 4 + 4."""

    def words(texts: list[str], at: int = 0, width: int = 4) -> NDArray[np.uint32]:
        padded = "".join(("\0" * at + text).ljust(width, "\0") for text in texts)
        return np.frombuffer(padded.encode(), dtype=np.uint32 if width == 4 else np.uint64)

    def pairs(columns: int, rows: int) -> list[str]:
        return [DIGITS[a] + DIGITS[b] for a in range(columns) for b in range(rows)]

    heads = [_head(field) for field in range(1 << 12)]
    level_2 = [*pairs(12, 8), *["??"] * 32]
    level_3 = [*DIGITS[:6], *"??"]
    level_4 = [*pairs(15, 10), *["??"] * 106]
    level_5 = [*pairs(15, 15), *["??"] * 31]
    octal = [a + b for a in pairs(8, 8) for b in pairs(8, 8)]
    return (
        words(heads),
        words([a + b for a in level_2 for b in level_3], 0, 8),
        words(level_4, 3, 8),
        words([a + b for a in level_5 for b in DIGITS[:4]], 5, 8),
        words(octal),
    )


def _head(field: int) -> str:
    """Hemisphere, zone and row of the top 12 bits; ``?`` where there is no such cell."""
    hemisphere, zone, row = "NS"[field >> 11], field >> 5 & 0x3F, field & 0x1F
    if zone == 0 and row == 0:
        return f"{hemisphere}000"
    return f"{hemisphere}{zone:02d}{ROWS[row]}" if 1 <= zone <= 60 and row < 22 else "????"


def write_codes(cells: Int64s) -> Bytes:
    """(n, 20) characters of the level-10 codes of valid cells."""
    head, level_2_3, level_4, level_5_6, octal = _writing_tables()
    out = np.empty((len(cells), 5), dtype=np.uint32)
    out[:, 0] = head[(cells >> 52) & 0xFFF]
    middle = level_2_3[(cells >> 42) & 0x3FF] | level_4[(cells >> 34) & 0xFF]
    middle |= level_5_6[(cells >> 24) & 0x3FF]
    out[:, 1:3] = middle.view(np.uint32).reshape(-1, 2)
    out[:, 3] = octal[(cells >> 12) & 0xFFF]
    out[:, 4] = octal[cells & 0xFFF]
    return out.view(np.uint8).reshape(-1, CODE_LENGTH)


def cells_to_text(cells: Int64s, level: int) -> Strings:
    """Codes of a flat array of valid cells of one level; ``""`` for ``INVALID_CELL``."""
    length = get_level(level).code_length
    out = np.empty(len(cells), dtype=f"U{length}")
    return in_chunks(lambda piece: _to_text(piece, length), cells, out=out)


def _to_text(cells: Int64s, length: int) -> Strings:
    invalid = cells == INVALID_CELL
    characters = write_codes(np.where(invalid, 0, cells) if invalid.any() else cells)[:, :length]
    characters[invalid] = 0
    return bytes_to_texts(characters)
