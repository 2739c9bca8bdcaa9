"""The 64-bit integer, packed and unpacked by table; and cells by global column and row.

From the top the integer holds hemisphere (1 bit, S = 1), zone (6), row (5), then the group of each
further level as the code writes it (7, 3, 8, 8, 2, 6, 6, 6, 6 bits).

Source: GB/T 39409-2020, clauses 5-6, for the groups; the packing is this project's own.
"""

from functools import cache
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Int64s
from gridcontainer.grid.levels import (
    INVALID_CELL,
    LEVELS,
    MAX_POLAR_LEVEL,
    POLAR_LATITUDE,
    UNITS_PER_DEGREE,
    get_level,
)
from gridcontainer.grid.polar import units_to_polar_cell

_SOUTH = np.int64(-(2**63))
_COARSE_SHIFT = 13  # units of a level-5 cell are 2**13: levels 6-10 are plain bits below it
_COARSE_COLUMNS = 180 * UNITS_PER_DEGREE >> _COARSE_SHIFT
_FIELDS: Final = ((1, 1), (2, 3), (4, 4), (5, 6), (7, 8), (9, 10))  # levels of each unpacking table
_X_SHIFT, _FAULT_SHIFT = 30, 61  # an unpacked word: faults (3 bits), x (31), y (30)


@cache
def _packing_tables() -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """What each part of a coordinate adds to the integer.

    Every group is a sum of a longitude part and a latitude part, so the integer of a position is
    ``coarse_lon[x >> 13] + fine_lon[x & 8191] + coarse_lat[y >> 13] + fine_lat[y & 8191]``. The
    western half of ``coarse_lon`` follows the eastern one: only the zone differs.
    """
    coarse = np.arange(_COARSE_COLUMNS, dtype=np.int64)
    fine = np.arange(1 << _COARSE_SHIFT, dtype=np.int64)
    lon, lat = _pack_groups(coarse << _COARSE_SHIFT, 2, 5)
    fine_lon, fine_lat = _pack_groups(fine, 6, 10)
    band = (coarse << _COARSE_SHIFT) // LEVELS[0].width
    zone_shift = LEVELS[0].shift + 5
    east, west = lon + ((31 + band) << zone_shift), lon + ((30 - band) << zone_shift)
    lat += (coarse << _COARSE_SHIFT) // LEVELS[0].height << LEVELS[0].shift
    return np.concatenate([east, west]), fine_lon, lat, fine_lat


def _pack_groups(units: Int64s, first: int, last: int) -> tuple[Int64s, Int64s]:
    lon, lat = np.zeros_like(units), np.zeros_like(units)
    for level in LEVELS[first - 1 : last]:
        column, row = units // level.width % level.columns, units // level.height % level.rows
        lon += column * level.digit_value(1, 0) << level.shift
        lat += row * level.digit_value(0, 1) << level.shift
    return lon, lat


def units_to_cell(x: Int64s, west: Bools, y: Int64s, south: Bools) -> Int64s:
    """Level-10 cells of absolute coordinates in units of 1/2048 arc-second, |latitude| < 88."""
    coarse_lon, fine_lon, coarse_lat, fine_lat = _packing_tables()
    cell = coarse_lon[(x >> _COARSE_SHIFT) + _COARSE_COLUMNS * west]
    cell += fine_lon[x & 0x1FFF]
    cell += coarse_lat[y >> _COARSE_SHIFT]
    cell += fine_lat[y & 0x1FFF]
    cell |= south * _SOUTH
    return cell


@cache
def _unpacking_table(first: int, last: int) -> Int64s:
    """Word of x, y and fault that each value of the bits of levels ``first``-``last`` stands for.

    The words of an integer's fields add up to the word of the cell: a fault stands above x, so
    that faults are counted (six fields fit three bits) and never mix with the coordinates.
    """
    if first == 1:
        return _head_words()
    base, values = LEVELS[last - 1].shift, np.arange(1 << _field_bits(first, last), dtype=np.int64)
    words = np.zeros_like(values)
    fits = np.ones(len(values), dtype=np.bool_)
    for level in LEVELS[first - 1 : last]:
        group = (values >> (level.shift - base)) & ((1 << _field_bits(level.number)) - 1)
        slow, quick = np.divmod(group, level.columns if level.is_z_index else level.rows)
        column, row = (quick, slow) if level.is_z_index else (slow, quick)
        words += (column * level.width << _X_SHIFT) + row * level.height
        fits &= group < level.children
    return np.where(fits, words, 1 << _FAULT_SHIFT)


