"""Chords, their bounds and areas against pyproj."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, strategies as st

from gridcontainer.grid.ellipsoid import (
    areas,
    earth_centred,
    longest_geodesic,
    shortest_geodesic,
)

GEODESIC = pyproj.Geod(ellps="WGS84")
LON, LAT = st.floats(-180, 180), st.floats(-90, 90)


@given(LON, LAT, LON, LAT, st.sampled_from([1.0, 1e-2, 1e-5]))
def test_geodesics_lie_between_the_bounds_of_their_chords(
    lon: float, lat: float, lon2: float, lat2: float, near: float
) -> None:
    """Anywhere on the globe, far and near; to a rounding of 1e-7 metres."""
    lon2, lat2 = lon + (lon2 - lon) * near, lat + (lat2 - lat) * near
    ends = earth_centred(np.array([lon, lon2]), np.array([lat, lat2]))
    chord = np.linalg.norm(ends[1] - ends[0], keepdims=True)
    metres = GEODESIC.inv(lon, lat, lon2, lat2)[2]
    assert chord[0] <= metres + 1e-7
    assert shortest_geodesic(chord)[0] <= metres + 1e-7
    if chord[0] < 12_000_000:
        assert metres <= longest_geodesic(chord)[0] + 1e-7


def test_earth_centred_is_what_proj_says() -> None:
    lon, lat = np.array([121.4, -60.0, 0.0, 180.0]), np.array([31.2, -45.0, 90.0, 0.0])
    change = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.stack(change.transform(lon, lat, np.zeros(4)), axis=1)
    assert np.abs(earth_centred(lon, lat) - expected).max() < 1e-8


SHAPES = [
    shapely.box(121.0, 31.0, 121.5, 31.3),
    shapely.box(-10.0, -20.0, 10.0, 20.0).difference(shapely.box(-1.0, -1.0, 1.0, 1.0)),
    shapely.MultiPolygon([shapely.box(0, 60, 1, 61), shapely.box(2, -61, 3, -60)]),
    shapely.Polygon([(0, 0), (3, 5), (-2, 9)]),
]


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_areas_are_those_of_pyproj(shape: shapely.Geometry) -> None:
    """Pyproj's edges are geodesics: they are straight enough when they are short."""
    dense = shapely.segmentize(shape, 0.01)
    parts = shapely.get_parts(dense)
    expected = sum(abs(GEODESIC.geometry_area_perimeter(part)[0]) for part in parts)
    assert areas(np.array([shape]))[0] == pytest.approx(expected, rel=1e-7)


def test_what_has_no_area() -> None:
    found = areas(np.array([shapely.Point(1, 1), None, shapely.LineString([(0, 0), (1, 1)])]))
    assert found[0] == found[2] == 0.0
    assert np.isnan(found[1])
