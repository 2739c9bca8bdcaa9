"""Positions, bounds, integers and faults of GeoSOT codes."""

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid.arrays import (
    Bools,
    Float64s,
    Int64s,
    OnInvalid,
    Strings,
    broadcast_floats,
    flat_cells,
    shaped,
)
from gridcontainer.grid.characters import text_of
from gridcontainer.grid.coordinates import can_encode, lonlat_problems
from gridcontainer.grid.geosot.text import (
    explain_geosot,
    explain_integer,
    raise_first_fault,
    read_geosots,
    write_geosots,
)
from gridcontainer.grid.geosot.words import (
    INVALID_GEOSOT,
    cell_edges,
    check_level,
    deinterleave,
    encode,
    is_cell,
)


def lonlat_to_geosot(
    lon: ArrayLike,
    lat: ArrayLike,
    level: int,
    *,
    separators: bool = False,
    on_invalid: OnInvalid = "raise",
) -> Strings:
    """Codes of the cells that hold the positions.

    Args:
        lon: degrees, CGCS2000 or WGS 84, in [-180, 180]; any shape, broadcast with ``lat``.
        lat: degrees in [-90, 90].
        level: 0-32.
        separators: write ``-`` after 9 and 15 digits and ``.`` after 21.
        on_invalid: ``"mark"`` gives ``""`` for a position that has no cell.

    Returns:
        Strings of the common shape; a ``str`` for scalars. A cell owns its edges that are nearer
        to the equator and to Greenwich; 0 is north and east.

    Raises:
        CoordinateError: a position is missing or outside these ranges (and ``on_invalid`` is
            ``"raise"``).
        CodeError: no such level.
    """
    number = check_level(level)
    (lon_, lat_), shape = broadcast_floats(lon, lat)
    valid = can_encode(lon_, lat_, 1)
    bad = np.flatnonzero(~valid)
    if bad.size and on_invalid == "raise":
        first = bad[:1]
        raise CoordinateError(
            f"{bad.size} of {lon_.size} positions have no GeoSOT cell; the first is index "
            f"{first[0]}, lon={lon_[first][0]}, lat={lat_[first][0]}: "
            f'{lonlat_problems(lon_[first], lat_[first], 1)[0]} (on_invalid="mark" marks them)'
        )
    integers = encode(np.where(valid, lon_, 0.0), np.where(valid, lat_, 0.0), number)
    integers[bad] = INVALID_GEOSOT
    return shaped(write_geosots(integers, np.full_like(integers, number), separators), shape)


def geosot_to_integer(
    geosots: ArrayLike, *, on_invalid: OnInvalid = "raise"
) -> tuple[Int64s, Int64s]:
    """64-bit integers and levels of codes: base-4 digits from the top, zeros below the level.

    Args:
        geosots: strings of any shape, of any mix of levels and of both forms.
        on_invalid: ``"mark"`` gives ``INVALID_GEOSOT`` (-1) and level 0 for a faulty code.

    Returns:
        int64 of the shape of ``geosots``; two ``int`` for a scalar.

    Raises:
        CodeError: names the first faulty code, its index and its fault.
    """
    integers, levels, shape = read_geosots(geosots)
    if on_invalid == "raise":
        raise_first_fault(geosots, integers)
    return shaped(integers, shape), shaped(levels, shape)


def integer_to_geosot(
    integers: ArrayLike, level: ArrayLike, *, separators: bool = False
) -> Strings:
    """Codes of 64-bit integers, signed or unsigned.

    Args:
        integers: of any shape; ``INVALID_GEOSOT`` (-1) gives ``""``.
        level: 0-32; one for all, or one for each (that of ``INVALID_GEOSOT`` is not looked at).
        separators: write ``-`` after 9 and 15 digits and ``.`` after 21.

    Raises:
        CodeError: no such level, or an integer is no cell of its level.
    """
    flat, shape = flat_cells(integers)
    valid = flat != INVALID_GEOSOT
    levels = np.broadcast_to(np.asarray(level), shape).reshape(-1)
    for number in np.unique(levels[valid]).tolist():
        check_level(number)
    levels = np.where(valid, levels, 0).astype(np.int64)
    bad = np.flatnonzero(valid & ~is_cell(flat, levels))
    if bad.size:
        value, number = int(flat[bad[0]]), int(levels[bad[0]])
        fault = explain_integer(value % 2**64) or f"has bits below level {number}"
        raise CodeError(
            f"{bad.size} of {flat.size} integers are no GeoSOT cells of their level; the first is "
            f"index {bad[0]}, {value} at level {number}: {fault}"
        )
    return shaped(write_geosots(flat, levels, separators), shape)


def geosot_to_bounds(
    geosots: ArrayLike,
) -> tuple[Float64s, Float64s, Float64s, Float64s]:
    """West, south, east and north edges in degrees, each of the shape of ``geosots``.

    Cut cells (see the module) end where the next degree or minute begins, or where the Earth ends.

    Raises:
        CodeError: a faulty code.
    """
    integers, levels, shape = read_geosots(geosots)
    raise_first_fault(geosots, integers)
    lon_word, lat_word = deinterleave(integers)
    west, south, east, north = cell_edges(lon_word, lat_word, levels)
    return shaped(west, shape), shaped(south, shape), shaped(east, shape), shaped(north, shape)


def geosot_to_center(geosots: ArrayLike) -> tuple[Float64s, Float64s]:
    """Longitude and latitude of the middle of ``geosot_to_bounds``, in degrees.

    Raises:
        CodeError: a faulty code.
    """
    west, south, east, north = geosot_to_bounds(geosots)
    return (west + east) / 2.0, (south + north) / 2.0


def is_valid_geosot(geosots: ArrayLike) -> Bools:
    """True where the string is the code of a cell."""
    integers, _, shape = read_geosots(geosots)
    valid: Bools = integers != INVALID_GEOSOT
    return shaped(valid, shape)


def geosot_problems(geosots: ArrayLike) -> Strings:
    """What is wrong with each code; ``""`` where nothing is."""
    integers, _, shape = read_geosots(geosots)
    problems = np.full(len(integers), "", dtype="U96")
    texts = np.asarray(geosots).reshape(-1)
    for index in np.flatnonzero(integers == INVALID_GEOSOT):
        problems[index] = explain_geosot(text_of(texts[index]))
    return shaped(problems, shape)
