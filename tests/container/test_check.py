"""Why a row cannot go in: each reason, its order, the edges of the city, and repeated keys."""

import math

import pytest
from judged import judge_rows, raw_rows, reasons_of

from gridcontainer.container.judge import reasons as check
from gridcontainer.grid.datum import from_wgs84

READERS = ("_file", "_row", "_fault", "_text", "_repair")
NAMES = {name: name for name in ("id", "source_lon", "source_lat")}


@pytest.fixture
def judge(city, declare):
    """The reason of each row, given as (id, lon, lat) or with ``_file``, ``_row``, ``_fault``."""

    def reasons(rows: list[tuple], **keys) -> list[str | None]:
        position = {"lon": "source_lon", "lat": "source_lat"}  # as the container stores lon, lat
        declaration = declare(position=position, **keys)
        whole = [("places.csv", n, None, None, *r) if len(r) == 3 else r
                 for n, r in enumerate(rows, start=1)]  # fmt: skip
        order = sorted(range(len(whole)), key=lambda at: whole[at][:2])  # as the readers give them
        ordered = [(*whole[at][:4], None, *whole[at][4:]) for at in order]
        raw = raw_rows([*READERS, *NAMES], ordered)
        judged = judge_rows(raw, declaration, city, NAMES)
        found = dict(zip(order, reasons_of(judged), strict=True))
        return [found[at] for at in range(len(whole))]

    return reasons


IN = ("121.47", "31.23")
POSITIONS = {
    "sound": (*IN, None),
    "signs and exponents": ("+1.2147e2", "31.23", None),
    "without a digit after the point": ("121.", "31.", None),
    "blanks around": ("  121.47 ", " 31.23", None),
    "no longitude": (None, "31.23", check.MISSING),
    "no latitude": ("121.47", None, check.MISSING),
    "blank": ("121.47", "  ", check.MISSING),
    "dash": ("-", "31.23", check.MISSING),
    "long dash": ("121.47", "—", check.MISSING),
    "null as text": ("NULL", "null", check.MISSING),
    "text": ("无", "31.23", check.NOT_A_NUMBER),
    "NaN": ("NaN", "31.23", check.NOT_A_NUMBER),
    "nan": ("121.47", "nan", check.NOT_A_NUMBER),
    "inf": ("inf", "31.23", check.NOT_A_NUMBER),
    "Infinity": ("121.47", "-Infinity", check.NOT_A_NUMBER),
    "degrees and minutes": ("121°28'", "31°14'", None),
    "comma": ("121,47", "31,23", check.NOT_A_NUMBER),
    "Java's double": ("121.47d", "31.23f", check.NOT_A_NUMBER),
    "hexadecimal": ("0x79", "0x1F", check.NOT_A_NUMBER),
    "wide digits": ("１２１.47", "31.23", None),
    "two points": ("121.4.7", "31.23", check.NOT_A_NUMBER),
    "point alone": (".", "31.23", check.NOT_A_NUMBER),
    "too big for a double": ("1e999", "31.23", check.NOT_A_NUMBER),
    "zero": ("0", "0.000000", check.ZERO),
    "minus zero": ("-0.0", "0e5", check.ZERO),
    "zero longitude only": ("0", "31.23", check.OUTSIDE),
    "swapped": ("31.23", "121.47", check.SWAPPED),
    "another city": ("116.4", "39.9", check.OUTSIDE),
    "west of Greenwich": ("-121.47", "31.23", check.OUTSIDE),
    "beyond the world": ("721.47", "31.23", check.NOT_DEGREES),
    "pixels": ("812", "455", check.NOT_DEGREES),
    "metres": ("352000.5", "3456000.25", check.NOT_DEGREES),
}


def test_each_position_has_its_reason(judge):
    rows = [(str(n), lon, lat) for n, (lon, lat, _) in enumerate(POSITIONS.values())]
    found = dict(zip(POSITIONS, judge(rows), strict=True))
    assert found == {name: reason for name, (_, _, reason) in POSITIONS.items()}


