"""Cells with a height as the standard's 3D strings: ``N036J0093000780B3010010520430140``.

The height characters interleave with the 2D code level by level, so that a code still begins with
the code of each ancestor. 2D and 3D codes share the lengths 7, 12, 18 and 20: which of the two a
string is can't be told from its length, and no function here guesses it.

Every function that reads or writes height digits takes ``reading`` ("A", "B" or "C") and
``negative`` ("sign-magnitude" or "complement"); see ``height_digits.py``.

Source: GB/T 39409-2020, clause 6, Fig. 12, Table 1 and Annex C.
"""

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
    shaped,
)
from gridcontainer.grid.cell import cell_bounds, lonlat_to_cell
from gridcontainer.grid.characters import text_of
from gridcontainer.grid.code import cell_to_code
from gridcontainer.grid.code3d_text import (
    explain_code3d,
    read_code3d,
    write_code3d,
)
from gridcontainer.grid.coordinates import can_encode, lonlat_problems
from gridcontainer.grid.height import find_layers, has_layer, layer_faces
from gridcontainer.grid.height_digits import HeightScheme, Negative, Reading
from gridcontainer.grid.levels import INVALID_CELL, get_level

Bounds3d = tuple[Float64s, Float64s, Float64s, Float64s, Float64s, Float64s]


def lonlat_to_code3d(
    lon: ArrayLike,
    lat: ArrayLike,
    height: ArrayLike,
    level: int,
    *,
    reading: Reading = "A",
    negative: Negative = "sign-magnitude",
    on_invalid: OnInvalid = "raise",
) -> Strings:
    """3D codes of the cells that hold the positions.

    Args:
        lon: degrees, CGCS2000 or WGS 84, in [-180, 180]; any shape, broadcast with the others.
        lat: degrees in [-90, 90]; from 88 on the polar cap, which has levels 1 and 2 only.
        height: metres above the ellipsoid (not above the sea), 256 degrees below to above
            (-6302106.72 to 528680171.12).
        level: 1-10.
        reading: of the height digits, ``"A"``, ``"B"`` or ``"C"``.
        negative: form of heights below the ellipsoid.
        on_invalid: ``"mark"`` gives ``""`` for a position that has no cell.

    Returns:
        Strings of the common shape; a ``str`` for scalars.

    Raises:
        CoordinateError: a position has no cell (and ``on_invalid`` is ``"raise"``).
        CodeError: no such level or reading.
    """
    scheme, number = HeightScheme(reading, negative), get_level(level).number
    (lon_, lat_, height_), shape = broadcast_floats(lon, lat, height)
    inside = has_layer(height_)
    layers = find_layers(np.where(inside, height_, 0.0))
    inside &= scheme.can_write(layers)
    if on_invalid == "raise":
        _require_positions(lon_, lat_, height_, inside, number)
    cells = np.asarray(lonlat_to_cell(lon_, lat_, number, on_invalid="mark"))
    texts = write_code3d(np.where(inside, cells, INVALID_CELL), layers, number, scheme)
    return shaped(texts, shape)


def _require_positions(
    lon: Float64s, lat: Float64s, height: Float64s, inside: Bools, level: int
) -> None:
    bad = np.flatnonzero(~(can_encode(lon, lat, level) & inside))
    if bad.size:
        first = bad[:1]
        reason = lonlat_problems(lon[first], lat[first], level)[0]
        raise CoordinateError(
            f"{bad.size} of {lon.size} positions have no level-{level} 3D cell; the first is index "
            f"{bad[0]}, lon={lon[first][0]}, lat={lat[first][0]}, height={height[first][0]}: "
            f"{reason or 'height missing, or no layer of the standard'} "
            '(on_invalid="mark" marks them instead)'
        )


def require_code3d(
    codes: ArrayLike, scheme: HeightScheme | None
) -> tuple[Int64s, Int64s, Int64s, Int64s, tuple[int, ...]]:
    """What ``read_code3d`` reads.

    Raises:
        CodeError: names the count of faulty codes, and index, text and fault of the first.
    """
    cells, levels, first, stop, shape = read_code3d(codes, scheme)
    faulty = np.flatnonzero(cells == INVALID_CELL)
    if faulty.size:
        code = text_of(np.asarray(codes).reshape(-1)[faulty[0]])
        raise CodeError(
            f"{faulty.size} of {cells.size} 3D codes are faulty; the first is index {faulty[0]}, "
            f"{code[:40]!r}: {explain_code3d(code, scheme)}"
        )
    return cells, levels, first, stop, shape


def code3d_to_bounds(
    codes: ArrayLike, *, reading: Reading = "A", negative: Negative = "sign-magnitude"
) -> Bounds3d:
    """West, south, east and north in degrees, bottom and top in metres above the ellipsoid.

    A cell owns its bottom, not its top. Only the cells of a polar cap that cross the antimeridian
    have west > east. A code below the ellipsoid with sign and magnitude means the layers whose
    magnitudes begin with its digits: the first cell below it is one finest layer thinner.

    Raises:
        CodeError: a faulty code, or no such reading.
    """
    cells, levels, first, stop, shape = require_code3d(codes, HeightScheme(reading, negative))
    bounds = np.empty((6, len(cells)), dtype=np.float64)
    for level in np.unique(levels).tolist():
        chosen = levels == level
        bounds[:4, chosen] = cell_bounds(cells[chosen], level).T
    bounds[4], bounds[5] = layer_faces(first), layer_faces(stop)
    west, south, east, north, bottom, top = (shaped(edge, shape) for edge in bounds)
    return west, south, east, north, bottom, top


def code3d_to_code(codes: ArrayLike) -> Strings:
    """The 2D codes in 3D codes of any reading.

    Raises:
        CodeError: a faulty code.
    """
    cells, levels, _, _, shape = require_code3d(codes, None)
    return cell_to_code(cells.reshape(shape), levels.reshape(shape))


def is_valid_code3d(
    codes: ArrayLike, *, reading: Reading = "A", negative: Negative = "sign-magnitude"
) -> Bools:
    """True where the string is the 3D code of a cell.

    Raises:
        CodeError: no such reading.
    """
    cells, _, _, _, shape = read_code3d(codes, HeightScheme(reading, negative))
    valid: Bools = cells != INVALID_CELL
    return shaped(valid, shape)


def code3d_problems(
    codes: ArrayLike, *, reading: Reading = "A", negative: Negative = "sign-magnitude"
) -> Strings:
    """What is wrong with each 3D code; ``""`` where nothing is.

    Raises:
        CodeError: no such reading.
    """
    scheme = HeightScheme(reading, negative)
    cells, _, _, _, shape = read_code3d(codes, scheme)
    problems = np.full(len(cells), "", dtype="U128")
    texts = np.asarray(codes).reshape(-1)
    for index in np.flatnonzero(cells == INVALID_CELL):
        problems[index] = explain_code3d(text_of(texts[index]), scheme)
    return shaped(problems, shape)
