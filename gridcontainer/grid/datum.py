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

import re
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CoordinateError
from gridcontainer.grid import gcj02
from gridcontainer.grid.arrays import Float64s, broadcast_floats, in_chunks, shaped
from gridcontainer.grid.crs import is_same_crs, read_crs
from gridcontainer.grid.crs_transform import Extent, crs_conversion, find_guess
from gridcontainer.grid.gcj02 import GCJ02_BOX, Conversion, Position

__all__ = [
    "DATUMS",
    "GCJ02_BOX",
    "bd09_to_gcj02",
    "bd09_to_wgs84",
    "find_datum_guess",
    "from_wgs84",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "is_same_datum",
    "require_datum",
    "to_wgs84",
    "wgs84_to_bd09",
    "wgs84_to_gcj02",
]

DATUMS: Final = ("WGS84", "CGCS2000", "GCJ02", "BD09", "EPSG:n")

# A code of a register, an OGC name, WKT, or PROJJSON.
_CRS_NAME: Final = re.compile(r"(?is)^(EPSG:\d+|ESRI:\d+|OGC:CRS\d+|[A-Z0-9_]+\[.*\]|\{.*\})\s*$")
_AS_CRS: Final = {"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490"}


def to_wgs84(
    lon: ArrayLike,
    lat: ArrayLike,
    datum: str,
    *,
    accept_ballpark: bool = False,
    extent: Extent | None = None,
) -> Position:
    """Positions of a datum in WGS 84.

    Args:
        lon: degrees (or the x of a projected CRS, in its unit), any shape.
        lat: degrees (or y), broadcast with ``lon``.
        datum: ``"WGS84"``, ``"CGCS2000"`` (taken to be WGS 84: they differ by less than a metre),
            ``"GCJ02"``, ``"BD09"`` or a CRS such as ``"EPSG:n"`` (see ``grid.crs``).
        accept_ballpark: whether a transformation that PROJ only guesses will do.
        extent: area for which PROJ guesses: west, south, east, north, degrees.

    Returns:
        Longitudes and latitudes, degrees, each of the common shape; two ``float`` for scalars. NaN
        where a coordinate is missing or no known transformation of the CRS reaches.

    Raises:
        CoordinateError: an unknown datum, or one whose transformation is only a guess.
    """
    return _convert(_conversion(datum, True, accept_ballpark, extent), lon, lat)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: str) -> Position:
    """Positions of WGS 84 in a datum: ``to_wgs84`` the other way, same errors."""
    return _convert(_conversion(datum, False), lon, lat)


def require_datum(datum: str) -> None:
    """A datum must be known; how well it can be converted is not asked.

    Raises:
        CoordinateError: an unknown datum; names the known ones.
    """
    if datum.upper() not in _FORMULAS:
        _require_crs_name(datum)
        read_crs(datum)


def is_same_datum(one: str, other: str) -> bool:
    """Whether positions of two datums mean the same places.

    Raises:
        CoordinateError: one is unknown.
    """
    names = [_AS_CRS.get(name.upper(), name) for name in (one, other)]
    if any(name.upper() in _FORMULAS for name in names):
        return names[0].upper() == names[1].upper()
    return is_same_crs(*names)


def find_datum_guess(datum: str, extent: Extent | None) -> str | None:
    """Why positions of a datum can only be guessed in WGS 84, and what to do; None if they cannot.

    Args:
        datum: as for ``to_wgs84``.
        extent: area of the data, degrees; the CRS's own area where None.
    """
    return None if datum.upper() in _FORMULAS else find_guess(datum, extent)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Position:
    """WGS 84 to GCJ-02, degrees; outside the box unchanged (see the module)."""
    return _convert(gcj02.wgs84_to_gcj02, lon, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Position:
    """GCJ-02 to WGS 84, degrees; what comes from outside the box unchanged (see the module)."""
    return _convert(gcj02.gcj02_to_wgs84, lon, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Position:
    """GCJ-02 to BD-09, degrees, everywhere."""
    return _convert(gcj02.gcj02_to_bd09, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> Position:
    """BD-09 to GCJ-02, degrees, everywhere."""
    return _convert(gcj02.bd09_to_gcj02, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> Position:
    """WGS 84 to BD-09 by way of GCJ-02, degrees."""
    return _convert(gcj02.wgs84_to_bd09, lon, lat)


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> Position:
    """BD-09 to WGS 84 by way of GCJ-02, degrees."""
    return _convert(gcj02.bd09_to_wgs84, lon, lat)


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


def _conversion(
    datum: str, to: bool, accept_ballpark: bool = False, extent: Extent | None = None
) -> Conversion:
    """The conversion of flat arrays to WGS 84, or from it.

    Raises:
        CoordinateError: an unknown datum; names the known ones.
    """
    if datum.upper() in _FORMULAS:
        return _FORMULAS[datum.upper()][to]
    _require_crs_name(datum)
    return crs_conversion(datum, to=to, accept_ballpark=accept_ballpark, extent=extent)


def _require_crs_name(datum: str) -> None:
    """Not every text that PROJ would take for a CRS is a name of one here."""
    if not _CRS_NAME.match(datum):
        raise CoordinateError(f"datum {datum!r} is unknown; known are {', '.join(DATUMS)}")


def _same(lon: Float64s, lat: Float64s) -> Position:
    return lon, lat


_FORMULAS: Final[dict[str, tuple[Conversion, Conversion]]] = {  # from WGS 84, and to it
    "WGS84": (_same, _same),
    "CGCS2000": (_same, _same),
    "GCJ02": (gcj02.wgs84_to_gcj02, gcj02.gcj02_to_wgs84),
    "BD09": (gcj02.wgs84_to_bd09, gcj02.bd09_to_wgs84),
}
