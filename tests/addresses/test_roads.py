"""Reckoning on roads: straight ones, whose answers are known, and wrong points among the right."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, strategies as st

from gridcontainer.addresses.metres import Plane
from gridcontainer.addresses.roads import (
    Guess,
    between_numbers,
    crossing,
    move_along,
    without_strays,
)

ANGLES = st.floats(0, np.pi)
KNOWN = np.arange(10, 400, 10)


def straight(angle: float, at: np.ndarray, beside: float = 0.0) -> np.ndarray:
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    return at[:, None] * along + beside * across


@given(ANGLES, st.integers(10, 390), st.floats(0.5, 3))
def test_numbers_of_a_straight_road_lie_in_proportion(angle, wanted, metres):
    points = straight(angle, KNOWN * metres)
    guess = between_numbers(KNOWN, points, wanted)
    want = straight(angle, np.array([wanted * metres]))[0]
    assert np.hypot(*(guess.point - want)) < 1e-6


@given(ANGLES, st.integers(100, 300))
def test_a_wrong_neighbour_is_passed_over(angle, wanted):
    points = straight(angle, KNOWN * 1.0)
    nearest = int(np.argmin(np.abs(KNOWN - wanted)))
    points[nearest] += 5000.0
    guess = between_numbers(KNOWN, points, wanted)
    want = straight(angle, np.array([wanted * 1.0]))[0]
    assert np.hypot(*(guess.point - want)) < 20
    assert nearest not in guess.used


def test_beyond_the_last_number_the_doubt_grows_and_far_beyond_nothing_is_said():
    points = straight(0.0, KNOWN * 1.0)
    near, further = (between_numbers(KNOWN, points, number) for number in (400, 500))
    assert near.metres < further.metres
    assert between_numbers(KNOWN, points, 3000) is None
    assert between_numbers(KNOWN[:0], points[:0], 5) is None


@given(ANGLES, st.floats(0.6, np.pi - 0.6), st.floats(-200, 200), st.floats(-200, 200))
def test_straight_roads_cross_where_their_lines_do(angle, turn, first, second):
    """Points to every 50 m of two roads through one place, none at the place itself."""
    at = np.arange(-1000, 1001, 50) + 25.0
    roads = straight(angle, at + first % 10), straight(angle + turn, at + second % 10)
    guess = crossing(*roads)
    assert np.hypot(*guess.point) < 1.0


def test_roads_that_do_not_come_near_do_not_cross():
    apart = straight(0.0, KNOWN * 1.0), straight(0.0, KNOWN * 1.0, beside=4000.0)
    assert crossing(*apart) is None
    assert crossing(apart[0], apart[1][:0]) is None


@pytest.mark.parametrize(
    ("direction", "compass"), [("东", (1, 0)), ("西", (-1, 0)), ("南", (0, -1)), ("北", (0, 1))]
)
def test_one_moves_along_the_road_if_it_goes_about_that_way(direction, compass):
    start = Guess(np.zeros(2), 50.0, (0,))
    heading = np.array(compass, dtype=float)
    angle = np.arctan2(heading[1], heading[0]) + 0.3
    road = straight(angle, np.arange(-500.0, 501.0, 100.0))
    moved = move_along(start, road, direction, 300.0)
    assert np.allclose(moved.point, straight(angle, np.array([300.0]))[0])
    across = move_along(
        start, straight(angle + np.pi / 2, np.arange(-500.0, 501, 100)), direction, 300.0
    )
    assert np.allclose(across.point, 300 * heading)
    assert moved.metres < across.metres


@pytest.mark.parametrize("direction", [None, "东西"])
def test_without_a_direction_the_place_is_as_uncertain_as_the_distance(direction):
    moved = move_along(Guess(np.zeros(2), 50.0, (0,)), straight(0.0, KNOWN * 1.0), direction, 300.0)
    assert np.allclose(moved.point, 0)
    assert moved.metres == 350.0


def test_a_stray_is_told_from_a_road_but_not_among_three():
    road = straight(0.3, KNOWN * 10.0)
    with_stray = np.vstack([road, [[50_000.0, 0.0]]])
    assert without_strays(with_stray).tolist() == [True] * len(road) + [False]
    assert without_strays(with_stray[-3:]).all()


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_metres_of_the_plane_are_those_of_the_ellipsoid(east, north):
    plane = Plane(121.4, 31.2)
    lon, lat = plane.lon + east, plane.lat + north
    metres = plane.to_metres(np.array([lon]), np.array([lat]))[0]
    _, _, geodesic = pyproj.Geod(ellps="WGS84").inv(plane.lon, plane.lat, lon, lat)
    assert np.hypot(*metres) == pytest.approx(geodesic, rel=0.005, abs=1e-6)
    assert plane.to_degrees(metres) == pytest.approx((lon, lat))
