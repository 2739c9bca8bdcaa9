"""GeoSOT with height: the binary digits under both conventions, and the 3D code."""

import exact_geosot
import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import height_to_layer, layer_to_height
from gridcontainer.grid.geosot import (
    geosot3d_to_bounds,
    geosot_to_bounds,
    geosot_to_height,
    height_to_geosot,
    lonlat_to_geosot3d,
)

LON = st.floats(-180, 180) | st.integers(-180, 180).map(float)
LAT = st.floats(-90, 90) | st.integers(-90, 90).map(float)
HEIGHT = st.floats(-6_302_106.7, 528_680_171.1) | st.floats(-12_000, 60_000) | st.floats(-40, 40)
CONVENTION = st.sampled_from(["packed", "plain"])


def test_the_printed_3d_code():
    """Of a commercial database: 116 deg 18', 39 deg 54', below the first minute of height."""
    code = "GZ002620644460460"
    assert lonlat_to_geosot3d(116.315222, 39.910278, 100.0, 15) == code
    assert lonlat_to_geosot3d(116.315222, 39.910278, 100.0, 15, convention="plain") == code
    west, south, east, north, bottom, top = geosot3d_to_bounds(code)
    assert (west, south) == pytest.approx((116.3, 39.9))
    assert (east - west, north - south) == pytest.approx((1 / 60, 1 / 60))
    assert (bottom, top) == pytest.approx((0.0, 1839.585), abs=1e-3)


@settings(deadline=None)
@given(height=HEIGHT, level=st.integers(1, 32), convention=CONVENTION)
def test_heights_are_the_digits_of_their_layer(height, level, convention):
    want = exact_geosot.height_digits(height_to_layer(height), level, convention)
    code = height_to_geosot(height, level, convention=convention, on_invalid="mark")
    assert code == (want if len(want) == level else "")
    if code:
        bottom, top = geosot_to_height(code, convention=convention)
        assert bottom <= height < top


@settings(deadline=None)
@given(height=st.floats(0, 1839.58), level=st.integers(1, 32))
def test_conventions_agree_in_the_first_minute(height, level):
    packed, plain = (height_to_geosot(height, level, convention=c) for c in ("packed", "plain"))
    assert packed == plain
    assert geosot_to_height(packed)[0] == geosot_to_height(plain, convention="plain")[0]


@settings(deadline=None)
@given(height=HEIGHT, level=st.integers(1, 32))
def test_packed_heights_begin_with_the_coarser_ones(height, level):
    assert height_to_geosot(height, 32)[:level] == height_to_geosot(height, level)


@settings(deadline=None)
@given(digits=st.text("01", min_size=1, max_size=32), convention=CONVENTION)
@example(digits="1", convention="plain")
@example(digits="1" + "0" * 31, convention="packed")
@example(digits="0" + "1" * 14, convention="plain")
def test_height_codes_round_trip_or_are_refused(digits, convention):
    try:
        bottom, top = geosot_to_height(digits, convention=convention)
    except CodeError:
        assert exact_geosot.height_has_no_layer(digits, convention)
        return
    assert not exact_geosot.height_has_no_layer(digits, convention)
    first, last = height_to_layer(bottom), height_to_layer(np.nextafter(top, -np.inf))
    middle = layer_to_height((first + last) // 2)
    for inside in (bottom, middle):
        assert height_to_geosot(inside, len(digits), convention=convention) == digits


def test_the_first_cell_below_the_ellipsoid():
    """Sign and magnitude: packed cells next to the ellipsoid are a finest layer thinner."""
    assert height_to_geosot(-0.001, 32) == "1" + "0" * 30 + "1"
    with pytest.raises(CodeError, match="minus zero"):
        geosot_to_height("1" + "0" * 31)
    assert geosot_to_height("1" + "0" * 20)[1] == 0.0
    assert geosot_to_height("1", convention="plain")[1] == 0.0
    with pytest.raises(CodeError, match="minus zero"):
        geosot_to_height("10", convention="plain")


def test_heights_without_a_code():
    heights = [0.0, np.nan, 6e8, -6_302_106.72]
    codes = height_to_geosot(heights, 5, convention="plain", on_invalid="mark")
    assert codes.tolist() == ["00000", "", "", ""]
    with pytest.raises(CoordinateError, match="index 1"):
        height_to_geosot(heights, 5)
    for faulty in ("", "2", "0" * 33, "G01"):
        with pytest.raises(CodeError, match="0 or 1"):
            geosot_to_height(["0", faulty])
    for level in (0, 33):
        with pytest.raises(CodeError):
            height_to_geosot(1.0, level)
    with pytest.raises(CodeError, match="convention"):
        height_to_geosot(1.0, 5, convention="floor")


@settings(deadline=None)
@given(lon=LON, lat=LAT, height=HEIGHT, level=st.integers(1, 32), convention=CONVENTION)
def test_3d_digits_hold_the_2d_digits_and_the_height(lon, lat, height, level, convention):
    bits = height_to_geosot(height, level, convention=convention, on_invalid="mark")
    code = lonlat_to_geosot3d(lon, lat, height, level, convention=convention, on_invalid="mark")
    assert bool(code) == bool(bits)
    if code:
        flat = exact_geosot.encode(lon, lat, level)[1:]
        pairs = zip(flat, bits, strict=True)
        assert code == "GZ" + "".join(str(2 * int(a) + int(b)) for a, b in pairs)
        assert geosot3d_to_bounds(code, convention=convention) == (
            *geosot_to_bounds("G" + flat),
            *geosot_to_height(bits, convention=convention),
        )


def test_3d_codes_that_hold_no_place():
    assert lonlat_to_geosot3d([1.0, np.nan], 2.0, [3.0, 4.0], 4, on_invalid="mark")[1] == ""
    with pytest.raises(CoordinateError, match="height=nan"):
        lonlat_to_geosot3d(1.0, 2.0, None, 4)
    for code, reason in (
        ("G0", "GZ and 1-32 digits"),
        ("GZ", "GZ and 1-32 digits"),
        ("GZ8", "GZ and 1-32 digits"),
        ("GZ04", "outside the Earth"),
        ("GZ0000000002222", "60-63"),
        ("GZ0000000001111", "no such height"),
    ):
        with pytest.raises(CodeError, match=reason):
            geosot3d_to_bounds(["gz0", code])
    assert geosot3d_to_bounds([["GZ0", "GZ000"]])[5].shape == (1, 2)
