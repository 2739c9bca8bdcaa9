"""Shapes read many at once: as one by one, whatever CRS they name, and no row stops another."""

import json

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely
from hypothesis import example, given, settings, strategies as st

from gridcontainer.container.declaration import Position
from gridcontainer.container.sources import add_geometry
from gridcontainer.container.sources.records import raw_schema
from gridcontainer.container.sources.shape_arrays import read_shapes
from gridcontainer.container.sources.shape_repair import NotAShape, read_shape

SHANGHAI = (120.8, 30.6, 122.3, 31.9)
CURVES = {
    "CURVEPOLYGON(CIRCULARSTRING(0 0,1 0,1 1,0 1,0 0))",
    "CIRCULARSTRING(0 0,1 1,2 0)",
    "COMPOUNDCURVE((0 0,1 1),CIRCULARSTRING(1 1,2 2,3 1))",
    "MULTICURVE((0 0,1 1),CIRCULARSTRING(1 1,2 2,3 1))",
    "MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0,1 0,1 1,0 1,0 0)))",
    "GEOMETRYCOLLECTION(CIRCULARSTRING(0 0,1 1,2 0))",
    "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(COMPOUNDCURVE((0 0,1 1))))",
}
SURFACES = {
    "TIN(((0 0,1 0,0 1,0 0)))",
    "POLYHEDRALSURFACE(((0 0,1 0,0 1,0 0)))",
    "TRIANGLE((0 0,1 0,0 1,0 0))",
}


def position(kind: str) -> Position:
    return Position(geometry="shape", geometry_format=kind)


def add(texts: list[str | None], kind: str = "wkt", datum: str = "WGS84", **keys) -> list[dict]:
    schema = raw_schema(["shape"])
    arrays = [pa.nulls(len(texts), field.type) for field in schema]
    arrays[-1] = pa.array(texts, pa.string())
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    return add_geometry(batch, position(kind), datum, **keys).to_pylist()


def one_by_one(texts: list[str | None], kind: str) -> list[tuple]:
    found = []
    for text in texts:
        if text is None or not text.strip():
            found.append((None, None, None, None))
            continue
        try:
            shape, repair, crs = read_shape(text, position(kind))
        except NotAShape as error:
            found.append((None, None, None, str(error)))
            continue
        wkb = None if shape.is_empty else shapely.to_wkb(shape, include_srid=False)
        found.append((wkb, repair, crs, None))
    return found


def all_at_once(texts: list[str | None], kind: str) -> list[tuple]:
    read = read_shapes(pa.array(texts, pa.string()), position(kind))
    return [
        (None if shape is None else shapely.to_wkb(shape, include_srid=False),
         read.repairs.get(row), read.crs[row], read.faults.get(row))
        for row, shape in enumerate(read.shapes)
    ]  # fmt: skip


NUMBERS = st.sampled_from([0.0, 1.0, 2.5, -3.25, 121.4737, 1e-7, 1e300])
PAIRS = st.tuples(NUMBERS, NUMBERS)
LINES = st.lists(PAIRS, min_size=2, max_size=6)
RINGS = st.lists(PAIRS, min_size=3, max_size=6).map(lambda ring: [*ring, ring[0]])
SINGLE = st.one_of(
    PAIRS.map(shapely.Point),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(shapely.Point),
    LINES.map(shapely.LineString),
    RINGS.map(shapely.Polygon),
    st.lists(RINGS, min_size=1, max_size=3).map(lambda rings: shapely.Polygon(rings[0], rings[1:])),
    st.sampled_from([shapely.Point(), shapely.Polygon(), shapely.GeometryCollection()]),
)
GEOMETRIES = st.one_of(
    SINGLE,
    st.lists(PAIRS, min_size=1, max_size=3).map(shapely.MultiPoint),
    st.lists(RINGS.map(shapely.Polygon), min_size=1, max_size=3).map(shapely.MultiPolygon),
    st.lists(SINGLE, max_size=3).map(shapely.GeometryCollection),
)
ODD = st.sampled_from([None, "", "  ", "nothing", "POINT", "POINT(1)", "POINT (NaN NaN)",
                       "POINT (1 NaN)", "LINESTRING (NaN NaN, 1 1)", "POINT (inf 1)",
                       "POLYGON((0 0,1 0,1 1,0 1))", "POLYGON((0 0,1 1))", "SRID=4326",
                       "SRID=0;POINT(1 2)", " srid = 4326 ; POINT(1 2)",
                       "SRID=4326;SRID=1;POINT(1 2)",
                       "POINTZM(1 2 3 4)", "POINT M(1 2 3)", "MULTIPOINT(1 2,3 4)",
                       *sorted(CURVES), *sorted(SURFACES)])  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.tuples(GEOMETRIES, st.sampled_from(["", "SRID=4326;", "SRID=3857;"])) | ODD))
