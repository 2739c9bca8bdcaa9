"""Boxes of degrees to the cells in them.

Source: GB/T 39409-2020, clause 5, for the cells; what a box takes is this project's own.
"""

from dataclasses import dataclass

import numpy as np

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Int64s, Strings, require_at_most
from gridcontainer.grid.cell import MAX_CELLS
from gridcontainer.grid.code_writing import cells_to_text
from gridcontainer.grid.coordinates import degrees_to_units, units_to_degrees
from gridcontainer.grid.levels import (
    MAX_POLAR_LEVEL,
    POLAR_LATITUDE,
    UNITS_PER_DEGREE,
    get_level,
)
from gridcontainer.grid.packing import half_columns, half_rows, index_to_any_cell, index_to_cell

_EAST_END, _NORTH_END = 180 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE


@dataclass(frozen=True)
class UnitBox:
    """The units of 1/2048 arc-second that a box takes, counted from Greenwich and the equator.

    A unit is the step of the global columns and rows of level 10: 0 is the first one east or
    north, -1 the first one west or south.

    Attributes:
        columns: one range, or two where the box crosses the antimeridian.
        rows: south to north, polar caps included.
    """

    columns: tuple[range, ...]
    rows: range

    def columns_at(self, level: int) -> list[range]:
        """Global columns at a level; two ranges that meet or overlap become the whole circle."""
        width, half = get_level(level).width, half_columns(level)
        found = [_coarser(units, width) for units in self.columns]
        if len(found) == 2 and found[1].stop >= found[0].start:
            return [range(-half, half)]
        return found

    def rows_at(self, level: int) -> range:
        """Global rows at a level, those below 88 degrees only."""
        rows, half = _coarser(self.rows, get_level(level).height), half_rows(level)
        return range(max(rows.start, -half), min(rows.stop, half))

    def polar_cells(self, level: int) -> Int64s:
        """Polar cells at a level, each once; none at levels above 2."""
        if level > MAX_POLAR_LEVEL:
            return np.empty(0, dtype=np.int64)
        half = half_rows(level)
        rows = [r for r in _coarser(self.rows, get_level(level).height) if not -half <= r < half]
        column, row = _grid(self.columns_at(level), rows)
        found: Int64s = np.unique(index_to_any_cell(column, row, level))
        return found

    def count(self, level: int) -> int:
        """Cells at a level."""
        ordinary = sum(map(len, self.columns_at(level))) * len(self.rows_at(level))
        return ordinary + len(self.polar_cells(level))


