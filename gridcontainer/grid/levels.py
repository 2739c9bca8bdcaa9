"""The ten levels of the BeiDou grid location code, as data.

A level's cell is given in *units* of 1/2048 arc-second, the finest cell of the standard, so that
every edge of every level is a whole number.

Source: GB/T 39409-2020, clause 5 (cells and code groups); the bit layout is this project's own.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Int64s

UNITS_PER_DEGREE: Final = 3600 * 2048
MAX_LEVEL: Final = 10
MAX_POLAR_LEVEL: Final = 2
POLAR_LATITUDE: Final = 88  # degrees: the ordinary grid ends here, the polar caps begin
INVALID_CELL: Final = -1  # zone 63 does not exist, so no cell has this number


@dataclass(frozen=True)
class Level:
    """One level: its cell, its place in the code and in the 64-bit integer.

    Attributes:
        number: 1-10.
        width: cell width in longitude, in units of 1/2048 arc-second.
        height: cell height in latitude, in units of 1/2048 arc-second.
        columns: children of the parent cell along a parallel.
        rows: children of the parent cell along a meridian.
        is_z_index: the group is one digit, ``column + columns * row``, not two.
        code_length: characters of a code that ends with this level's group.
        shift: bits of the integer below this level's group.
    """

    number: int
    width: int
    height: int
    columns: int
    rows: int
    is_z_index: bool
    code_length: int
    shift: int

    @property
    def children(self) -> int:
        """Cells of this level in one cell of the level above."""
        return self.columns * self.rows

    @property
    def mask(self) -> int:
        """The bits that an ancestor of this level keeps, as a signed 64-bit integer."""
        return -(1 << self.shift)

    def digit_value(self, column: int, row: int) -> int:
        """The integer that this level's group holds for one child, 0 to ``children - 1``."""
        return column + self.columns * row if self.is_z_index else column * self.rows + row


_DEGREE, _MINUTE, _SECOND = UNITS_PER_DEGREE, UNITS_PER_DEGREE // 60, 2048

LEVELS: Final = (
    Level(1, 6 * _DEGREE, 4 * _DEGREE, 60, 22, False, 4, 52),
    Level(2, 30 * _MINUTE, 30 * _MINUTE, 12, 8, False, 6, 45),
    Level(3, 15 * _MINUTE, 10 * _MINUTE, 2, 3, True, 7, 42),
    Level(4, _MINUTE, _MINUTE, 15, 10, False, 9, 34),
    Level(5, 4 * _SECOND, 4 * _SECOND, 15, 15, False, 11, 26),
    Level(6, 2 * _SECOND, 2 * _SECOND, 2, 2, True, 12, 24),
    Level(7, _SECOND // 4, _SECOND // 4, 8, 8, False, 14, 18),
    Level(8, _SECOND // 32, _SECOND // 32, 8, 8, False, 16, 12),
    Level(9, _SECOND // 256, _SECOND // 256, 8, 8, False, 18, 6),
    Level(10, 1, 1, 8, 8, False, 20, 0),
)
CODE_LENGTHS: Final = tuple(level.code_length for level in LEVELS)


def get_level(number: int) -> Level:
    """The level of that number.

    Raises:
        CodeError: the number is not a whole number from 1 to 10.
    """
    if isinstance(number, bool) or number not in range(1, MAX_LEVEL + 1):
        raise CodeError(f"level {number!r} is not a whole number from 1 to {MAX_LEVEL}")
    return LEVELS[int(number) - 1]


def only_level(levels: Int64s) -> int:
    """The one level of an array of levels; 1 where the array is empty.

    Raises:
        CodeError: there are several.
    """
    present: list[int] = np.unique(levels).tolist()
    if len(present) > 1:
        raise CodeError(f"codes are of levels {present}; ask for each level apart")
    return present[0] if present else 1


def parent_levels(levels: Int64s, level: int | None) -> Int64s:
    """Level of the ancestor of each code of a flat array: one above its own, or ``level``.

    Raises:
        CodeError: a code has no ancestor of that level.
    """
    wanted = levels - 1 if level is None else np.full_like(levels, get_level(level).number)
    without = np.flatnonzero((wanted > levels) | (wanted < 1))
    if without.size:
        first = without[0]
        raise CodeError(
            f"{without.size} of {len(levels)} codes have no ancestor of the level asked for; the "
            f"first is index {first}: level {wanted[first]} of a level-{levels[first]} code"
        )
    return wanted