def test_wkt_at_once_is_wkt_one_by_one(texts):
    written = [t if t is None or isinstance(t, str) else t[1] + shapely.to_wkt(t[0], -1)
               for t in texts]  # fmt: skip
    assert all_at_once(written, "wkt") == one_by_one(written, "wkt")


@settings(max_examples=200)
@given(st.lists(
    st.tuples(GEOMETRIES, st.sampled_from([0, 4326, 2437]), st.booleans(),
              st.sampled_from(["", "\\x", "0x", " "]), st.integers(0, 60))
    | st.sampled_from([None, "", "zz", "0101", "00"]),
))  # fmt: skip
def test_wkb_at_once_is_wkb_one_by_one(texts):
    written = []
    for text in texts:
        if not isinstance(text, tuple):
            written.append(text)
            continue
        shape, srid, iso, prefix, cut = text
        shape = shapely.set_srid(shape, srid)
        flavor = "iso" if iso and not srid else "extended"
        digits = shapely.to_wkb(shape, hex=True, flavor=flavor, include_srid=srid > 0)
        written.append(prefix + (digits if cut > 20 else digits[: cut * 2]))
    assert all_at_once(written, "wkb") == one_by_one(written, "wkb")


ODD_JSON = st.sampled_from([
    None, " ", "7", "[1, 2]", '"POINT (1 2)"', "{",
    '{"type": "Point"}',
    '{"type": "point", "coordinates": [1, 2]}',
    '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}',
    '{"type": "FeatureCollection", "features": []}', '{"type": "Point", "coordinates": []}',
    '{"type": "Point", "coordinates": [NaN, 1]}', '{"type": "Point", "coordinates": [NaN, NaN]}',
    '{"type": "Point", "coordinates": ["1", "2"]}',
    '{"type": "Point", "coordinates": [1, 2, 3, 4]}',
    '{"type": "Point", "coordinates": [1, 2], "type": "LineString"}',
    '{"type": "Point", "coordinates": [[1, 2]]}',
    '{"type": "Point", "coordinates": [1e400, 2]}', '{"type": "Point", "coordinates": null}',
    '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1]]]}',
    '{"type": "Polygon", "coordinates": []}',
    '{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0,5]]]}',
    '{"type": "Polygon", "coordinates": [[]]}',
    '{"type": "MultiPolygon", "coordinates": []}', '{"type": "LineString", "coordinates": [[1,2]]}',
    '{"type": "MultiPoint", "coordinates": [[1,2],[]]}',
    '{"type": "MultiLineString", "coordinates": [[]]}',
    '{"type": "LinearRing", "coordinates": [[0,0],[1,0],[1,1],[0,0]]}',
    '{"type": "Point", "coordinates": [1, 2], "crs": {"type": "name", '
    '"properties": {"name": "EPSG:3857"}}}',
    '{"\\u0074ype": "Point", "coordinates": [1, 2]}',
    '{"type": "GeometryCollection", "geometries": [null]}',
    '{"type": "GeometryCollection", "geometries": null}',
    '{"type": "Point", "coordinates": [true, 2]}',
    '{"type": "Point", "coordinates": [1, 2]} x', '{"type": "Point", "coordinates": [01, 2]}',
    '{"type": "Point", "coordinates": [12345678901234567890123, 0.1]}',
    '{"coordinates": [1, 2], "type": "Point", "bbox": 5}',
    '{"type": "LineString", "coordinates": [[1,2],[3,4,5]]}',
    '{"type": "LineString", "coordinates": [[1,2,3],[3,4]]}',
])  # fmt: skip


