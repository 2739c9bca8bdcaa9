"""Positions of other datums to WGS 84 and back: GCJ-02, BD-09 and anything that has an EPSG code.

GCJ-02 (AMap, Tencent) and BD-09 (Baidu) are WGS 84 with a shift that varies from place to place, in
China 20 to 710 m and 690 to 1520 m. No authority has published them; these are the publicly known
formulas. The ways back have no formula: they are iterated, and a round trip is exact to 0.01 mm.
How far the providers' own servers are from the formulas is unverified.

*The box.* GCJ-02 shifts positions of longitude 72.004 to 137.8347 and latitude 0.8293 to 55.8271
(WGS 84 degrees, edges included) and leaves all others as they are, as the public formulas do. The
box holds China and parts of its neighbours. BD-09 moves GCJ-02 positions everywhere. A strip of
up to 750 m along the box's edge is ambiguous: there a GCJ-02 position can come from a place inside
the box and from one outside, or from none. Inside wins; one that comes from none stays as it is.

Positions are degrees, longitude first, of any shape; the two arrays are broadcast. Scalars give
scalars. Where either coordinate is missing or not finite both come out as NaN.
Why not a library: docs/decisions/0001-datum.md.
"""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s, broadcast_floats, in_chunks, shaped

if TYPE_CHECKING:
    from pyproj import Transformer

Position = tuple[Float64s, Float64s]  # longitudes and latitudes, degrees
Conversion = Callable[[Float64s, Float64s], Position]

GCJ02_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north
DATUMS: Final = ("WGS84", "CGCS2000", "GCJ02", "BD09", "EPSG:n")

