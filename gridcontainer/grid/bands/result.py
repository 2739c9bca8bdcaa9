"""What bands of polygons hold: rows, and the edges of each row."""

from dataclasses import dataclass

import numpy as np

from gridcontainer.errors import CoverError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.columns import Columns

FAR = 1000.0  # degrees: beyond every coordinate


class TooManyEdgesError(CoverError):
    """More edges of a polygon meet in one place than a row can hold."""


@dataclass(frozen=True)
class Rows(Columns):
    """Rectangles of bands. A point lies in at most one of those of its band and polygon.

    Attributes:
        key: the band, ``BandLevels.keys``.
        part: index of the polygon.
        west, south, east, north: of the rectangle, degrees; west and south belong to it, east and
            north do not.
        is_inside: whether the points of the rectangle lie in the polygon, if no edge is crossed on
            the way to the west.
    """

    key: Int64s
    part: Int64s
    west: Float64s
    south: Float64s
    east: Float64s
    north: Float64s
    is_inside: Bools


@dataclass(frozen=True)
class Edges(Columns):
    """Edges to compare points with; also upright ones far in the west, that turn ``is_inside``.

    Attributes:
        row: index of the row.
        low, high: latitudes of the ends, degrees; ``low`` belongs to the edge, ``high`` does not.
        x_low, x_high: longitudes of the ends; the western one first in a level edge.
    """

    row: Int64s
    low: Float64s
    high: Float64s
    x_low: Float64s
    x_high: Float64s

    @property
    def is_turn(self) -> Bools:
        """True for those far in the west."""
        turns: Bools = self.x_low == -FAR
        return turns


def turns_at(row: Int64s, y: Float64s) -> Edges:
    """Upright edges far in the west, from latitudes on."""
    far = np.full(len(row), -FAR)
    return Edges(row, y, -far, far, far)


@dataclass(frozen=True)
class Bands:
    """Rows of polygons, and their edges sorted by row.

    A point of a row lies on the boundary if it lies on an edge. Else it lies in the polygon if
    ``is_inside``, turned once for each edge with ``low <= y < high`` that it lies east of.
    """

    rows: Rows
    edges: Edges

    def counts(self) -> Int64s:
        """Edges of each row."""
        return np.bincount(self.edges.row, minlength=len(self.rows))
