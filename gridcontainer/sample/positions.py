"""Positions: the extent of the city, its datums, and metres in degrees."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gridcontainer.grid.datum import wgs84_to_bd09, wgs84_to_gcj02

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Points = tuple[Floats, Floats]  # longitudes and latitudes, degrees, in that order
Datum = Literal["wgs84", "gcj02", "bd09"]

CITY_BOX = (120.85, 30.67, 122.0, 31.88)  # west, south, east, north; degrees, WGS 84
LAND_BOX = (120.87, 30.69, 121.98, 31.86)  # 0.02 inside, so no datum or rounding leaves the city
METRES_PER_DEGREE_LAT = 111_320.0
METRES_PER_DEGREE_LON = 95_170.0  # at latitude 31.25


def in_datum(points: Points, datum: Datum) -> Points:
    """WGS 84 positions as a map of another datum shows them; degrees in and out."""
    if datum == "gcj02":
        lon, lat = wgs84_to_gcj02(*points)
    elif datum == "bd09":
        lon, lat = wgs84_to_bd09(*points)
    else:
        lon, lat = points
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def moved(points: Points, east: Floats, north: Floats) -> Points:
    """Positions moved by metres, kept on the land box."""
    west, south, right, top = LAND_BOX
    lon = np.clip(points[0] + east / METRES_PER_DEGREE_LON, west, right)
    lat = np.clip(points[1] + north / METRES_PER_DEGREE_LAT, south, top)
    return lon, lat


def distance_metres(a: Points, b: Points) -> Floats:
    """Flat distance between positions of one city, metres; arrays broadcast."""
    east = (a[0] - b[0]) * METRES_PER_DEGREE_LON
    north = (a[1] - b[1]) * METRES_PER_DEGREE_LAT
    return np.asarray(np.hypot(east, north), dtype=np.float64)


def outside_city(rng: np.random.Generator, count: int) -> Points:
    """Positions in other provinces, 0.5 degree or more from the city's box.

    Half lie west of it at any latitude, half north of it at about its longitude: a geocoder that
    is given an address without a city answers with either.
    """
    far_west = rng.random(count) < 0.5
    lon = np.where(far_west, rng.uniform(104.0, 120.3, count), rng.uniform(117.0, 124.0, count))
    lat = np.where(far_west, rng.uniform(23.0, 41.0, count), rng.uniform(32.4, 41.0, count))
    return lon, lat
