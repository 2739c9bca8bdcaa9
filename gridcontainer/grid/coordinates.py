"""Degrees to whole units of 1/2048 arc-second and back, with edges that are exact doubles.

An edge is ``k / 7372800`` degrees, which a double can seldom hold. The edge is taken to be the
double nearest to it: a coordinate x >= 0 has index k when ``double(k / 7372800) <= x`` and
``x < double((k + 1) / 7372800)``. So the corner of a decoded cell encodes to that cell again.
"""

import numpy as np

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s, Strings
from gridcontainer.grid.levels import MAX_POLAR_LEVEL, POLAR_LATITUDE, UNITS_PER_DEGREE

MAX_LONGITUDE_UNITS = 180 * UNITS_PER_DEGREE - 1  # +-180 falls into the last cell (clamped)
POLAR_LATITUDE_UNITS = POLAR_LATITUDE * UNITS_PER_DEGREE


def degrees_to_units(degrees: Float64s) -> Int64s:
    """Whole units of 1/2048 arc-second below ``degrees``.

    Args:
        degrees: absolute values, in [0, 180].

    Returns:
        The index k of the half-open interval ``[k, k + 1)`` with rounded edges.
    """
    nearest = np.rint(degrees * UNITS_PER_DEGREE)
    nearest -= nearest / UNITS_PER_DEGREE > degrees
    return nearest.astype(np.int64)


def units_to_degrees(units: Int64s) -> Float64s:
    """The double nearest to ``units`` / 7372800 degrees."""
    return units / np.float64(UNITS_PER_DEGREE)


def pack_degrees(units: Int64s) -> Int64s:
    """Whole units of 0 or more as one word of degrees, minutes, seconds and 1/2048 seconds.

    The fields have 8, 6, 6 and 11 bits: GeoSOT's coordinate word, and reading C of heights.
    """
    degree, rest = np.divmod(units, UNITS_PER_DEGREE)
    minute, rest = np.divmod(rest, UNITS_PER_DEGREE // 60)
    second, rest = np.divmod(rest, UNITS_PER_DEGREE // 3600)
    word: Int64s = degree << 23 | minute << 17 | second << 11 | rest
    return word


def can_encode(lon: Float64s, lat: Float64s, level: int) -> Bools:
    """True where a position has a cell of that level."""
    limit = 90.0 if level <= MAX_POLAR_LEVEL else np.nextafter(float(POLAR_LATITUDE), 0.0)
    return (np.abs(lon) <= 180.0) & (np.abs(lat) <= limit)  # false for NaN


def lonlat_problems(lon: Float64s, lat: Float64s, level: int) -> Strings:
    """Why each position has no cell of that level; ``""`` where it has one."""
    problems = np.full(len(lon), "", dtype="U64")
    deep = level > MAX_POLAR_LEVEL
    problems[deep & (np.abs(lat) >= POLAR_LATITUDE)] = (
        f"polar cap (|latitude| >= {POLAR_LATITUDE}) has levels 1-{MAX_POLAR_LEVEL} only"
    )
    problems[~(np.abs(lat) <= 90.0)] = "latitude outside [-90, 90]"
    problems[~(np.abs(lon) <= 180.0)] = "longitude outside [-180, 180]"
    problems[~np.isfinite(lon) | ~np.isfinite(lat)] = "coordinate missing or not finite"
    return problems


def require_encodable(lon: Float64s, lat: Float64s, level: int) -> None:
    """Raise for the first position without a cell.

    Raises:
        CoordinateError: names the count, and index, position and reason of the first.
    """
    bad = np.flatnonzero(~can_encode(lon, lat, level))
    if bad.size:
        first = bad[:1]
        reason = lonlat_problems(lon[first], lat[first], level)[0]
        raise CoordinateError(
            f"{bad.size} of {lon.size} positions have no level-{level} cell; the first is index "
            f"{first[0]}, lon={lon[first][0]}, lat={lat[first][0]}: {reason} "
            '(on_invalid="mark" marks them instead)'
        )
