"""Where coordinates lie between the edges of cells, without rounding.

An *edge index* counts the edges of one level along an axis: 0 is Greenwich or the equator, -1 the
first edge west or south of it. Edge ``i`` is the double nearest to ``i * size / 7372800`` degrees
(see ``grid.coordinates``). The *floor* of a coordinate is the last edge that is not above it.
Global column ``c`` lies between the edges ``c`` and ``c + 1``; it owns the one that is nearer to
Greenwich, but 0 belongs to the column east of it.
"""

from dataclasses import dataclass

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.coordinates import degrees_to_units, units_to_degrees
from gridcontainer.grid.cover.columns import Columns
from gridcontainer.grid.levels import UNITS_PER_DEGREE

_TOLERANCE = 2e-15  # relative; eight times the worst rounding of ``y1 + t * (y2 - y1)``


@dataclass(frozen=True)
class Places(Columns):
    """Coordinates between the edges of one level.

    Attributes:
        floor: edge index of the last edge not above each coordinate.
        is_edge: the coordinate is that edge.
    """

    floor: Int64s
    is_edge: Bools

    def at(self, size: int) -> "Places":
        """The places between the edges of a level; these are in units of 1/2048 arc-second."""
        floor = self.floor // size
        return Places(floor, self.is_edge & (floor * size == self.floor))

    @property
    def owner(self) -> Int64s:
        """Global column (or row) that owns each coordinate; not yet held within the globe."""
        owner: Int64s = self.floor - (self.is_edge & (self.floor < 0))
        return owner

    @property
    def below(self) -> Int64s:
        """Global column (or row) just west of (or below) each coordinate."""
        below: Int64s = self.floor - self.is_edge
        return below


def choose(condition: Bools, yes: Places, no: Places) -> Places:
    """Elementwise ``yes`` where the condition holds, else ``no``."""
    return Places(
        np.where(condition, yes.floor, no.floor), np.where(condition, yes.is_edge, no.is_edge)
    )


def place(degrees: Float64s) -> Places:
    """Coordinates in [-180, 180] between the edges of level 10."""
    units = degrees_to_units(np.abs(degrees))
    is_edge = units_to_degrees(units) == np.abs(degrees)
    return Places(np.where(degrees < 0.0, -units - ~is_edge, units), is_edge)


def edge(index: Int64s, size: int) -> Float64s:
    """Degrees of edges of a level whose cell has that size in units of 1/2048 arc-second."""
    return units_to_degrees(index * size)


def crossing(
    x1: Float64s, y1: Float64s, x2: Float64s, y2: Float64s, at: Float64s, size: int
) -> tuple[Places, Float64s]:
    """Where segments with ``x1 < x2`` cross ``x = at``, between the edges across.

    Decided in floating point where that is certain, else in whole numbers, so that a segment
    through a corner of a cell is known to go through it.

    Returns:
        The exact place of the crossing's y, and y rounded so that it agrees with the place.
    """
    y = y1 + (at - x1) / (x2 - x1) * (y2 - y1)
    nearest = np.rint(y * (UNITS_PER_DEGREE / size)).astype(np.int64)
    line = edge(nearest, size)
    above = line > y
    is_edge = np.zeros(len(y), dtype=np.bool_)
    doubtful = np.flatnonzero(np.abs(y - line) <= _TOLERANCE * (np.abs(y1) + np.abs(y2)))
    if doubtful.size:
        side = _exact_side(*(values[doubtful] for values in (x1, y1, x2, y2, at, line)))
        above[doubtful], is_edge[doubtful] = side > 0, side == 0
    floor = nearest - above
    y = np.where(is_edge, line, np.clip(y, edge(floor, size), edge(floor + 1, size)))
    return Places(floor, is_edge), y


def _exact_side(
    x1: Float64s, y1: Float64s, x2: Float64s, y2: Float64s, at: Float64s, line: Float64s
) -> Int64s:
    """Sign of ``line`` minus the segment's y at ``at``."""
    mantissa, exponent = np.frexp(np.stack([x1, y1, x2, y2, at, line]))
    whole = np.ldexp(mantissa, 53).astype(np.int64).astype(object)
    shift = np.where(mantissa == 0.0, 0, exponent - exponent[mantissa != 0.0].min(initial=0))
    a, b, c, d, e, f = whole << shift.astype(object)
    difference = (f - b) * (c - a) - (d - b) * (e - a)
    sign: Int64s = np.sign(difference).astype(np.int64)
    return sign