def _field_bits(first: int, last: int | None = None) -> int:
    """Bits of the groups of levels ``first`` (2 or finer) to ``last``."""
    return LEVELS[first - 2].shift - LEVELS[(last or first) - 1].shift


def _head_words() -> Int64s:
    values = np.arange(1 << 12, dtype=np.int64)
    zone, row = (values >> 5) & 0x3F, values & 0x1F
    band = np.where(zone <= 30, 30 - zone, zone - 31)
    words = (band * LEVELS[0].width << _X_SHIFT) + row * LEVELS[0].height
    fits = (zone >= 1) & (zone <= 60) & (row < LEVELS[0].rows)
    return np.where(fits, words, 1 << _FAULT_SHIFT)


def cell_to_units(cells: Int64s, level: int) -> tuple[Int64s, Int64s, Bools]:
    """Corner nearest to Greenwich and the equator, in absolute units; and whether it exists.

    Returns:
        x, y and True where every group down to ``level`` is that of an ordinary cell; x and y mean
        nothing elsewhere (polar cells included). Bits below the level must be zero.
    """
    words = np.zeros(len(cells), dtype=np.int64)
    for first, last in _FIELDS:
        if first <= level:
            table = _unpacking_table(first, last)
            words += table[(cells >> LEVELS[last - 1].shift) & (len(table) - 1)]
    valid: Bools = words >> _FAULT_SHIFT == 0
    return words >> _X_SHIFT, words & ((1 << _X_SHIFT) - 1), valid


def is_west(cells: Int64s) -> Bools:
    """True for ordinary cells of the western hemisphere (zones 01-30)."""
    west: Bools = (cells >> 57) & 0x3F <= 30
    return west


def cell_to_index(cells: Int64s, level: int) -> tuple[Int64s, Int64s]:
    """Global column and row of ordinary cells.

    0 touches Greenwich from the east or the equator from the north, -1 from the west or south.
    """
    wanted = get_level(level)
    x, y, _ = cell_to_units(cells, level)
    column, row = x // wanted.width, y // wanted.height
    return np.where(is_west(cells), ~column, column), np.where(cells < 0, ~row, row)


def index_to_cell(column: Int64s, row: Int64s, level: int) -> Int64s:
    """Ordinary cells at a global column and row; both must exist."""
    wanted = get_level(level)
    west, south = column < 0, row < 0
    x = np.where(west, ~column, column) * wanted.width
    y = np.where(south, ~row, row) * wanted.height
    cells: Int64s = units_to_cell(x, west, y, south) & wanted.mask
    return cells


def half_columns(level: int) -> int:
    """Columns from Greenwich to 180 degrees; global columns run from minus this to below it."""
    return 180 * UNITS_PER_DEGREE // get_level(level).width


def half_rows(level: int) -> int:
    """Rows from the equator to 88 degrees; global rows run from minus this to below it."""
    return POLAR_LATITUDE * UNITS_PER_DEGREE // get_level(level).height


def index_to_any_cell(column: Int64s, row: Int64s, level: int) -> Int64s:
    """Cells at any global column and row, around the globe and in the polar caps.

    Columns go on past the antimeridian. At levels 1 and 2 rows go on into the polar caps, where
    the polar cell that holds the place is given, so that a large one is given many times.

    Returns:
        int64; ``INVALID_CELL`` beyond the poles, and beyond 88 degrees at levels above 2.
    """
    half = half_columns(level)
    column = (column + half) % (2 * half) - half
    steps = np.where(row < 0, ~row, row)
    ordinary = steps < half_rows(level)
    cells = index_to_cell(column, np.where(ordinary, row, 0), level)
    cells[~ordinary] = INVALID_CELL
    if level <= MAX_POLAR_LEVEL:
        wanted = get_level(level)
        polar = ~ordinary & (steps * wanted.height < 90 * UNITS_PER_DEGREE)
        west = column[polar] < 0
        x = np.where(west, ~column[polar], column[polar]) * wanted.width
        y = steps[polar] * wanted.height
        cells[polar] = units_to_polar_cell(x, west, y, row[polar] < 0, level)
    return cells
