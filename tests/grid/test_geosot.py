"""GeoSOT in the plane: the vectors, exact arithmetic, what must hold, and the BeiDou twins."""

import csv
import re
from fractions import Fraction
from pathlib import Path

import exact_geosot
import numpy as np
import pytest
from hypothesis import assume, example, given, settings, strategies as st

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    code_to_bounds,
    lonlat_to_cell,
    lonlat_to_code,
)
from gridcontainer.grid.geosot import (
    INVALID_GEOSOT,
    TWIN_LEVELS,
    code_to_geosot,
    geosot_problems,
    geosot_to_bounds,
    geosot_to_center,
    geosot_to_children,
    geosot_to_code,
    geosot_to_height,
    geosot_to_integer,
    geosot_to_parent,
    height_to_geosot,
    integer_to_geosot,
    is_valid_geosot,
    lonlat_to_geosot,
)

with (Path(__file__).parent / "vectors.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
GEOSOT_ROWS = [row for row in ROWS if row["kind"].startswith("geosot")]
TEXT_ROWS = [row for row in GEOSOT_ROWS if row["code"].startswith("G") and row["lon"]]
NUMBER_ROWS = [row for row in GEOSOT_ROWS if re.search(r"code \d{15,}", row["note"])]
RAW_ROWS = [row for row in GEOSOT_ROWS if "," in row["code"]]
HEIGHT_ROWS = [row for row in GEOSOT_ROWS if set(row["code"]) <= {"0", "1"}]
TWIN_ROWS = [row for row in ROWS if re.search(r"gridcell \d+:15", row["note"])]

EDGES = st.integers(0, 180 * exact_geosot.UNITS).map(lambda units: units / exact_geosot.UNITS)
LON = st.floats(-180, 180) | EDGES | EDGES.map(float.__neg__) | st.integers(-180, 180).map(float)
LAT = LON.map(lambda degrees: degrees / 2) | st.integers(-90, 90).map(float)
LEVEL = st.integers(0, 32)


def name(row):
    return f"{row['code'][:20]}@{row['level']}"


def contains(bounds, lon, lat):
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north


# Vectors


def test_every_row_is_looked_at():
    seen = {id(row) for rows in (TEXT_ROWS, NUMBER_ROWS, RAW_ROWS, HEIGHT_ROWS) for row in rows}
    assert len(seen) == len(GEOSOT_ROWS) == 61
    assert len(TWIN_ROWS) == 3


@pytest.mark.parametrize("row", TEXT_ROWS, ids=name)
def test_vectors_of_positions(row):
    lon, lat, level, code = float(row["lon"]), float(row["lat"]), int(row["level"]), row["code"]
    assert lonlat_to_geosot(lon, lat, level) == exact_geosot.plain_digits(code)
    long = lonlat_to_geosot(lon, lat, level, separators=True)
    assert code in (long, exact_geosot.plain_digits(long))
    assert geosot_to_integer(code) == geosot_to_integer(long)
    assert contains(geosot_to_bounds(code), lon, lat)


@pytest.mark.parametrize("row", NUMBER_ROWS, ids=name)
def test_vectors_of_integers(row):
    integer = int(re.search(r"code (\d{15,})", row["note"])[1])
    assert geosot_to_integer(row["code"]) == (integer, int(row["level"]))
    assert integer_to_geosot(integer, int(row["level"])) == exact_geosot.plain_digits(row["code"])


@pytest.mark.parametrize("row", RAW_ROWS, ids=name)
def test_vectors_of_a_cell_and_a_height(row):
    (integer, height_word), level = row["code"].split(":")[0].split(","), int(row["level"])
    cell = lonlat_to_geosot(float(row["lon"]), float(row["lat"]), level)
    assert geosot_to_integer(cell) == (int(integer), level)
    code = height_to_geosot(float(row["height"]), level)
    assert int(code, 2) << (32 - level) == int(height_word)


@pytest.mark.parametrize("row", HEIGHT_ROWS, ids=name)
def test_vectors_of_plain_heights(row):
    height, level = float(row["height"]), int(row["level"])
    assert height_to_geosot(height, level, convention="plain") == row["code"]
    bottom, top = geosot_to_height(row["code"], convention="plain")
    assert bottom <= height < top


@pytest.mark.parametrize("row", TWIN_ROWS, ids=name)
def test_vectors_of_twins(row):
    integer = int(re.search(r"gridcell (\d+):15", row["note"])[1])
    twin = integer_to_geosot(integer, 15)
    assert code_to_geosot(row["code"]) == twin
    assert geosot_to_code(twin) == row["code"]


# Properties of the 2D code


@settings(deadline=None)
@given(lon=LON, lat=LAT, level=LEVEL)
@example(lon=-0.0, lat=-5e-324, level=32)
@example(lon=180.0, lat=-90.0, level=32)
@example(lon=-180.0, lat=90.0, level=32)
def test_same_as_exact_arithmetic(lon, lat, level):
    assert lonlat_to_geosot(lon, lat, level) == exact_geosot.encode(lon, lat, level)


@settings(deadline=None)
@given(lon=LON, lat=LAT, level=LEVEL, separators=st.booleans())
def test_round_trip(lon, lat, level, separators):
    code = lonlat_to_geosot(lon, lat, level, separators=separators)
    integer, told = geosot_to_integer(code)
    assert told == level
    assert integer_to_geosot(integer, level, separators=separators) == code
    assert integer_to_geosot(np.uint64(integer % 2**64), level) == exact_geosot.plain_digits(code)
    assert contains(geosot_to_bounds(code), lon, lat)
    assert lonlat_to_geosot(*geosot_to_center(code), level) == exact_geosot.plain_digits(code)


@settings(deadline=None)
@given(lon=LON, lat=LAT, level=LEVEL, coarser=LEVEL)
def test_a_code_begins_with_its_ancestors(lon, lat, level, coarser):
    assume(coarser <= level)
    code = lonlat_to_geosot(lon, lat, level)
    ancestor = lonlat_to_geosot(lon, lat, coarser)
    assert ancestor == code[: coarser + 1] == geosot_to_parent(code, coarser)
    if level:
        assert geosot_to_parent(code) == code[:-1]


@settings(deadline=None)
@given(lon=st.floats(1e-300, 180), lat=st.floats(1e-300, 90), level=st.integers(1, 32))
def test_quadrants_are_mirrored(lon, lat, level):
    codes = lonlat_to_geosot([lon, -lon, lon, -lon], [lat, lat, -lat, -lat], level)
    assert [code[1] for code in codes] == ["0", "1", "2", "3"]
    assert len({code[2:] for code in codes}) == 1
    west, south, east, north = geosot_to_bounds(codes)
    assert (east[1], west[1], north[2], south[2]) == (-west[0], -east[0], -south[0], -north[0])


@settings(deadline=None)
@given(positions=st.lists(st.tuples(LON, LAT), min_size=2, max_size=20), level=LEVEL)
def test_integers_unsigned_are_in_the_order_of_codes(positions, level):
    codes = lonlat_to_geosot(*np.array(positions).T, level)
    order = np.argsort(geosot_to_integer(codes)[0].view(np.uint64), kind="stable")
    assert codes[order].tolist() == sorted(codes.tolist())


@settings(deadline=None)
@given(digits=st.text("0123", max_size=32) | st.text("0", min_size=9, max_size=32))
def test_codes_that_hold_no_place_are_refused(digits):
    fault = exact_geosot.has_no_place(digits)
    assert is_valid_geosot("G" + digits) == (not fault)
    assert bool(geosot_problems("G" + digits)) == fault


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("G000000000-1111", "longitude minute 60"),
        ("G000000000-2222", "latitude minute 60"),
        ("G00000000011110000001", "longitude minute 60"),
        ("G000000000-000000-111101", "longitude second 61"),
        ("G000000000-000000-2222", "latitude second 60"),
        ("G02", "outside the Earth"),
        ("G010110100", "outside the Earth"),
        ("X00", "begins with 'X'"),
        ("", "begins with ''"),
        ("G0014", "has '4'"),
        ("G" + "0" * 33, "33 digits"),
        ("G0000000000-00000", "separators"),
        ("G000000000-", "separators"),
        ("G000000000-000000.0", "separators"),
        ("G000000000-000000-000000.", "separators"),
        ("G000000000000000-000000", "separators"),
    ],
)
def test_faults_are_explained(code, reason):
    assert reason in geosot_problems(code)
    assert not is_valid_geosot(code)
    with pytest.raises(CodeError, match=re.escape(reason)):
        geosot_to_bounds(["G", code])
    integers, levels = geosot_to_integer(["g0", code], on_invalid="mark")
    assert integers.tolist() == [0, INVALID_GEOSOT]
    assert levels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("position", "level", "width", "finer"),
    [
        ((5.1, 5.1), 10, "32/60", 4),
        ((5.9, 5.1), 10, "28/60", 4),  # 32'-60' of 32'-64'
        ((5.99, 5.1), 12, "4/60", 2),  # 56'-60' of 56'-64': its eastern half does not exist
        ((5.99, 5.99), 12, "4/60", 1),
        ((5 + 59.5 / 3600, 5.1), 18, "4/3600", 2),  # 56"-60" of 56"-64"
        ((5 + 33 / 3600, 5.1), 16, "28/3600", 4),
    ],
)
def test_cells_before_sixty_are_cut(position, level, width, finer):
    code = lonlat_to_geosot(*position, level)
    west, south, east, north = geosot_to_bounds(code)
    assert east - west == pytest.approx(float(Fraction(*map(int, width.split("/")))))
    assert contains((west, south, east, north), *position)
    assert (geosot_to_children(code) != "").sum() == finer


