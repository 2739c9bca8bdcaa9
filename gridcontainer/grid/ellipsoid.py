"""The ellipsoid of WGS 84 (CGCS2000's differs by a tenth of a millimetre): chords and areas.

Sources: Snyder, Map Projections (USGS 1395, 1987), p. 16, for the authalic latitude; Karney (2013)
by pyproj for geodesics.
"""

from typing import Any, Final

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Float64s, Int64s

A: Final = 6_378_137.0  # metres
FLATTENING: Final = 1 / 298.257223563
ECCENTRICITY_SQUARED: Final = FLATTENING * (2 - FLATTENING)
LEAST_RADIUS: Final = A * (1 - FLATTENING) ** 2  # of curvature, metres: b^2/a
CHORD_ROUNDING: Final = 1e-7  # metres: the error of a chord between places, hundredfold
_MOST_RADIUS: Final = 6_410_000.0  # above that of curvature, 6,399,594 metres: a^2/b
GEODESIC: Final = pyproj.Geod(a=A, f=FLATTENING)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)


def earth_centred(lon: Float64s, lat: Float64s) -> Float64s:
    """(n, 3) coordinates on the ellipsoid from its centre, metres, of positions in degrees."""
    longitude, latitude = np.radians(lon), np.radians(lat)
    sine = np.sin(latitude)
    normal = A / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    across = normal * np.cos(latitude)
    upward = normal * (1.0 - ECCENTRICITY_SQUARED) * sine
    return np.stack([across * np.cos(longitude), across * np.sin(longitude), upward], axis=-1)


def longest_geodesic(chord: Float64s) -> Float64s:
    """Metres that the geodesic over a chord has at most; it is not shorter than the chord.

    No normal section of the ellipsoid is more curved than a circle of radius b^2/a, so the geodesic
    is not longer than that circle's arc over the same chord (Schur's theorem).
    """
    share = np.minimum(chord / (2.0 * LEAST_RADIUS), 1.0)
    longest: Float64s = 2.0 * LEAST_RADIUS * np.arcsin(share)
    return longest


def shortest_geodesic(chord: Float64s) -> Float64s:
    """Metres that the geodesic over a chord has at least.

    A plane arc is longer than its chord by its curvature, which is nowhere less than that of a
    circle of radius a^2/b. A geodesic winds out of its plane, which lets it be shorter by less than
    a hundred-thousandth of that excess; the radius taken is larger by more than a thousandth.
    """
    share = np.minimum(chord / (2.0 * _MOST_RADIUS), 1.0)
    shortest: Float64s = 2.0 * _MOST_RADIUS * np.arcsin(share)
    return shortest


def areas(shapes: NDArray[Any]) -> Float64s:
    """Square metres on the ellipsoid of (multi-)polygons whose edges are straight in lon and lat.

    0 for what has no area, also for shapes of another kind; NaN for None.
    """
    total = np.where(shapely.is_missing(shapes), np.nan, 0.0)
    members, of = shapely.get_parts(shapes, return_index=True)
    polygon = shapely.get_type_id(members) == 3
    members, of = members[polygon], of[polygon]
    rings, member = shapely.get_rings(members, return_index=True)
    if not len(rings):
        return total
    is_shell = np.append(True, member[1:] != member[:-1])
    sign = np.where(is_shell, 1.0, -1.0)
    np.add.at(total, of[member], sign * np.abs(_ring_areas(rings)))
    return total


def _ring_areas(rings: NDArray[Any]) -> Float64s:
    """Integral of the area between each ring and the equator."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    inner = ring[1:] == ring[:-1]
    start, stop = np.radians(xy[:-1][inner]), np.radians(xy[1:][inner])
    middle, half = (start[:, 1] + stop[:, 1]) / 2.0, (stop[:, 1] - start[:, 1]) / 2.0
    strips = _to_equator(middle[:, None] + half[:, None] * _NODES) @ _WEIGHTS / 2.0
    of: Int64s = ring[1:][inner]
    sums = np.bincount(of, strips * (stop[:, 0] - start[:, 0]), len(rings))
    return np.asarray(sums, dtype=np.float64)


def _to_equator(latitude: Float64s) -> Float64s:
    """Square metres between the equator and latitudes (radians), for each radian of longitude."""
    sine, e = np.sin(latitude), np.sqrt(ECCENTRICITY_SQUARED)
    flat = sine / (1.0 - ECCENTRICITY_SQUARED * sine * sine) + np.arctanh(e * sine) / e
    area: Float64s = A * A * (1.0 - ECCENTRICITY_SQUARED) / 2.0 * flat
    return area
