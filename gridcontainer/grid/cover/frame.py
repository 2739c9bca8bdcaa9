"""Cells of one level around each part of a batch, numbered so that a row's cells follow each other.

One integer stands for (part, row, column): sets of cells of many geometries are then sorted arrays.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.edges import place
from gridcontainer.grid.levels import LEVELS, Level, get_level
from gridcontainer.grid.packing import half_rows

LARGEST: Final = 1 << 61  # cells of the frames of a batch, about; one part may have more


@dataclass(frozen=True)
class Frame:
    """A box of columns and rows around each part; whole cells of the level above, and a margin.

    Attributes:
        level: of the cells.
        column0, row0: western column and southern row of each part.
        columns: of each part.
        offset: number of the first cell of each part, and of the cell after the last one.
    """

    level: Level
    column0: Int64s
    row0: Int64s
    columns: Int64s
    offset: Int64s

    def key(self, part: Int64s, column: Int64s, row: Int64s) -> Int64s:
        """Numbers of cells within the frame."""
        key: Int64s = self.offset[part] + (row - self.row0[part]) * self.columns[part]
        return key + (column - self.column0[part])

    def part(self, key: Int64s) -> Int64s:
        """Parts of numbers."""
        part: Int64s = np.searchsorted(self.offset, key, "right") - 1
        return part

    def unpack(self, key: Int64s) -> tuple[Int64s, Int64s, Int64s]:
        """Parts, global columns and global rows of numbers."""
        part = self.part(key)
        row, column = np.divmod(key - self.offset[part], self.columns[part])
        return part, column + self.column0[part], row + self.row0[part]


def frame_size(bounds: Float64s, number: int) -> Float64s:
    """Cells of the frame of each part at a level, as floating point (they may overflow)."""
    _, _, columns, rows = _extent(bounds, get_level(number))
    return columns.astype(np.float64) * rows


def make_frame(bounds: Float64s, number: int) -> Frame:
    """The frame of parts at a level.

    Args:
        bounds: (n, 4) west, south, east, north of each part, degrees.
        number: the level, 1-10.
    """
    level = get_level(number)
    column0, row0, columns, rows = _extent(bounds, level)
    offset = np.concatenate([[0], np.cumsum(columns * rows)])
    return Frame(level, column0, row0, columns, offset)


def _extent(bounds: Float64s, level: Level) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    above = LEVELS[max(level.number - 2, 0)]
    start, count = [], []
    for low, high, size, step in (
        (bounds[:, 0], bounds[:, 2], above.width, above.width // level.width),
        (bounds[:, 1], bounds[:, 3], above.height, above.height // level.height),
    ):
        first, last = (place(low).floor - 1) // size, (place(high).floor + 1) // size
        start.append(first * step - 1)
        count.append((last - first + 1) * step + 2)
    return start[0], start[1], count[0], count[1]


def is_ordinary(row: Int64s, number: int) -> Bools:
    """True for global rows below 88 degrees."""
    half = half_rows(number)
    ordinary: Bools = (row >= -half) & (row < half)
    return ordinary


def distinct(keys: Int64s) -> Int64s:
    """Sorted numbers, each once; quicker than ``np.unique`` on what is nearly in order."""
    ordered = np.sort(keys)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(keys) else ordered


def contains(keys: Int64s, wanted: Int64s) -> Bools:
    """True for each wanted number that is in the sorted, unique ones."""
    at = np.searchsorted(keys, wanted)
    found: Bools = np.append(keys, -1)[at] == wanted
    return found