@settings(max_examples=300)
@given(st.lists(GEOMETRIES | ODD_JSON, max_size=8))
@example([shapely.Point(1, 2, 3)])
def test_geojson_at_once_is_geojson_one_by_one(values):
    written = [v if v is None or isinstance(v, str) else shapely.to_geojson(v) for v in values]
    ours, true = all_at_once(written, "geojson"), one_by_one(written, "geojson")
    flat = [[w and shapely.to_wkb(shapely.force_2d(shapely.from_wkb(w)))
             for w, *_ in rows] for rows in (ours, true)]  # fmt: skip
    assert flat[0] == flat[1]
    assert [row[1:] for row in ours] == [row[1:] for row in true]


# One bad row


@pytest.mark.parametrize("curve", sorted(CURVES))
def test_a_curve_is_a_fault_of_its_row_alone(curve):
    rows = add(["POINT(1 2)", curve, None, "POINT(3 4)"])
    assert rows[1]["_fault"] == "shape cannot be read: curves are not read"
    assert rows[1]["_geometry"] is None
    assert rows[1]["shape"] == curve
    assert [row["_fault"] for row in rows[::2]] == [None, None]
    assert shapely.from_wkb(rows[3]["_geometry"]) == shapely.Point(3, 4)


@pytest.mark.parametrize("surface", sorted(SURFACES))
def test_surfaces_are_faults_that_name_them(surface):
    good, bad = add(["POINT(1 2)", surface])
    assert bad["_fault"].startswith("shape cannot be read: surfaces of triangles are not read")
    assert good["_fault"] is None


@pytest.mark.parametrize("depth", [200, 200_000])
def test_deep_nesting_is_a_fault_and_no_crash(depth):
    wkt = "GEOMETRYCOLLECTION(" * depth + "POINT(1 1)" + ")" * depth
    wkb = "010700000001000000" * depth + shapely.to_wkb(shapely.Point(1, 1), hex=True)
    nested = '{"type":"GeometryCollection","geometries":[' * depth + "]}" * depth
    for kind, text in (("wkt", wkt), ("wkb", wkb), ("geojson", nested)):
        (row,) = add([text], kind)
        assert (row["_fault"] is None) == (depth == 200)


def test_one_null_shape_hides_no_other():
    rows = add([None, "POINT(1 2)", "", "POINT EMPTY", "POINT (NaN NaN)", "POINT(3 4)"])
    assert [row["_geometry"] is not None for row in rows] == [
        False,
        True,
        False,
        False,
        False,
        True,
    ]
    assert all(row["_fault"] is None for row in rows)


@pytest.mark.parametrize("text", ["POINT Z (1 2 12.5)", "POINT M (1 2 3)", "POINTZM(1 2 3 4)"])
def test_heights_and_measures_stay_in_the_text_only(text):
    (row,) = add([text])
    assert shapely.to_wkt(shapely.from_wkb(row["_geometry"])) == "POINT (1 2)"
    assert row["shape"] == text


# The CRS that a shape names


def converted(x: float, y: float, crs: str) -> tuple[float, float]:
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)


