"""The two levels that a band is made of, and the integer that names it."""

from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Int64s
from gridcontainer.grid.levels import LEVELS, Level
from gridcontainer.grid.packing import index_to_cell

MAX_CELL_LEVEL: Final = 8  # below it, too few bits of a cell are left for its rows
MOST_FINER: Final = 2  # levels between a band's width and its height


@dataclass(frozen=True)
class BandLevels:
    """Bands as wide as cells of one level and as high as cells of another.

    Attributes:
        cell: level of the cells, 1-8.
        row: level of the rows, ``cell`` or up to two finer.
    """

    cell: int
    row: int

    @property
    def width(self) -> int:
        """Of a band, in units of 1/2048 arc-second."""
        return LEVELS[self.cell - 1].width

    @property
    def height(self) -> int:
        """Of a band, in units of 1/2048 arc-second."""
        return LEVELS[self.row - 1].height

    @property
    def finer(self) -> tuple[Level, ...]:
        """The levels below that of the cells, down to that of the rows."""
        return LEVELS[self.cell : self.row]

    @property
    def rows(self) -> int:
        """Bands of a cell."""
        return prod(level.rows for level in self.finer)

    def keys(self, column: Int64s, row: Int64s) -> Int64s:
        """Integers that name bands: the cell, and in its free bits the row within it.

        Args:
            column: global column of the cell, counted from Greenwich.
            row: global row at the level of the rows, counted from the equator.
        """
        steps = np.where(row < 0, ~row, row) % self.rows
        keys: Int64s = index_to_cell(column, row // self.rows, self.cell) | steps
        return keys


def all_band_levels() -> list[BandLevels]:
    """All that can be chosen, coarse first."""
    return [
        BandLevels(cell, row)
        for cell in range(1, MAX_CELL_LEVEL + 1)
        for row in range(cell, min(cell + MOST_FINER, len(LEVELS)) + 1)
    ]