def test_the_edges_of_the_city_belong_to_it(judge, city):
    west, south = city.extent.west, city.extent.south
    east, north = city.extent.east, city.extent.north
    inside = [(x, y) for x in (west, east) for y in (south, north)]
    outside = [
        (math.nextafter(west, -math.inf), 31.0),
        (math.nextafter(east, math.inf), 31.0),
        (121.0, math.nextafter(south, -math.inf)),
        (121.0, math.nextafter(north, math.inf)),
    ]
    rows = [("", repr(x), repr(y)) for x, y in inside + outside]
    assert judge(rows) == [None] * 4 + [check.OUTSIDE] * 4


@pytest.mark.parametrize("datum", ["GCJ02", "BD09", "EPSG:3857"])
def test_the_city_is_asked_in_wgs84(judge, city, datum):
    edge, middle = city.extent.east, (city.extent.south + city.extent.north) / 2
    points = [from_wgs84(edge + aside, middle, datum) for aside in (-1e-5, 1e-5)]  # degrees
    rows = [("", repr(float(x)), repr(float(y))) for x, y in points]
    assert judge(rows, datum=datum) == [None, check.OUTSIDE]


@pytest.mark.parametrize("datum", ["GCJ02", "BD09"])
def test_swapped_is_seen_in_every_datum(judge, datum):
    assert judge([("", "31.23", "121.47")], datum=datum) == [check.SWAPPED]


def test_rows_outside_may_be_kept_if_they_have_a_cell(judge):
    rows = [("a", "116.4", "39.9"), ("b", "-180", "-87.9"), ("c", "190", "0"), ("d", "5", "89")]
    reasons = judge(rows, outside_city="keep")
    assert reasons == [None, None, check.NOT_DEGREES, check.NO_CELL]


def test_a_broken_row_is_broken_whatever_else_is_wrong(judge):
    rows = [
        ("places.csv", 1, "2 columns, not 3", "a,1", None, None, None),
        ("places.csv", 2, "odd", None, "a", "0", "0"),
        ("places.csv", 3, None, None, "a", None, "x"),
        ("places.csv", 4, None, None, None, "x", "121.4"),
        ("places.csv", 5, None, None, None, "116", "39"),
    ]
    reasons = judge(rows, key=["id"])
    assert reasons == [check.BROKEN] * 2 + [check.MISSING, check.NOT_A_NUMBER, check.OUTSIDE]


def test_the_first_sound_row_of_a_key_stays(judge):
    rows = [
        ("b.csv", 1, None, None, "1", *IN),
        ("a.csv", 10, None, None, "1", *IN),
        ("a.csv", 9, None, None, "1", *IN),  # 9 before 10: by number, not by text
        ("a.csv", 2, None, None, "1", "0", "0"),
        ("a.csv", 1, "broken", None, "1", *IN),
        ("a.csv", 3, None, None, "2", *IN),
        ("a.csv", 4, None, None, "1 ", *IN),
        ("a.csv", 11, None, None, "1", "121.48", "31.23"),
    ]
    assert judge(rows, key=["id"]) == [
        check.REPEATED_ROW,
        check.REPEATED_ROW,
        None,
        check.ZERO,
        check.BROKEN,
        None,
        None,
        check.REPEATED,
    ]


def test_a_key_is_all_of_its_columns(judge):
    rows = [("1", *IN), ("1", "121.48", "31.23"), ("1", *IN)]
    assert judge(rows, key=["id", "source_lon"]) == [None, None, check.REPEATED_ROW]


def test_a_missing_key_is_told_and_never_repeated(judge):
    rows = [(None, *IN), (None, *IN), ("", *IN), ("  ", *IN), ("1", *IN), (None, "0", "0")]
    assert judge(rows, key=["id"]) == [check.NO_KEY] * 4 + [None, check.ZERO]
    assert judge([(None, *IN), ("1", *IN)], key=["source_lat", "id"]) == [check.NO_KEY, None]


def test_without_a_key_nothing_is_repeated(judge):
    assert judge([("1", *IN), ("1", *IN), (None, *IN)]) == [None, None, None]