def _coarser(units: range, size: int) -> range:
    return range(units.start // size, (units.stop - 1) // size + 1)


def _grid(columns: list[range], rows: range | list[int]) -> tuple[Int64s, Int64s]:
    """Columns and rows of all cells, column by column."""
    every = np.concatenate([np.arange(part.start, part.stop, dtype=np.int64) for part in columns])
    return np.repeat(every, len(rows)), np.tile(np.array(rows, dtype=np.int64), len(every))


def bounds_to_units(
    west: float, south: float, east: float, north: float, level: int, *, include_edges: bool = True
) -> UnitBox:
    """The units of a closed box; see ``bounds_to_cells``.

    Raises:
        CoordinateError: no such box, or a part of it has no cells of that level.
    """
    _require_box(west, south, east, north)
    _require_below_caps(south, north, level, include_edges)
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    if not include_edges:
        parts = [part for part in parts if part[0] < part[1]] or parts
    columns = tuple(_units_between(*part, _EAST_END, include_edges) for part in parts)
    return UnitBox(columns, _units_between(south, north, _NORTH_END, include_edges))


def _units_between(low: float, high: float, end: int, include_edges: bool) -> range:
    if include_edges or low == high:
        first, last = _owner(low), _owner(high)
    else:
        first, last = _floor(low), -_floor(-high) - 1
    # +-180 and the poles are in the last cells, also where the range is nothing but that end.
    first, last = (min(max(index, -end), end - 1) for index in (first, last))
    return range(first, last + 1)


def _owner(degrees: float) -> int:
    """The unit that owns a coordinate: the edge nearer to 0 is its own."""
    units = int(degrees_to_units(np.array([abs(degrees)]))[0])
    return ~units if degrees < 0.0 else units


def _floor(degrees: float) -> int:
    """The unit whose western or southern edge is the last one not above a coordinate."""
    units = degrees_to_units(np.array([abs(degrees)]))
    if degrees < 0.0:
        return -int(units[0]) - bool(units_to_degrees(units)[0] < -degrees)
    return int(units[0])


def _require_box(west: float, south: float, east: float, north: float) -> None:
    box = f"west={west}, south={south}, east={east}, north={north}"
    if not (abs(west) <= 180.0 and abs(east) <= 180.0):
        raise CoordinateError(f"box {box}: longitude outside [-180, 180]")
    if not (abs(south) <= 90.0 and abs(north) <= 90.0):
        raise CoordinateError(f"box {box}: latitude outside [-90, 90]")
    if south > north:
        raise CoordinateError(f"box {box}: south is above north")


def _require_below_caps(south: float, north: float, level: int, include_edges: bool) -> None:
    reach = max(-south, north)
    # A box that ends at 88 degrees shares no area with the cap, but a closed one has its edge.
    reaches = reach > POLAR_LATITUDE or (
        reach == POLAR_LATITUDE and (include_edges or south == north)
    )
    if get_level(level).number > MAX_POLAR_LEVEL and reaches:
        raise CoordinateError(
            f"box south={south}, north={north} reaches a polar cap (|latitude| >= "
            f"{POLAR_LATITUDE}), which has levels 1-{MAX_POLAR_LEVEL} only; level {level} is "
            "asked for"
        )


def bounds_to_cells(
    west: float,
    south: float,
    east: float,
    north: float,
    level: int,
    *,
    include_edges: bool = True,
    max_cells: int = MAX_CELLS,
) -> Int64s:
    """Cells of a closed box.

    Args:
        west: degrees in [-180, 180]; west > east crosses the antimeridian.
        south: degrees in [-90, 90].
        east: degrees in [-180, 180].
        north: degrees in [-90, 90]; at levels above 2 the box lies within 88 degrees, and may
            have its edge there only without ``include_edges``.
        level: 1-10.
        include_edges: ``True`` takes every cell that owns a point of the box, so that each point
            of the box encodes into the result. ``False`` takes the cells that share area with the
            box; along a side without length, those that own it.
        max_cells: a larger answer is refused.

    Returns:
        int64, 1-d, in integer order; polar cells at levels 1 and 2 among them.

    Raises:
        CoordinateError: no such box, or it reaches a polar cap at a level above 2.
        CodeError: more than ``max_cells`` cells; names the level that would fit.
    """
    box = bounds_to_units(west, south, east, north, level, include_edges=include_edges)
    _require_count(box, level, max_cells)
    column, row = _grid(box.columns_at(level), box.rows_at(level))
    ordinary = index_to_cell(column, row, level)
    return np.sort(np.concatenate([ordinary, box.polar_cells(level)]))


def _require_count(box: UnitBox, level: int, max_cells: int) -> None:
    fitting = [coarser for coarser in range(1, level) if box.count(coarser) <= max_cells]
    advice = f"level {fitting[-1]} would fit" if fitting else "no coarser level would fit"
    require_at_most(box.count(level), max_cells, f"{advice} (level {level} was asked for)")


def bounds_to_codes(
    west: float,
    south: float,
    east: float,
    north: float,
    level: int,
    *,
    include_edges: bool = True,
    max_cells: int = MAX_CELLS,
) -> Strings:
    """Codes of the cells of a closed box, in the order of ``bounds_to_cells``.

    Raises:
        CoordinateError: no such box, or it reaches a polar cap at a level above 2.
        CodeError: more than ``max_cells`` cells; names the level that would fit.
    """
    cells = bounds_to_cells(
        west, south, east, north, level, include_edges=include_edges, max_cells=max_cells
    )
    return cells_to_text(cells, level)
