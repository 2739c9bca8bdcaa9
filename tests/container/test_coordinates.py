"""Coordinates as people write them: read exactly, or kept out with a hint at what to declare."""

import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from gridcontainer.container.declaration import Position
from gridcontainer.container.declaration.dataset import Declaration
from gridcontainer.container.declaration.yaml_file import load_model
from gridcontainer.container.judge.coordinates import PositionReader, Positions
from gridcontainer.errors import DeclarationError
from gridcontainer.grid.datum import to_wgs84

MISSING = ("-", "null")


def read(lon: Any, lat: Any = None, datum: str = "WGS84", **position: Any) -> Positions:
    columns = {"x": pa.array(lon)} if lat is None else {"x": pa.array(lon), "y": pa.array(lat)}
    declared = Position(lon="x", lat="y" if lat is not None else "x", **position)
    reader = pickle.loads(pickle.dumps(PositionReader(declared, MISSING, datum)))
    return reader.read(pa.record_batch(columns))


def longitude(text: str | None, **position: Any) -> tuple[float, str | None]:
    """What is read of a text in the column of longitudes, and the hint beside it."""
    found = read([text], ["31"], **position)
    return found.lon[0], found.detail[0].as_py()


@pytest.mark.parametrize(
    "text",
    [
        "121.4737", "+121.4737", "121.4737000", "1.214737e2", "'121.4737", " 121.4737\t",
        "\ufeff121.4737\u200b", "\u3000121.4737\xa0", "１２１.４７３７",
        "１２１．４７３７", "＋121.4737",
        "121.4737°", "121.4737 º", "121.4737度", "121.4737E", "121.4737 e", "E121.4737",
        "E 121.4737°", "121.4737°E", "East 121.4737", "东经121.4737", "东经：121.4737°",
        "東經121.4737度",
        "121.4737Ｅ",
    ],
)  # fmt: skip
def test_decimal_degrees(text: str):
    assert longitude(text) == (121.4737, None)


@pytest.mark.parametrize(
    "text", ["W121.5", "121.5w", "西经121.5°", "-121.5", "−121.5", "－１２１．５"]
)
def test_west_is_negative(text: str):
    assert longitude(text) == (-121.5, None)


@pytest.mark.parametrize(
    "text",
    [
        "121°28'12.5\"E", "121°28′12.5″", "121° 28' 12.5''", "121度28分12.5秒",
        "东经121度28分12.5秒",
        "E121°28′12.5″", "121d28m12.5s", "121 28 12.5 E", "E121-28-12.5", "121:28:12.5E",
        "121°28’12.5”", "１２１°２８′１２．５″", "121°28.2083333333333333'",
        "121 28.2083333333333333E",
    ],
)  # fmt: skip
def test_degrees_minutes_seconds(text: str):
    value, hint = longitude(text)
    assert value == pytest.approx(121 + 28 / 60 + 12.5 / 3600, abs=1e-13)
    assert hint is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("121,4737", "decimal: comma"),
        ("121 28 12.5", "writing: dms"),
        ("121-28-12", "writing: dms"),
        ("31.2,121.4", "order: lon_lat or lat_lon"),
        ("N121.4737", "N in the column of longitudes"),
        ("北纬121.4737", "北纬 in the column of longitudes"),
        ("-121.4737W", "a minus sign and W"),
        ("121°60'", "60 or more"),
        ("121°28'60\"", "60 or more"),
        ("POINT (121 31)", "geometry_format: wkt"),
        ("121.5°30'", "known writing"),
        ("31°12'37s", "s in the column of longitudes"),
        ("E121.4E", "known writing"),
        ("121.4737 m", "known writing"),
        ("0x79", "known writing"),
        ("Infinity", "known writing"),
    ],
)
def test_what_is_not_read_has_a_hint(text: str, hint: str):
    value, told = longitude(text)
    assert np.isnan(value)
    assert told is not None
    assert hint in told


@pytest.mark.parametrize(
    ("lon", "lat", "hint"),
    [
        ("12128.2083", "3112.5", "writing: ddmm"),
        ("1212812.5", "311230", "writing: ddmmss"),
        ("121473700", "31230400", "units_per_degree"),
        ("345678.5", "3456789.1", "datum: EPSG"),
    ],
)
def test_numbers_beyond_all_degrees_have_a_hint(lon: str, lat: str, hint: str):
    found = read([lon], [lat])
    assert (found.lon[0], found.lat[0]) == (float(lon), float(lat))
    assert hint in found.detail[0].as_py()
    assert read([lon], [lat], datum="EPSG:4549").detail[0].as_py() is None


