"""Distances on the ellipsoid as native columns: WGS 84, metres.

A chord through the ellipsoid tells nearly every distance apart from a limit: the geodesic is not
shorter than its chord, and, as no normal section of the ellipsoid is more curved than a circle of
radius b^2/a, not longer than the arc of that circle over the same chord (Schur's theorem). Only
between these bounds, which differ by 1e-7 m at 500 m, the geodesic itself has to be found.
"""

import math
from typing import Final

from pyspark.sql import Column, functions as F, types as T

from gridcontainer.grid.ellipsoid import CHORD_ROUNDING, ECCENTRICITY_SQUARED, LEAST_RADIUS, A
from gridcontainer.spark.java import call_static, new_point

MOST_METRES: Final = 1_000_000.0  # up to which the bounds are used


def earth_centred(lon: Column, lat: Column) -> tuple[Column, Column, Column]:
    """Coordinates of positions (degrees) on the ellipsoid from its centre, metres."""
    longitude, latitude = F.radians(lon), F.radians(lat)
    sine = F.sin(latitude)
    normal = F.lit(A) / F.sqrt(F.lit(1.0) - F.lit(ECCENTRICITY_SQUARED) * sine * sine)
    across = normal * F.cos(latitude)
    upward = normal * F.lit(1.0 - ECCENTRICITY_SQUARED) * sine
    return across * F.cos(longitude), across * F.sin(longitude), upward


def chord_limits(distance: float) -> tuple[float, float]:
    """Chords up to the first are of geodesics up to ``distance`` metres, above the second never."""
    arc = 2 * LEAST_RADIUS * math.sin(distance / (2 * LEAST_RADIUS))
    return arc - CHORD_ROUNDING, distance + CHORD_ROUNDING


def geodesic(lon1: Column, lat1: Column, lon2: Column, lat2: Column) -> Column:
    """Metres along the ellipsoid between positions in degrees (Karney 2013, as Sedona has it)."""
    return call_static(
        "org.apache.sedona.common.sphere.Spheroid", "distance", T.DoubleType(),
        new_point(lon1, lat1), new_point(lon2, lat2),
    )  # fmt: skip
