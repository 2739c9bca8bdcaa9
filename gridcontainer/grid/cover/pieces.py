"""Straight segments, and their pieces: one for each cell that owns a point of the segment."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.columns import Columns

NO_EDGE: Final = -(1 << 62)  # no such edge index


@dataclass(frozen=True)
class Segments(Columns):
    """Segments of the paths of geometries, in the order in which they are travelled.

    Attributes:
        part: index of the geometry's part.
        path: index of the line or ring.
        x1, y1, x2, y2: from and to, degrees.
    """

    part: Int64s
    path: Int64s
    x1: Float64s
    y1: Float64s
    x2: Float64s
    y2: Float64s


@dataclass(frozen=True)
class Pieces(Columns):
    """Pieces of segments in the order in which the segments are travelled.

    Attributes:
        segment: index of the segment.
        column, row: global column and row of the cell that owns the piece.
        x_edge: edge index where the whole piece lies on an edge between columns, else ``NO_EDGE``.
        y_edge: the same between rows. A piece without both has points inside the cell.
        ends: (n, 4) x, y from and x, y to, degrees; without length for a single point.
    """

    segment: Int64s
    column: Int64s
    row: Int64s
    x_edge: Int64s
    y_edge: Int64s
    ends: Float64s

    @property
    def is_inside(self) -> Bools:
        """True where the piece has points inside its cell, not on its edges only."""
        inside: Bools = (self.x_edge == NO_EDGE) & (self.y_edge == NO_EDGE)
        return inside


def ragged(counts: Int64s) -> tuple[Int64s, Int64s]:
    """Index of the group, and index within it, of each member of groups of those sizes."""
    group = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    within = np.arange(len(group), dtype=np.int64) - (np.cumsum(counts) - counts)[group]
    return group, within