@settings(deadline=None)
@given(lon=LON, lat=LAT, level=st.integers(0, 31))
@example(lon=176.0, lat=-89.0, level=5)
def test_children_tile_their_parent(lon, lat, level):
    code = lonlat_to_geosot(lon, lat, level)
    children = geosot_to_children(code)
    assert children.shape == (4,)
    present = children[children != ""]
    assert (geosot_to_parent(present) == code).all()
    assert lonlat_to_geosot(lon, lat, level + 1) in present.tolist()
    west, south, east, north = geosot_to_bounds(present)
    assert (west.min(), south.min(), east.max(), north.max()) == geosot_to_bounds(code)
    w, s, e, n = geosot_to_bounds(code)
    assert ((east - west) * (north - south)).sum() == pytest.approx((e - w) * (n - s))


def test_children_of_several_codes_and_levels():
    codes = lonlat_to_geosot([[1.0, 2.0]], [[3.0, 4.0]], 5, separators=True)
    deep = geosot_to_children(codes, 7)
    assert deep.shape == (1, 2, 16)
    assert deep[0, 1].tolist() == [f"{codes[0, 1]}{a}{b}" for a in range(4) for b in range(4)]
    assert geosot_to_children("G").tolist() == ["G0", "G1", "G2", "G3"]
    for refused, level in (("G0", 1), ("G" + "0" * 32, None), ("G0", 33), ("G0", 20)):
        with pytest.raises(CodeError):
            geosot_to_children(refused, level)
    with pytest.raises(CodeError, match="levels"):
        geosot_to_children(["G0", "G00"])


