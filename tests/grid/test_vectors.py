"""Every published or verified example of the specification, under the readings that it names."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from gridcontainer.grid import (
    code3d_to_bounds,
    code3d_to_code,
    code_to_bounds,
    code_to_center,
    layer_to_height,
    lonlat_to_code,
    lonlat_to_code3d,
    make_reference,
    resolve_reference,
)

with (Path(__file__).parent / "vectors.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))

SCHEMES = {  # column `reading`: reading and form of negative heights
    "all": [("A", "sign-magnitude"), ("B", "sign-magnitude"), ("C", "sign-magnitude")],
    "A": [("A", "sign-magnitude")],
    "A+C": [("A", "sign-magnitude"), ("C", "sign-magnitude")],
    "B": [("B", "sign-magnitude")],
    "C": [("C", "sign-magnitude")],
    "A-complement": [("A", "complement")],
}
REFERENCED = {  # the cells that the notes name: East Gate 1, East Gate 1, Qiushi tower
    "N50J475492E-10": "N50J475493E",
    "N50J475491E-20": "N50J475493E",
    "N50J475493E-B0": "N50J475491E",
}
MINUTE = 122_880  # layers
WITHOUT_HEIGHT = {  # layers that the notes name (2d44m and, below the ellipsoid, 128d56m)
    "N050J004755039E": (164 * MINUTE, 165 * MINUTE),
    "N150I3206151098": (1 - (128 * 60 + 57) * MINUTE, 1 - (128 * 60 + 56) * MINUTE),
}


def rows(kind):
    return [row for row in ROWS if row["kind"] == kind]


def named(row):
    return f"{row['code']}-{row['reading'] or row['level']}"


PLAIN, REFERENCES = rows("2d"), rows("ref")
TALL = [(row, *scheme) for row in rows("3d") for scheme in SCHEMES[row["reading"]]]
HIGH = [(row, *scheme) for row, *scheme in TALL if row["height"]]


def name_tall(values):
    return [f"{named(row)}-{reading}-{negative}" for row, reading, negative in values]


def test_no_row_is_left_out():
    assert Counter(row["kind"] for row in ROWS) == {
        "2d": 131,
        "3d": 67,
        "ref": 3,
        "geosot": 61,  # of test_geosot.py
        "time": 8,  # of test_time_code.py
    }
    assert all(row["lon"] and row["lat"] and row["level"] for row in PLAIN)
    assert {row["code"] for row in rows("3d") if not row["height"]} == set(WITHOUT_HEIGHT)
    assert {row["code"] for row in REFERENCES} == set(REFERENCED)
    assert len({id(row) for row, *_ in TALL}) == 67
    assert Counter(row["reading"] for row in rows("3d")) == {
        "all": 21,
        "A": 7,
        "A+C": 11,
        "B": 13,
        "C": 7,
        "A-complement": 8,
    }


@pytest.mark.parametrize("row", PLAIN, ids=named)
def test_position_encodes_to_the_code(row):
    got = lonlat_to_code(float(row["lon"]), float(row["lat"]), int(row["level"]))
    assert got == row["code"]


@pytest.mark.parametrize("row", PLAIN, ids=named)
def test_code_decodes_to_bounds_around_the_position(row):
    lon, lat = float(row["lon"]), float(row["lat"])
    west, south, east, north = code_to_bounds(row["code"])
    assert west <= lon <= east or (west > east and not east < lon < west)
    assert south <= lat <= north
    assert lonlat_to_code(*code_to_center(row["code"]), int(row["level"])) == row["code"]


@pytest.mark.parametrize(("row", "reading", "negative"), HIGH, ids=name_tall(HIGH))
def test_position_with_height_encodes_to_the_3d_code(row, reading, negative):
    lon, lat, height = float(row["lon"]), float(row["lat"]), float(row["height"])
    got = lonlat_to_code3d(lon, lat, height, int(row["level"]), reading=reading, negative=negative)
    assert got == row["code"]


@pytest.mark.parametrize(("row", "reading", "negative"), TALL, ids=name_tall(TALL))
def test_3d_code_decodes_to_bounds_around_the_position(row, reading, negative):
    lon, lat = float(row["lon"]), float(row["lat"])
    bounds = code3d_to_bounds(row["code"], reading=reading, negative=negative)
    west, south, east, north, bottom, top = bounds
    assert (west, south, east, north) == code_to_bounds(code3d_to_code(row["code"]))
    assert west <= lon <= east
    assert south <= lat <= north
    if row["height"]:
        assert bottom <= float(row["height"]) < top
    else:
        layers = WITHOUT_HEIGHT[row["code"]]
        assert (bottom, top) == tuple(layer_to_height(layer) for layer in layers)
    middle = (west + east) / 2, (south + north) / 2, (bottom + top) / 2
    level = int(row["level"])
    assert lonlat_to_code3d(*middle, level, reading=reading, negative=negative) == row["code"]


DIFFERING = [(row, other) for row in rows("3d") for other in "AB" if row["height"]]
DIFFERING = [
    (row, other)
    for row, other in DIFFERING
    if (row["reading"], other) in {("A", "B"), ("A+C", "B"), ("C", "A"), ("C", "B"), ("B", "A")}
]


@pytest.mark.parametrize(
    ("row", "other"), DIFFERING, ids=[f"{named(row)}-{other}" for row, other in DIFFERING]
)
def test_a_reading_that_the_row_does_not_name_gives_another_code(row, other):
    lon, lat, height = float(row["lon"]), float(row["lat"]), float(row["height"])
    assert lonlat_to_code3d(lon, lat, height, int(row["level"]), reading=other) != row["code"]


@pytest.mark.parametrize("row", REFERENCES, ids=named)
def test_reference_code_means_the_cell_that_its_note_names(row):
    base, target = row["code"][:11], REFERENCED[row["code"]]
    assert resolve_reference(row["code"]) == target
    assert make_reference(base, target) == row["code"]


def test_box_bottom_that_the_ibest_manual_prints_is_ours():
    bottom = code3d_to_bounds("N050J004705039DB8920557347")[4]
    assert bottom == pytest.approx(25124.460173016414, abs=3e-5)  # the manual's own rounding


def test_layer_of_the_specification_has_its_faces():
    bottom, top = code3d_to_bounds(lonlat_to_code3d(116.39745, 39.90872, 120.5, 10))[4:]
    assert bottom == pytest.approx(120.496958, abs=5e-7)
    assert top == pytest.approx(120.511927, abs=5e-7)
