"""The formulas of GCJ-02 and BD-09, for flat arrays of finite degrees; see ``grid.datum``."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s

Position = tuple[Float64s, Float64s]  # longitudes and latitudes, degrees
Conversion = Callable[[Float64s, Float64s], Position]

GCJ02_BOX: Final = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north
_SEMI_MAJOR = 6_378_245.0  # metres, Krasovsky 1940, as GCJ-02 has it
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_CENTER = (105.0, 35.0)
_BD09_OFFSET = (0.0065, 0.006)
_BD09_WAVE = math.pi * 3000.0 / 180.0
_TOLERANCE = 1e-12  # degrees; the error left is below 1/30 of the last step
_MAX_STEPS = 30
_MARGIN = 0.1  # degrees; no shift is as long
_EDGE = 1e-9  # degrees; rounding may leave a position this far outside the box's edge


def wgs84_to_gcj02(lon: Float64s, lat: Float64s) -> Position:
    """WGS 84 to GCJ-02; outside the box unchanged."""
    inside = _in_box(lon, lat, 0.0)
    out_lon, out_lat = lon.copy(), lat.copy()
    out_lon[inside], out_lat[inside] = _shift(lon[inside], lat[inside])
    return out_lon, out_lat


def gcj02_to_wgs84(lon: Float64s, lat: Float64s) -> Position:
    """GCJ-02 to WGS 84; what comes from outside the box unchanged."""
    near = np.flatnonzero(_in_box(lon, lat, _MARGIN))
    found_lon, found_lat = _invert(_shift, lon[near], lat[near])
    inside = _in_box(found_lon, found_lat, _EDGE)
    west, south, east, north = GCJ02_BOX
    out_lon, out_lat = lon.copy(), lat.copy()
    out_lon[near[inside]] = np.clip(found_lon[inside], west, east)
    out_lat[near[inside]] = np.clip(found_lat[inside], south, north)
    return out_lon, out_lat


def gcj02_to_bd09(lon: Float64s, lat: Float64s) -> Position:
    """GCJ-02 to BD-09, everywhere."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_WAVE)
    return radius * np.cos(angle) + _BD09_OFFSET[0], radius * np.sin(angle) + _BD09_OFFSET[1]


def bd09_to_gcj02(lon: Float64s, lat: Float64s) -> Position:
    """BD-09 to GCJ-02, everywhere."""
    return _invert(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: Float64s, lat: Float64s) -> Position:
    """WGS 84 to BD-09 by way of GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: Float64s, lat: Float64s) -> Position:
    """BD-09 to WGS 84 by way of GCJ-02."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


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

    A step leaves at most 1/200 of the error for GCJ-02 and 1/30 for BD-09, so that four to seven
    steps do. Each position stops by itself: what it becomes does not depend on the others.
    """
    x, y = lon.copy(), lat.copy()
    left = np.arange(len(x))
    for _ in range(_MAX_STEPS):
        there_x, there_y = forward(x[left], y[left])
        step_x, step_y = lon[left] - there_x, lat[left] - there_y
        x[left] += step_x
        y[left] += step_y
        left = left[np.maximum(np.abs(step_x), np.abs(step_y)) >= _TOLERANCE]
        if not len(left):
            break
    return x, y