@pytest.mark.parametrize("kind", ["ewkt", "ewkb", "ewkb of PostgreSQL", "geojson"])
def test_the_srid_of_a_row_is_its_datum(kind):
    places = [(13522391.2, 3661895.4, 3857), (121.4737, 31.2304, 4326), 
              (351000.0, 3456000.0, 32651), (121.5, 31.0, 0)]  # fmt: skip
    texts = []
    for x, y, srid in places:
        shape = shapely.set_srid(shapely.Point(x, y, 5.0), srid)
        digits = shapely.to_wkb(shape, hex=True, include_srid=srid > 0)
        name = {"crs": {"type": "name", "properties": {"name": f"EPSG:{srid}"}}} if srid else {}
        texts.append({
            "ewkt": f"SRID={srid};{shapely.to_wkt(shape, -1)}",
            "ewkb": digits.lower(),
            "ewkb of PostgreSQL": "\\x" + digits,
            "geojson": json.dumps({"type": "Point", "coordinates": [x, y], **name}),
        }[kind])  # fmt: skip
    rows = add(texts, {"ewkt": "wkt", "geojson": "geojson"}.get(kind, "wkb"))
    for row, (x, y, srid) in zip(rows, places, strict=True):
        assert row["_fault"] is None
        point = shapely.from_wkb(row["_geometry"])
        want = converted(x, y, f"EPSG:{srid or 4326}")
        assert (point.x, point.y) == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(
    ("srid", "datum", "said"),
    [
        (4326, "WGS84", None),
        (4490, "WGS84", None),
        (4326, "CGCS2000", None),
        (4549, "EPSG:4549", None),
        (0, "GCJ02", None),
        (4326, "GCJ02", "EPSG:4326, and the declaration says GCJ02"),
        (3857, "WGS84", "EPSG:3857, and the declaration says WGS84"),
        (4214, "EPSG:4610", "EPSG:4214, and the declaration says EPSG:4610"),
    ],
)
def test_an_srid_that_contradicts_the_declaration_is_a_fault_that_names_both(srid, datum, said):
    x, y = (634371.3, 3455114.1) if srid == 4549 else (121.47, 31.23)
    (row,) = add([f"SRID={srid};POINT({x} {y})"], datum=datum, is_declared=True)
    assert (row["_geometry"] is None) == (said is not None)
    assert said is None or said in row["_fault"]


def test_an_srid_that_proj_only_guesses_is_a_fault_unless_accepted():
    texts = ["SRID=4610;POINT(121.47 31.23)", "SRID=999999;POINT(1 2)", "POINT(121 31)"]
    guess, unknown, sound = add(texts, extent=SHANGHAI)
    assert "PROJ knows no transformation of Xian 1980" in guess["_fault"]
    assert "accept_ballpark: true" in guess["_fault"]
    assert "ESRI:999999" in unknown["_fault"]
    assert sound["_fault"] is None
    accepted, _, _ = add(texts, extent=SHANGHAI, accept_ballpark=True)
    assert shapely.from_wkb(accepted["_geometry"]).x == pytest.approx(121.47)


def test_coordinates_that_a_projection_does_not_reach_are_a_fault():
    far, near = add(["POINT(1e12 1e12)", "POINT(634371 3455114)"], datum="EPSG:4549")
    assert "where EPSG:4549 does not reach" in far["_fault"]
    assert near["_fault"] is None


@given(st.lists(GEOMETRIES, min_size=1, max_size=6))
def test_all_coordinates_are_converted_as_each_is(shapes):
    small = [shape for shape in shapes if (np.abs(shapely.get_coordinates(shape)) < 1e6).all()]
    rows = add([shapely.to_wkt(shape, -1) for shape in small], datum="EPSG:32651")
    for row, shape in zip(rows, small, strict=True):
        if row["_geometry"] is None:
            continue
        ours = shapely.get_coordinates(shapely.from_wkb(row["_geometry"]))
        valid = read_shape(shapely.to_wkt(shape, -1), position("wkt")).shape
        pairs = shapely.get_coordinates(valid)
        want = np.array(converted(*pairs.T, "EPSG:32651"))
        assert np.allclose(ours.T, want, rtol=0, atol=1e-9)