_SEMI_MAJOR = 6_378_245.0  # metres, Krasovsky 1940, as GCJ-02 has it
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_CENTER = (105.0, 35.0)
_BD09_OFFSET = (0.0065, 0.006)
_BD09_WAVE = math.pi * 3000.0 / 180.0
_TOLERANCE = 1e-9  # degrees, 0.1 mm; the error left is below 1/30 of the last step
_MAX_STEPS = 30
_MARGIN = 0.1  # degrees; no shift is as long
_EDGE = 1e-9  # degrees; rounding may leave a position this far outside the box's edge


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> Position:
    """Positions of a datum in WGS 84.

    Args:
        lon: degrees (or the x of a projected EPSG system, in its unit), any shape.
        lat: degrees (or y), broadcast with ``lon``.
        datum: ``"WGS84"``, ``"CGCS2000"`` (taken to be WGS 84: they differ by less than a metre),
            ``"GCJ02"``, ``"BD09"`` or ``"EPSG:n"``; either case.

    Returns:
        Longitudes and latitudes, degrees, each of the common shape; two ``float`` for scalars. NaN
        where a coordinate is missing or the EPSG system does not reach.

    Raises:
        CoordinateError: an unknown datum.
    """
    return _convert(_conversion(datum, True), lon, lat)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> Position:
    """Positions of WGS 84 in a datum: ``to_wgs84`` the other way, same arguments and errors."""
    return _convert(_conversion(datum, False), lon, lat)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Position:
    """WGS 84 to GCJ-02, degrees; outside the box unchanged (see the module)."""
    return _convert(_wgs84_to_gcj02, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Position:
    """GCJ-02 to WGS 84, degrees; what comes from outside the box unchanged (see the module)."""
    return _convert(_gcj02_to_wgs84, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Position:
    """GCJ-02 to BD-09, degrees, everywhere."""
    return _convert(_gcj02_to_bd09, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Position:
    """BD-09 to GCJ-02, degrees, everywhere."""
    return _convert(_bd09_to_gcj02, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Position:
    """WGS 84 to BD-09 by way of GCJ-02, degrees."""
    return _convert(_wgs84_to_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Position:
    """BD-09 to WGS 84 by way of GCJ-02, degrees."""
    return _convert(_bd09_to_wgs84, lon, lat)


def _convert(conversion: Conversion, lon: ArrayLike, lat: ArrayLike) -> Position:
    """Arrays and scalars through a conversion of flat, finite arrays."""
    (lon_, lat_), shape = broadcast_floats(lon, lat)

    def piece(x: Float64s, y: Float64s) -> Float64s:
        known = np.isfinite(x) & np.isfinite(y)
        if known.all():
            return np.stack(conversion(x, y), axis=1)
        pairs = np.full((len(x), 2), np.nan)
        pairs[known] = np.stack(conversion(x[known], y[known]), axis=1)
        return pairs

    out = in_chunks(piece, lon_, lat_, out=np.empty((2, len(lon_)), dtype=np.float64).T)
    return shaped(out[:, 0], shape), shaped(out[:, 1], shape)


def _conversion(datum: str, to: bool) -> Conversion:
    """The conversion of flat arrays to WGS 84, or from it.

    Raises:
        CoordinateError: an unknown datum; names the known ones.
    """
    conversions: dict[str, tuple[Conversion, Conversion]] = {
        "WGS84": (_same, _same),
        "CGCS2000": (_same, _same),
        "GCJ02": (_wgs84_to_gcj02, _gcj02_to_wgs84),
        "BD09": (_wgs84_to_bd09, _bd09_to_wgs84),
    }
    name = datum.upper()
    if name in conversions:
        return conversions[name][to]
    if name.startswith("EPSG:") and name[5:].isascii() and name[5:].isdigit():
        ends = (name, "EPSG:4326") if to else ("EPSG:4326", name)
        return partial(_transform, _transformer(*ends))
    raise CoordinateError(f"datum {datum!r} is unknown; known are {', '.join(DATUMS)}")


@cache
def _transformer(source: str, target: str) -> "Transformer":
    """PROJ's transformer, longitude (or x) first.

    Raises:
        CoordinateError: no such EPSG code.
    """
    from pyproj import Transformer  # noqa: PLC0415 - slow to load, and few sources need it
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        return Transformer.from_crs(source, target, always_xy=True)
    except CRSError as error:
        code = target if source == "EPSG:4326" else source
        raise CoordinateError(
            f"datum {code!r} is not an EPSG code that PROJ knows; known are {', '.join(DATUMS)}"
        ) from error


def _transform(transformer: "Transformer", x: Float64s, y: Float64s) -> Position:
    first, second = (np.asarray(values) for values in transformer.transform(x, y))
    reached = np.isfinite(first) & np.isfinite(second)  # PROJ gives inf where it has no answer
    return np.where(reached, first, np.nan), np.where(reached, second, np.nan)


def _same(lon: Float64s, lat: Float64s) -> Position:
    return lon, lat


def _wgs84_to_gcj02(lon: Float64s, lat: Float64s) -> Position:
    inside = _in_box(lon, lat, 0.0)
    out_lon, out_lat = lon.copy(), lat.copy()
    out_lon[inside], out_lat[inside] = _shift(lon[inside], lat[inside])
    return out_lon, out_lat


def _gcj02_to_wgs84(lon: Float64s, lat: Float64s) -> Position:
    near = np.flatnonzero(_in_box(lon, lat, _MARGIN))
    found_lon, found_lat = _invert(_shift, lon[near], lat[near])
    inside = _in_box(found_lon, found_lat, _EDGE)
    west, south, east, north = GCJ02_BOX
    out_lon, out_lat = lon.copy(), lat.copy()
    out_lon[near[inside]] = np.clip(found_lon[inside], west, east)
    out_lat[near[inside]] = np.clip(found_lat[inside], south, north)
    return out_lon, out_lat


def _gcj02_to_bd09(lon: Float64s, lat: Float64s) -> Position:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_WAVE)
    return radius * np.cos(angle) + _BD09_OFFSET[0], radius * np.sin(angle) + _BD09_OFFSET[1]


def _bd09_to_gcj02(lon: Float64s, lat: Float64s) -> Position:
    return _invert(_gcj02_to_bd09, lon, lat)


def _wgs84_to_bd09(lon: Float64s, lat: Float64s) -> Position:
    return _gcj02_to_bd09(*_wgs84_to_gcj02(lon, lat))


def _bd09_to_wgs84(lon: Float64s, lat: Float64s) -> Position:
    return _gcj02_to_wgs84(*_bd09_to_gcj02(lon, lat))


def _in_box(lon: Float64s, lat: Float64s, margin: float) -> Bools:
    west, south, east, north = GCJ02_BOX
    inside: Bools = (lon >= west - margin) & (lon <= east + margin)
    inside &= (lat >= south - margin) & (lat <= north + margin)
    return inside


def _shift(lon: Float64s, lat: Float64s) -> Position:
    """GCJ-02's formulas: metres east and north by place, turned to degrees on its ellipsoid."""
    x, y = lon - _CENTER[0], lat - _CENTER[1]
    root = 0.1 * np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + root
    east += (ripple + _waves(x, 20.0, 40.0, 150.0, 300.0)) / 1.5
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 2.0 * root
    north += (ripple + _waves(y, 20.0, 40.0, 160.0, 320.0)) / 1.5
    latitude = np.radians(lat)
    squeeze = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    across = np.radians(_SEMI_MAJOR / np.sqrt(squeeze) * np.cos(latitude))  # metres a degree
    along = np.radians(_SEMI_MAJOR * (1.0 - _ECCENTRICITY_SQUARED) / squeeze**1.5)
    return lon + east / across, lat + north / along


def _waves(v: Float64s, whole: float, third: float, twelfth: float, thirtieth: float) -> Float64s:
    """Waves of 2, 6, 24 and 60 degrees' length with these amplitudes."""
    turn = np.pi * v
    waves: Float64s = whole * np.sin(turn) + third * np.sin(turn / 3.0)
    waves += twelfth * np.sin(turn / 12.0) + thirtieth * np.sin(turn / 30.0)
    return waves


def _invert(forward: Conversion, lon: Float64s, lat: Float64s) -> Position:
    """Where ``forward`` leads to these positions, by fixed point.

    A step leaves at most 1/200 of the error for GCJ-02 and 1/30 for BD-09, so that four to six
    steps do.
    """
    x, y = lon, lat
    for _ in range(_MAX_STEPS):
        there_x, there_y = forward(x, y)
        step_x, step_y = lon - there_x, lat - there_y
        x, y = x + step_x, y + step_y
        if max(np.abs(step_x).max(initial=0.0), np.abs(step_y).max(initial=0.0)) < _TOLERANCE:
            break
    return x, y
