"""Cells that lie wholly inside polygons: as coarse as they fit.

A cell without a piece of the border inside it lies wholly inside or wholly outside. Which one is
told by its middle: rings are crossed an odd number of times on the way to it along its row. So the
cells of the border are opened level by level, and no cell is tested against a polygon.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.border import Border
from gridcontainer.grid.cover.edges import edge, place
from gridcontainer.grid.cover.frame import Frame, contains, is_ordinary, make_frame
from gridcontainer.grid.cover.pieces import Segments, ragged
from gridcontainer.grid.levels import LEVELS, Level
from gridcontainer.grid.packing import index_to_cell

CHUNK_CELLS: Final = 1 << 22


@dataclass(frozen=True)
class Interior:
    """Cells of one level inside polygons."""

    number: int
    part: Int64s
    cell: Int64s


class Parity:
    """Tells whether the middle of a cell lies inside the rings of its part."""

    def __init__(self, segments: Segments, frame: Frame) -> None:
        """Cross the middle line of each row of cells with all segments."""
        self.frame = frame
        level = frame.level
        low, high = np.minimum(segments.y1, segments.y2), np.maximum(segments.y1, segments.y2)
        first, last = _first_middle(low, level.height), _first_middle(high, level.height)
        segment, step = ragged(last - first)
        row = first[segment] + step
        of = segments[segment]
        middle = _middle(row, level.height)
        x = of.x1 + (middle - of.y1) / (of.y2 - of.y1) * (of.x2 - of.x1)
        self.keys = np.sort(frame.key(of.part, _first_middle(x, level.width), row))

    def __call__(self, keys: Int64s) -> Bools:
        """True for cells whose middle is inside; each row is crossed an even number of times."""
        odd: Bools = np.searchsorted(self.keys, keys, "right") & 1 == 1
        return odd


def _first_middle(degrees: Float64s, size: int) -> Int64s:
    """The first global column (or row) whose middle is not below a coordinate."""
    floor = place(np.clip(degrees, -180.0, 180.0)).at(size).floor
    first: Int64s = floor + (_middle(floor, size) < degrees)
    return first


def _middle(index: Int64s, size: int) -> Float64s:
    return (edge(index, size) + edge(index + 1, size)) / 2.0


def find_interior(border: Border, segments: Segments) -> Iterator[Interior]:
    """Cells inside polygons, coarsest first, down to the level of the border.

    Args:
        border: of the polygons, at the finest level.
        segments: of all rings.
    """
    frame, cut = make_frame(border.bounds, 1), np.empty(0, dtype=np.int64)
    for level in LEVELS[: border.frame.level.number]:
        above, opened = frame, cut
        frame, cut = border.inside_at(level.number)
        parity = Parity(segments, frame)
        if level.number == 1:
            part, column, row = frame.unpack(_whole_frame(frame))
            found = [_outside_border(frame, cut, parity, part, column, row)]
        else:
            step = max(CHUNK_CELLS // level.children, 1)
            found = [
                _inside_children(above, opened[start : start + step], frame, cut, parity)
                for start in range(0, len(opened), step)
            ]
        for part, column, row in found:
            yield Interior(level.number, part, index_to_cell(column, row, level.number))


def _whole_frame(frame: Frame) -> Int64s:
    return np.arange(frame.offset[-1], dtype=np.int64)


def _outside_border(
    frame: Frame, cut: Int64s, parity: Parity, part: Int64s, column: Int64s, row: Int64s
) -> tuple[Int64s, Int64s, Int64s]:
    keys = frame.key(part, column, row)
    chosen = parity(keys) & ~contains(cut, keys) & is_ordinary(row, frame.level.number)
    return part[chosen], column[chosen], row[chosen]


def _inside_children(
    above: Frame, opened: Int64s, frame: Frame, cut: Int64s, parity: Parity
) -> tuple[Int64s, Int64s, Int64s]:
    """Children of cells that are inside, without a test of each."""
    level = frame.level
    part, column, row = above.unpack(opened)
    column, row = column * level.columns, row * level.rows
    rows = row[:, None] + np.arange(level.rows, dtype=np.int64)
    before = frame.key(part[:, None], column[:, None] - 1, rows)
    toggles = np.zeros((len(opened), level.rows, level.columns), dtype=np.uint8)
    toggles[:, :, 0] = parity(before)
    np.add.at(toggles.reshape(-1), _child_places(above, opened, frame, parity.keys), 1)
    inside = np.cumsum(toggles, axis=2, dtype=np.uint8) & 1
    inside.reshape(-1)[_child_places(above, opened, frame, cut)] = 0
    parent, j, i = np.nonzero(inside)
    return part[parent], column[parent] + i, row[parent] + j


def _child_places(above: Frame, opened: Int64s, frame: Frame, keys: Int64s) -> Int64s:
    """Places of cells among all children of the opened cells; of those that are such children."""
    level: Level = frame.level
    part, column, row = frame.unpack(keys)
    parent = above.key(part, column // level.columns, row // level.rows)
    found = contains(opened, parent)
    at = np.searchsorted(opened, parent[found])
    j, i = row[found] % level.rows, column[found] % level.columns
    places: Int64s = (at * level.rows + j) * level.columns + i
    return places
