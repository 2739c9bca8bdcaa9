"""Cells as 64-bit integers: positions to cells, cells to bounds, parents and children.

The integer packs the groups of the code, coarsest first (``packing.py``). A parent is the same
integer with its low bits cleared; all descendants of a cell are one range of integers; integer
order is code order inside a hemisphere (southern cells are negative as int64 and come first). The
level is not in the integer.

Source: GB/T 39409-2020, clauses 5-6, for the cells; the integer is this project's own.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import (
    Bools,
    Float64s,
    Int64s,
    OnInvalid,
    broadcast_floats,
    flat_cells,
    in_chunks,
    require_at_most,
    shaped,
)
from gridcontainer.grid.coordinates import (
    MAX_LONGITUDE_UNITS,
    POLAR_LATITUDE_UNITS,
    can_encode,
    degrees_to_units,
    require_encodable,
    units_to_degrees,
)
from gridcontainer.grid.levels import (
    INVALID_CELL,
    LEVELS,
    MAX_LEVEL,
    MAX_POLAR_LEVEL,
    Level,
    get_level,
)
from gridcontainer.grid.packing import cell_to_units, is_west, units_to_cell
from gridcontainer.grid.polar import (
    POLAR_DIGITS,
    is_polar,
    is_valid_polar,
    polar_bounds,
    units_to_polar_cell,
)

MAX_CELLS: Final = 10_000_000  # largest answer that a function makes unless told otherwise


def _encode(lon: Float64s, lat: Float64s, level: int) -> Int64s:
    valid = can_encode(lon, lat, level)
    if not valid.all():
        lon, lat = np.where(valid, lon, 0.0), np.where(valid, lat, 0.0)
    west, south = lon < 0.0, lat < 0.0
    x = np.minimum(degrees_to_units(np.abs(lon)), MAX_LONGITUDE_UNITS)
    y = degrees_to_units(np.abs(lat))
    if level <= MAX_POLAR_LEVEL and (polar := y >= POLAR_LATITUDE_UNITS).any():
        cell = units_to_cell(x, west, np.where(polar, 0, y), south)
        cell[polar] = units_to_polar_cell(x[polar], west[polar], y[polar], south[polar], level)
    else:
        cell = units_to_cell(x, west, y, south)
    cell &= get_level(level).mask
    if not valid.all():
        cell[~valid] = INVALID_CELL
    return cell


def lonlat_to_cell(
    lon: ArrayLike, lat: ArrayLike, level: int, *, on_invalid: OnInvalid = "raise"
) -> Int64s:
    """Cells that hold the positions.

    Args:
        lon: degrees, CGCS2000 or WGS 84, in [-180, 180]; any shape, broadcast with ``lat``.
        lat: degrees in [-90, 90]; from 88 on the polar cap, which has levels 1 and 2 only.
        level: 1-10.
        on_invalid: ``"mark"`` gives ``INVALID_CELL`` (-1) for a position that has no cell.

    Returns:
        int64 of the common shape; an ``int`` for scalars. A cell owns its edges that are nearer
        to the equator and to Greenwich; 0 is north and east; +-180 are in zones 60 and 01.

    Raises:
        CoordinateError: a position has no cell (and ``on_invalid`` is ``"raise"``).
        CodeError: no such level.
    """
    number = get_level(level).number
    (lon_, lat_), shape = broadcast_floats(lon, lat)
    if on_invalid == "raise":
        require_encodable(lon_, lat_, number)
    out = np.empty(len(lon_), dtype=np.int64)
    return shaped(in_chunks(lambda x, y: _encode(x, y, number), lon_, lat_, out=out), shape)


def is_valid_cell(cells: ArrayLike, level: int) -> Bools:
    """True where the integer is a cell of that level: every group in range, no bits below it."""
    number = get_level(level).number
    flat, shape = flat_cells(cells)
    out = np.empty(len(flat), dtype=np.bool_)
    return shaped(in_chunks(lambda piece: _is_valid(piece, number), flat, out=out), shape)


def _is_valid(cells: Int64s, level: int) -> Bools:
    _, _, ordinary = cell_to_units(cells, level)
    valid: Bools = ordinary & (cells & ~LEVELS[level - 1].mask == 0)
    if level <= MAX_POLAR_LEVEL:
        valid |= is_polar(cells) & is_valid_polar(cells, level)
    return valid


def require_cells(cells: Int64s, level: int) -> None:
    """Raise for the first integer that is no cell of that level.

    Raises:
        CodeError: names the count, and index and value of the first.
    """
    bad = np.flatnonzero(~np.asarray(is_valid_cell(cells, level)))
    if bad.size:
        raise CodeError(
            f"{bad.size} of {cells.size} integers are no level-{level} cells; "
            f"the first is index {bad[0]}: {cells[bad[0]]}"
        )


def cell_bounds(cells: Int64s, level: int) -> Float64s:
    """(n, 4) west, south, east, north of flat, valid cells, in degrees."""
    out = np.empty((4, len(cells)), dtype=np.float64).T
    return in_chunks(lambda piece: _bounds(piece, get_level(level)), cells, out=out)


def _bounds(cells: Int64s, level: Level) -> Float64s:
    x, y, _ = cell_to_units(cells, level.number)
    x = np.where(is_west(cells), -level.width - x, x)
    y = np.where(cells < 0, -level.height - y, y)
    bounds = np.empty((4, len(cells)), dtype=np.float64).T
    for edge, units in enumerate((x, y, x + level.width, y + level.height)):
        bounds[:, edge] = units_to_degrees(units)
    if level.number <= MAX_POLAR_LEVEL and (polar := is_polar(cells)).any():
        bounds[polar] = polar_bounds(cells[polar], level.number)
    return bounds


def cell_to_bounds(cells: ArrayLike, level: int) -> tuple[Float64s, Float64s, Float64s, Float64s]:
    """West, south, east and north edges in degrees, each of the shape of ``cells``.

    Only the cells of a polar cap that cross the antimeridian have west > east.

    Raises:
        CodeError: an integer is no cell of that level.
    """
    flat, shape = flat_cells(cells)
    require_cells(flat, level)
    west, south, east, north = cell_bounds(flat, level).T
    return shaped(west, shape), shaped(south, shape), shaped(east, shape), shaped(north, shape)


def cell_to_center(cells: ArrayLike, level: int) -> tuple[Float64s, Float64s]:
    """Longitude and latitude of the middle of each cell, in degrees.

    The middle of the cell around a pole is the pole, at longitude 0.

    Raises:
        CodeError: an integer is no cell of that level.
    """
    flat, shape = flat_cells(cells)
    require_cells(flat, level)
    lon, lat = bounds_to_center(cell_bounds(flat, level))
    return shaped(lon, shape), shaped(lat, shape)


def bounds_to_center(bounds: Float64s) -> tuple[Float64s, Float64s]:
    """Middle of (n, 4) cell bounds; the pole for a cell around it."""
    west, south, east, north = bounds.T
    lon = (west + np.where(west > east, east + 360.0, east)) / 2.0
    lon = np.where(lon > 180.0, lon - 360.0, lon)
    at_pole = east - west == 360.0
    return lon, np.where(at_pole, np.sign(south) * 90.0, (south + north) / 2.0)


def cell_to_parent(cells: ArrayLike, level: int) -> Int64s:
    """The ancestors at ``level``: the same integers with the bits of the finer levels cleared.

    The level of ``cells`` is not asked for; they must be of that level or a finer one. The integer
    of a coarser cell cannot be told from that of its first descendant, and is given back as it is.

    Raises:
        CodeError: an integer is a cell of no level, or a polar one that has no such ancestor.
    """
    flat, shape = flat_cells(cells)
    _require_descendants(flat, get_level(level).number)
    return shaped(flat & get_level(level).mask, shape)


def _require_descendants(cells: Int64s, level: int) -> None:
    """Raise for the first integer that cannot have an ancestor of that level."""
    finest = MAX_POLAR_LEVEL if level <= MAX_POLAR_LEVEL else MAX_LEVEL
    valid = np.empty(len(cells), dtype=np.bool_)
    in_chunks(lambda piece: _is_valid(piece, MAX_LEVEL), cells, out=valid)
    rest = np.flatnonzero(~valid)  # cells of a polar cap have levels 1 and 2 only
    bad = rest[~(is_polar(cells[rest]) & _is_valid(cells[rest], finest))]
    if bad.size:
        raise CodeError(
            f"{bad.size} of {cells.size} integers are no cells of level {level} or finer; "
            f"the first is index {bad[0]}: {cells[bad[0]]}"
        )


def cell_to_children(
    cells: ArrayLike,
    level: int,
    child_level: int | None = None,
    *,
    max_cells: int = MAX_CELLS,
) -> Int64s:
    """All descendants at ``child_level`` (default: the next one), in code order.

    Returns:
        int64 of the shape of ``cells`` with one more axis of the number of descendants.

    Raises:
        CodeError: ``child_level`` is not finer than ``level``, a polar cell has no children of
            that level, an integer is no cell, or there are more than ``max_cells`` descendants.
    """
    target = level + 1 if child_level is None else child_level
    if get_level(target).number <= get_level(level).number:
        raise CodeError(f"children of level {level} are finer; level {target} is not")
    flat, shape = flat_cells(cells)
    require_cells(flat, level)
    polar = bool(is_polar(flat).any())
    count = (
        len(POLAR_DIGITS) if polar else math.prod(step.children for step in LEVELS[level:target])
    )
    require_at_most(count * len(flat), max_cells, "ask for a coarser child_level or fewer cells")
    if polar:
        return _polar_children(flat, level, target).reshape(*shape, count)
    children = flat[:, None]
    for step in LEVELS[level:target]:
        groups = np.arange(step.children, dtype=np.int64) << step.shift
        children = (children[:, :, None] | groups).reshape(
            len(flat), children.shape[1] * step.children
        )
    return children.reshape(*shape, count)


def _polar_children(cells: Int64s, level: int, child_level: int) -> Int64s:
    if child_level > MAX_POLAR_LEVEL or not is_polar(cells).all():
        raise CodeError(
            f"the polar caps have levels 1-{MAX_POLAR_LEVEL} only; ask for polar and ordinary "
            f"cells apart, and for no children of level {child_level}"
        )
    return cells[:, None] | (POLAR_DIGITS << LEVELS[1].shift)


def cell_to_range(cells: ArrayLike, level: int) -> tuple[Int64s, Int64s]:
    """First and last integer (both included) of all descendants of each cell, at any level."""
    flat, shape = flat_cells(cells)
    return shaped(flat, shape), shaped(flat | ~get_level(level).mask, shape)