def test_declared_writings():
    assert longitude("121,4737", decimal="comma") == (121.4737, None)
    assert longitude("１２１，４７３７", decimal="comma") == (121.4737, None)
    assert "position.decimal is comma" in str(longitude("121.4737", decimal="comma")[1])
    assert longitude("121 28 12", writing="dms") == (121.47, None)
    assert longitude("-121:28:12", writing="dms") == (-121.47, None)
    found = read(["12128.2", "W12128.2", "5.5"], ["3112.5", "3112.5S", "3160"], writing="ddmm")
    assert found.lon[:2].tolist() == [121.47, -121.47]
    assert found.lat[:2].tolist() == [31 + 12.5 / 60, -31 - 12.5 / 60]
    assert np.isnan([found.lon[2], found.lat[2]]).all()
    found = read([1212812], [311230], writing="ddmmss")
    assert (found.lon[0], found.lat[0]) == (121.47, 31 + 12.5 / 60)
    found = read(["121473700"], [31230400], units_per_degree=1_000_000)
    assert (found.lon[0], found.lat[0]) == (121.4737, 31.2304)


def test_missing_in_every_way():
    found = read([None, " ", "\u3000\ufeff", "-", " null ", "1"], ["1", "1", "1", "1", "1", "-"])
    assert found.is_missing.all()
    assert found.detail.null_count == 6
    found = read(["null,null", ",", "-", "31.2,null"], order="lat_lon")
    assert found.is_missing.tolist() == [True, True, True, False]
    assert found.detail[3].as_py() == "one coordinate only, where position declares two in one text"


def test_columns_of_numbers_pass():
    found = read([121.5, None, np.inf], pa.array([31, 31, 31], pa.int16()))
    assert found.lon[0] == 121.5
    assert found.is_missing.tolist() == [False, True, False]
    assert np.isnan(found.lon[1:]).all()


@pytest.mark.parametrize(
    "text",
    [
        "31.2304,121.4737", "(31.2304, 121.4737)", "31.2304 121.4737", "[31.2304; 121.4737]",
        "31.2304，121.4737", "３１.２３０４、１２１.４７３７", "N31.2304 E121.4737",
        "31.2304N121.4737E",
        "北纬31.2304，东经121.4737", "31.2304° 121.4737°", "【31.2304|121.4737】",
    ],
)  # fmt: skip
def test_both_in_one_column(text: str):
    found = read([text], order="lat_lon")
    assert (found.lon[0], found.lat[0]) == (121.4737, 31.2304)
    assert found.detail[0].as_py() is None


def test_letters_tell_the_order():
    found = read(["E121.4,N31.2", "31.2N 121.4E", "31.2,121.4", "N31,S121"], order="letters")
    assert found.lon[:2].tolist() == [121.4, 121.4]
    assert found.lat[:2].tolist() == [31.2, 31.2]
    assert np.isnan(found.lon[2:]).all()
    assert "order: lon_lat or lat_lon" in found.detail[2].as_py()
    contrary = read(["E121.4,N31.2"], order="lat_lon")
    assert np.isnan(contrary.lon[0])
    assert "position.order: lat_lon" in contrary.detail[0].as_py()