def test_the_frame():
    assert lonlat_to_geosot([12.0, -170.0], [-80.0, 3.0], 0).tolist() == ["G", "G"]
    assert geosot_to_bounds("G") == (-180.0, -90.0, 180.0, 90.0)
    assert geosot_to_bounds("G3") == (-180.0, -90.0, 0.0, 0.0)
    assert geosot_to_bounds("G00") == (0.0, 0.0, 128.0, 90.0)
    with pytest.raises(CodeError):
        geosot_to_parent("G")
    with pytest.raises(CodeError):
        geosot_to_parent("G01", 3)


def test_positions_without_a_cell():
    lon, lat = [116.0, np.nan, 181.0, 10.0], [39.0, 1.0, 1.0, -91.0]
    codes = lonlat_to_geosot(lon, lat, 6, on_invalid="mark")
    assert codes.tolist() == [lonlat_to_geosot(116.0, 39.0, 6), "", "", ""]
    with pytest.raises(CoordinateError, match=r"3 of 4 .* index 1"):
        lonlat_to_geosot(lon, lat, 6)
    assert integer_to_geosot([INVALID_GEOSOT, 0], [99, 1]).tolist() == ["", "G0"]


@pytest.mark.parametrize("level", [-1, 33, 1.5, True])
def test_levels_that_do_not_exist(level):
    with pytest.raises(CodeError):
        lonlat_to_geosot(1.0, 1.0, level)


@pytest.mark.parametrize(("integer", "level"), [(1, 31), (0b11 << 50, 2), (0, 33), (1 << 60, 1)])
def test_integers_that_are_no_cells(integer, level):
    with pytest.raises(CodeError):
        integer_to_geosot(integer, level)


def test_shapes_and_mixed_levels():
    codes = np.array([["G", "G001310322-230230"], ["g0013", "G20020202130022022202220203331010"]])
    integers, levels = geosot_to_integer(codes)
    assert levels.tolist() == [[0, 15], [4, 32]]
    assert integer_to_geosot(integers, levels)[1, 1] == codes[1, 1]
    assert geosot_to_bounds(codes)[2].shape == (2, 2)
    assert geosot_to_integer([])[0].shape == (0,)
    assert lonlat_to_geosot([], [], 9).shape == (0,)
    many = lonlat_to_geosot(np.linspace(-180, 180, 70_001), 31.0, 20, separators=True)
    assert (integer_to_geosot(*geosot_to_integer(many), separators=True) == many).all()


# Twins of the BeiDou code


@settings(deadline=None)
@given(lon=LON, lat=LAT, level=st.sampled_from(sorted(TWIN_LEVELS)))
def test_twins_are_the_same_cell(lon, lat, level):
    assume(abs(lat) < 88)
    code, geosot = lonlat_to_code(lon, lat, level), lonlat_to_geosot(lon, lat, TWIN_LEVELS[level])
    assert code_to_geosot(code) == geosot
    assert exact_geosot.plain_digits(code_to_geosot(code, separators=True)) == geosot
    assert geosot_to_code(geosot) == code
    assert geosot_to_bounds(geosot) == code_to_bounds(code)


def test_codes_without_a_twin():
    for code in ("N50J", "N50J475", "N000"):
        with pytest.raises(CodeError, match="1-3 have none"):
            code_to_geosot(code)
    with pytest.raises(CodeError, match="15, 19, 20, 23, 26, 29, 32"):
        geosot_to_code("G0013")
    with pytest.raises(CodeError, match="polar"):
        geosot_to_code(lonlat_to_geosot(10.0, 88.0, 15))
    mixed = [*lonlat_to_code([1.0, 2.0], 3.0, 4).tolist(), lonlat_to_code(-1.0, -2.0, 10)]
    assert geosot_to_code(code_to_geosot(mixed)).tolist() == mixed
    assert lonlat_to_cell(-1.0, -2.0, 10) < 0
