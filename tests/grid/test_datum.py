"""Datums: round trips, another implementation written from the formulas, and real pairs."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.datum import (
    GCJ02_BOX,
    bd09_to_gcj02,
    bd09_to_wgs84,
    from_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

DATA = Path(os.environ.get("GRIDCONTAINER_DATA", Path(__file__).parents[2] / "../shared/data"))
ENTERPRISES = DATA / "shanghai_enterprises" / "MapTest_data.json"
SHANGHAI = (121.47, 31.23)
WEST, SOUTH, EAST, NORTH = GCJ02_BOX

IN_CHINA = st.tuples(st.floats(73.4, 135.2), st.floats(3.4, 53.7))
IN_BOX = st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))


def near(edge: float, inward: int) -> st.SearchStrategy[float]:
    """Positions from the edge to about 200 m inside, the edge and its neighbour among them."""
    steps = st.floats(0.0, 2e-3) | st.sampled_from([0.0, 1e-15, 1e-12, 1e-9, 1e-6])
    return steps.map(lambda step: edge + inward * step)


AT_EDGE = (
    st.tuples(near(WEST, 1) | near(EAST, -1), st.floats(SOUTH, NORTH))
    | st.tuples(st.floats(WEST, EAST), near(SOUTH, 1) | near(NORTH, -1))
    | st.tuples(near(WEST, 1) | near(EAST, -1), near(SOUTH, 1) | near(NORTH, -1))
)
OUTSIDE = st.tuples(st.floats(-180, 180), st.floats(-90, 90)).filter(
    lambda p: not (WEST - 0.1 < p[0] < EAST + 0.1 and SOUTH - 0.1 < p[1] < NORTH + 0.1)
)
THERE_AND_BACK = [
    (wgs84_to_gcj02, gcj02_to_wgs84),
    (gcj02_to_bd09, bd09_to_gcj02),
    (wgs84_to_bd09, bd09_to_wgs84),
]


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    east = (a[0] - b[0]) * math.cos(math.radians(b[1])) * 111_320
    return math.hypot(east, (a[1] - b[1]) * 110_574)


# The formulas once more, a position at a time and term by term.


def scalar_gcj02(lon: float, lat: float) -> tuple[float, float]:
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return lon, lat
    u, v, pi, sin = lon - 105, lat - 35, math.pi, math.sin
    north = -100 + 2 * u + 3 * v + 0.2 * v**2 + 0.1 * u * v + 0.2 * math.sqrt(abs(u))
    north += (20 * sin(6 * pi * u) + 20 * sin(2 * pi * u)) * 2 / 3
    north += (20 * sin(pi * v) + 40 * sin(pi * v / 3)) * 2 / 3
    north += (160 * sin(pi * v / 12) + 320 * sin(pi * v / 30)) * 2 / 3
    east = 300 + u + 2 * v + 0.1 * u**2 + 0.1 * u * v + 0.1 * math.sqrt(abs(u))
    east += (20 * sin(6 * pi * u) + 20 * sin(2 * pi * u)) * 2 / 3
    east += (20 * sin(pi * u) + 40 * sin(pi * u / 3)) * 2 / 3
    east += (150 * sin(pi * u / 12) + 300 * sin(pi * u / 30)) * 2 / 3
    a, ee = 6378245.0, 0.00669342162296594323
    w = math.sqrt(1 - ee * sin(math.radians(lat)) ** 2)
    meridian, normal = a * (1 - ee) / w**3, a / w  # radii of curvature
    parallel = normal * math.cos(math.radians(lat))
    return lon + math.degrees(east / parallel), lat + math.degrees(north / meridian)


def scalar_bd09(lon: float, lat: float) -> tuple[float, float]:
    k = math.pi * 3000 / 180
    z = math.sqrt(lon**2 + lat**2) + 2e-5 * math.sin(lat * k)
    theta = math.atan2(lat, lon) + 3e-6 * math.cos(lon * k)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


@pytest.mark.parametrize(("there", "back"), THERE_AND_BACK)
@settings(deadline=None)
@given(position=IN_CHINA | IN_BOX | AT_EDGE)
def test_round_trip_is_exact_to_a_tenth_of_a_millimetre(there, back, position):
    assert metres(back(*there(*position)), position) < 1e-4


@pytest.mark.parametrize(("there", "back"), THERE_AND_BACK)
@settings(deadline=None)
@given(position=IN_CHINA)
def test_round_trip_the_other_way(there, back, position):
    assert metres(there(*back(*position)), position) < 1e-4


@settings(deadline=None)
@given(position=st.tuples(st.floats(104.999999, 105.000001), st.floats(3.4, 53.7)))
def test_round_trip_where_the_root_is_steepest(position):
    assert metres(gcj02_to_wgs84(*wgs84_to_gcj02(*position)), position) < 1e-4


@settings(deadline=None)
@given(position=IN_CHINA | AT_EDGE | OUTSIDE)
def test_same_as_another_implementation(position):
    assert wgs84_to_gcj02(*position) == pytest.approx(scalar_gcj02(*position), abs=1e-11)
    assert gcj02_to_bd09(*position) == pytest.approx(scalar_bd09(*position), abs=1e-11)
    both = scalar_bd09(*scalar_gcj02(*position))
    assert wgs84_to_bd09(*position) == pytest.approx(both, abs=1e-11)


@settings(deadline=None)
@given(position=IN_CHINA)
def test_ways_back_solve_the_other_implementation(position):
    assert metres(scalar_gcj02(*gcj02_to_wgs84(*position)), position) < 1e-4
    assert metres(scalar_bd09(*bd09_to_gcj02(*position)), position) < 1e-4


@settings(deadline=None)
@given(position=OUTSIDE)
def test_gcj02_leaves_the_rest_of_the_world(position):
    assert wgs84_to_gcj02(*position) == position
    assert gcj02_to_wgs84(*position) == position


def test_the_box_has_its_edges_and_not_what_lies_beyond():
    lon = np.array([WEST, EAST, np.nextafter(WEST, 0), np.nextafter(EAST, 180)])
    moved, _ = wgs84_to_gcj02(lon, 30.0)
    assert (moved != lon).tolist() == [True, True, False, False]


def test_a_position_in_a_gap_of_the_box_stays():
    """At 72.0041 E the shift is west to east: no place inside comes to lie there."""
    assert wgs84_to_gcj02(WEST, 30.0)[0] > 72.0041
    assert gcj02_to_wgs84(72.0041, 30.0) == (72.0041, 30.0)


@pytest.mark.parametrize(
    ("datum", "offset"), [("GCJ02", (0.0045, -0.0020)), ("BD09", (0.0110, 0.0040))]
)
def test_known_offsets_at_shanghai(datum, offset):
    shown = from_wgs84(*SHANGHAI, datum)
    assert np.subtract(shown, SHANGHAI) == pytest.approx(offset, abs=2e-4)
    assert to_wgs84(*shown, datum) == pytest.approx(SHANGHAI, abs=1e-9)


@pytest.mark.parametrize("datum", ["WGS84", "CGCS2000", "GCJ02", "BD09", "EPSG:4490", "EPSG:32651"])
def test_every_datum_keeps_shape_scalars_and_missing(datum):
    lon, lat = from_wgs84(*SHANGHAI, datum)
    assert isinstance(lon, float)
    assert isinstance(lat, float)
    columns = np.array([[lon, np.nan, lon], [lon, np.inf, lon]])
    rows = np.array([[lat, lat, np.nan], [lat, lat, lat]])
    found = to_wgs84(columns, rows, datum)
    missing = np.array([[False, True, True], [False, True, False]])
    for values, want in zip(found, SHANGHAI, strict=True):
        assert values.shape == (2, 3)
        assert (np.isnan(values) == missing).all()
        assert values[~missing] == pytest.approx(want, abs=1e-8)
    assert to_wgs84([], [], datum)[0].shape == (0,)
    assert np.isnan(to_wgs84(None, lat, datum)).all()


def test_scalars_broadcast_with_arrays_longer_than_a_chunk():
    lon = np.linspace(73.0, 135.0, 70_001)
    found = to_wgs84(*from_wgs84(lon, 31.0, "BD09"), "BD09")
    assert np.abs(found[0] - lon).max() < 1e-9
    assert np.abs(found[1] - 31.0).max() < 1e-9


def test_epsg_longitude_comes_first_and_either_case_is_read():
    assert to_wgs84(500_000.0, 0.0, "epsg:32651") == pytest.approx((123.0, 0.0), abs=1e-9)
    assert to_wgs84(*SHANGHAI, "EPSG:4326") == pytest.approx(SHANGHAI)
    assert to_wgs84(*SHANGHAI, "gcj02") == to_wgs84(*SHANGHAI, "GCJ02")


def test_what_a_projection_does_not_reach_is_missing():
    assert np.isnan(from_wgs84([121.0], [95.0], "EPSG:3857")).all()


@pytest.mark.parametrize("datum", ["", "BD-09", "EPSG:", "EPSG:x", "EPSG:999999", "EPSG:-1"])
def test_an_unknown_datum_is_refused_with_the_known_ones(datum):
    for convert in (to_wgs84, from_wgs84):
        with pytest.raises(CoordinateError, match="WGS84, CGCS2000, GCJ02, BD09, EPSG:n"):
            convert(*SHANGHAI, datum)


@pytest.mark.real_data
@pytest.mark.skipif(not ENTERPRISES.is_file(), reason="no real data beside the project")
def test_real_positions_in_both_datums_meet():
    """Two geocoders answered for each firm: half of the answers lie within 36 m when converted.

    8 of the 100 BD-09 positions are wrong (-1 or in another province).
    """
    firms = json.loads(ENTERPRISES.read_text(encoding="utf-8"))
    bd09, gcj02 = (
        np.array([[firm[key]["lon"], firm[key]["lat"]] for firm in firms])
        for key in ("bdLocation", "gdLocation")
    )
    converted = np.column_stack(bd09_to_gcj02(*bd09.T))
    apart = (converted - gcj02) * (95_170.0, 111_320.0)
    distance = np.hypot(*apart.T)
    right = distance < 100_000
    assert (~right).sum() == 8
    assert (distance < 0.2).sum() >= 4  # these were converted by someone: the formulas are theirs
    assert np.median(distance[right]) < 40
    assert np.percentile(distance[right], 70) < 100
    assert np.abs(np.median(apart[right], axis=0)).max() < 5  # no bias


@pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
def test_a_position_does_not_depend_on_its_neighbours(datum):
    """Else a table would depend on where its files were cut."""
    chance = np.random.default_rng(7)
    lon = np.concatenate([chance.uniform(73, 135, 400), [121.2, 105.0, 72.01, 137.8, 0.0, 200.0]])
    lat = np.concatenate([chance.uniform(4, 54, 400), [31.5, 35.0, 0.9, 55.8, 0.0, -95.0]])
    together = to_wgs84(lon, lat, datum)
    alone = [to_wgs84(lon[i : i + 1], lat[i : i + 1], datum) for i in range(len(lon))]
    for axis in (0, 1):
        each = np.concatenate([one[axis] for one in alone])
        np.testing.assert_array_equal(np.asarray(together[axis]), each)