def test_pairs_with_decimal_commas():
    texts = ["121,4737; 31,2", "121,4737, 31,2", "121,4737 31,2", "121,4737,31,2"]
    found = read(texts, order="lon_lat", decimal="comma")
    assert found.lon[:3].tolist() == [121.4737] * 3
    assert found.lat[:3].tolist() == [31.2] * 3
    assert np.isnan(found.lon[3])


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ({"lon": "a", "lat": "a"}, "order: lon_lat or order: lat_lon"),
        ({"lon": "a", "lat": "b", "order": "lon_lat"}, "one column that holds both"),
        ({"geometry": "g", "decimal": "comma"}, "of lon and lat only"),
        ({"lon": "a", "lat": "b", "writing": "ddmm", "units_per_degree": 60}, "writing: degrees"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_declared(said: dict[str, Any], remedy: str):
    with pytest.raises(ValidationError, match=remedy):
        Position(**said)


def test_one_column_is_needed_once(tmp_path: Path):
    text = (
        "dataset: places\ndepartment: traffic\ntitle: p\nkind: points\n"
        "source: {path: a.csv, format: csv}\nposition: {lon: location, lat: location%s}\n"
    )
    path = tmp_path / "places.yaml"
    path.write_text(text % "")
    with pytest.raises(DeclarationError, match="position: lon and lat are both in location"):
        load_model(path, Declaration)
    path.write_text(text % ", order: lat_lon")
    declared = load_model(path, Declaration)
    assert declared.needed_columns == ["location"]
    renamed = declared.with_columns({"location": "source_location"}).position
    assert renamed is not None
    assert renamed.in_one_column


def test_datum_and_shapes():
    found = read(["121.4737"], ["31.2304"], datum="GCJ02")
    assert (found.lon_read[0], found.lat_read[0]) == (121.4737, 31.2304)
    assert (found.lon[0], found.lat[0]) == to_wgs84(121.4737, 31.2304, "GCJ02")
    shapes = [shapely.to_wkb(shapely.box(1, 2, 3, 4)), None]
    batch = pa.record_batch({"_geometry": pa.array(shapes, pa.binary())})
    found = PositionReader(Position(geometry="g"), MISSING, "GCJ02").read(batch)
    assert (found.lon[0], found.lat[0]) == (2, 3)
    assert found.is_missing.tolist() == [False, True]


def test_no_rows():
    assert len(read(pa.array([], pa.string()), pa.array([], pa.string())).lon) == 0
    assert len(read(pa.array([], pa.string()), order="lon_lat").lon) == 0


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1), st.sampled_from(["{!r}", " {:.17g} ", "{:e}"])
)
def test_floats_are_read_as_python_reads_them(numbers: list[float], form: str):
    texts = [form.format(number) for number in numbers]
    found = read([*texts, "x"], [*texts, "0"])
    assert found.lon_read[:-1].tolist() == [float(text) for text in texts]


WRITINGS = {
    "{d}°{m}'{s}\"{h}": {}, "{d}° {m}′ {s}″ {h}": {}, "{h}{d}°{m}′{s}″": {},
    "{z}{d}度{m}分{s}秒": {},
    "{h} {d} {m} {s}": {}, "{g}{d} {m} {s}": {"writing": "dms"},
    "{g}{d}-{m}-{s}": {"writing": "dms"},
    "{g}{d}{m:0>2}{t}": {"writing": "ddmmss"},
}  # fmt: skip


@settings(deadline=None)
@given(
    st.integers(0, 179), st.integers(0, 59), st.integers(0, 59), st.text("0123456789", max_size=9),
    st.booleans(), st.sampled_from(list(WRITINGS)), st.booleans(),
)  # fmt: skip
def test_a_known_coordinate_in_all_writings(
    degrees: int, minutes: int, seconds: int, part: str, west: bool, writing: str, full_width: bool
):
    text = writing.format(
        d=degrees, m=minutes, s=f"{seconds}.{part}", t=f"{seconds:02}.{part}",
        g="-" if west else "", h="W" if west else "E", z="西经" if west else "东经",
    )  # fmt: skip
    if full_width:
        text = text.translate({ord(c): 0xFEE0 + ord(c) for c in "0123456789.-WE"})
    exact = degrees + Fraction(minutes, 60) + Fraction(f"{seconds}.{part}0") / 3600
    assert longitude(text, **WRITINGS[writing])[0] == float(-exact if west else exact)


@settings(deadline=None)
@given(st.lists(st.text("0123456789 .,°'\"EWNS东经北纬-+度;()", max_size=12), min_size=1))
def test_any_text_has_one_end(texts: list[str]):
    """Read, missing, or told why: nothing is silent, whatever stands beside it."""
    for more in ({}, {"writing": "dms"}, {"writing": "ddmm"}, {"decimal": "comma"}):
        found = read(texts, ["1"] * len(texts), **more)
        is_read = ~np.isnan(found.lon)
        told = np.array([text is not None for text in found.detail.to_pylist()])
        assert (is_read | found.is_missing | told).all()
        assert not (is_read & found.is_missing).any()
        alone = [read([text], ["1"], **more).lon[0] for text in texts]
        np.testing.assert_array_equal(found.lon, alone)
    found = read(texts, order="lat_lon")
    told = np.array([text is not None for text in found.detail.to_pylist()])
    assert (~np.isnan(found.lon) | found.is_missing | told).all()
