"""The CRS that files say is the datum of a source; what contradicts or is guessed is told."""

import json

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from gridcontainer.container.sources import open_source, read_piece, split
from gridcontainer.errors import CoordinateError, SourceError
from gridcontainer.grid.crs import crs_to_datum
from gridcontainer.grid.datum import find_datum_guess, from_wgs84, is_same_datum, to_wgs84

SHANGHAI = (120.8, 30.6, 122.3, 31.9)
PLACES = [(121.41, 31.21), (121.42, 31.22)]
FORMATS = {
    "geojson": ("places.geojson", "geojson", "geojson"),
    "shapefile": ("places.shp", "vector", "wkb"),
    "geopackage": ("places.gpkg", "vector", "wkb"),
    "flatgeobuf": ("places.fgb", "vector", "wkb"),
    "geoparquet": ("places.parquet", "parquet", "wkb"),
}
BALLPARK = ["EPSG:4610", "EPSG:4214", "EPSG:2437", "EPSG:4267", "EPSG:4230", "EPSG:4301"]


def write(folder, kind: str, crs: str | None, name: str | None = None, places=PLACES) -> str:
    """Two points in a file that says its CRS; gives the file's name."""
    file = name or FORMATS[kind][0]
    if crs is None:
        pairs = places
    else:
        to = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        pairs = [to.transform(*place) for place in places]
    points = [shapely.Point(*pair) for pair in pairs]
    if kind != "geojson":
        frame = gpd.GeoDataFrame({"id": [str(n) for n in range(len(points))]}, geometry=points,
                                 crs=crs)  # fmt: skip
        frame.to_parquet(folder / file) if kind == "geoparquet" else frame.to_file(folder / file)
        return file
    features = [{"type": "Feature", "properties": {"id": str(n)}, "geometry": json.loads(
        shapely.to_geojson(point))} for n, point in enumerate(points)]  # fmt: skip
    value = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        urn = f"urn:ogc:def:crs:{crs.replace(':', '::')}"
        value["crs"] = {"type": "name", "properties": {"name": urn}}
    (folder / file).write_text(json.dumps(value))
    return file


@pytest.fixture
def read(tmp_path, declare):
    def read_as(kind: str, path: str | None = None, **keys):
        file, form, written = FORMATS[kind]
        position = {"geometry": "geometry", "geometry_format": written}
        declaration = declare(path or file, format=form, position=position, **keys)
        source = open_source(tmp_path, declaration, extent=SHANGHAI)
        rows = [row for piece in split(source, declaration, target_bytes=1 << 20)
                for batch in read_piece(piece, source, declaration)
                for row in batch.to_pylist()]  # fmt: skip
        if all("id" in row for row in rows):  # FlatGeobuf sorts its features by place
            rows.sort(key=lambda row: (row["_file"], row["id"]))
        return source, rows

    return read_as


def places(rows) -> list[tuple[float, float]]:
    shapes = [shapely.from_wkb(row["_geometry"]) for row in rows]
    return [(shape.x, shape.y) for shape in shapes]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("crs", ["EPSG:4549", "EPSG:32651", "EPSG:3857", "EPSG:4490"])
def test_the_crs_of_a_file_holds_where_none_is_declared(tmp_path, read, kind, crs):
    write(tmp_path, kind, crs)
    source, rows = read(kind, datum=None)
    assert source.datum == crs
    assert source.notes == ()
    for found, want in zip(places(rows), PLACES, strict=True):
        assert found == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_says_no_crs_has_none(tmp_path, read, kind):
    write(tmp_path, kind, None)
    source, _ = read(kind, datum=None)
    assert source.datum is None


@pytest.mark.parametrize("kind", FORMATS)
def test_the_declaration_holds_and_a_note_tells_the_contradiction(tmp_path, read, kind):
    write(tmp_path, kind, "EPSG:4326")
    source, rows = read(kind, datum="GCJ02")
    assert source.datum == "GCJ02"
    assert "says that its CRS is EPSG:4326, and the declaration says GCJ02" in source.notes[0]
    assert places(rows)[0] == pytest.approx(to_wgs84(*PLACES[0], "GCJ02"), abs=1e-9)
    source, _ = read(kind, datum="CGCS2000")
    assert source.notes == ()


@pytest.mark.parametrize("crs", BALLPARK)
@pytest.mark.parametrize("kind", ["geojson", "geopackage"])
def test_a_guess_is_refused_with_its_accuracy_unless_accepted(tmp_path, read, kind, crs):
    write(tmp_path, kind, crs)
    for datum in (None, crs):
        with pytest.raises(SourceError, match=r"(accuracy unknown|\d m\)).*accept_ballpark: true"):
            read(kind, datum=datum)
    source, rows = read(kind, datum=None, accept_ballpark=True)
    assert source.datum == crs
    assert "accepted by accept_ballpark" in source.notes[-1]
    assert places(rows)[0] == pytest.approx(PLACES[0], abs=0.01)


def test_files_of_one_glob_that_say_different_crs_are_refused_with_their_names(tmp_path, read):
    write(tmp_path, "geojson", "EPSG:4549", "a.geojson")
    write(tmp_path, "geojson", "EPSG:32651", "b.geojson")
    with pytest.raises(SourceError, match=r"EPSG:4549 in a.geojson; EPSG:32651 in b.geojson"):
        read("geojson", "*.geojson", datum=None)
    source, _ = read("geojson", "*.geojson", datum="EPSG:4549")
    assert "b.geojson says that its CRS is EPSG:32651" in source.notes[0]


def test_wgs84_and_cgcs2000_are_no_different_crs(tmp_path, read):
    write(tmp_path, "geojson", "EPSG:4326", "a.geojson")
    write(tmp_path, "geojson", "EPSG:4490", "b.geojson")
    write(tmp_path, "geojson", None, "c.geojson")
    source, rows = read("geojson", "*.geojson", datum=None)
    assert source.datum == "EPSG:4326"
    assert source.notes == (
        "c.geojson says no CRS; it is taken to be in EPSG:4326 as the others are",
    )
    assert len(rows) == 6


LOCAL = (
    'PROJCS["City grid",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
    'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",'
    '0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",0.0],PARAMETER['
    '"False_Northing",-3457147.81],PARAMETER["Central_Meridian",121.4671519],PARAMETER['
    '"Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def test_a_prj_that_no_register_has_is_converted_as_it_is_written(tmp_path, read):
    write(tmp_path, "shapefile", "EPSG:4549")
    to = pyproj.Transformer.from_crs("EPSG:4490", LOCAL, always_xy=True)
    gpd.GeoDataFrame({"id": ["0"]}, geometry=[shapely.Point(*to.transform(*PLACES[0]))]).to_file(
        tmp_path / "places.shp"
    )
    (tmp_path / "places.prj").write_text(LOCAL)
    source, rows = read("shapefile", datum=None)
    assert "City grid" in source.datum
    assert places(rows)[0] == pytest.approx(PLACES[0], abs=1e-8)


def test_a_plane_that_no_one_knows_is_refused(tmp_path, read):
    write(tmp_path, "shapefile", "EPSG:4549")
    (tmp_path / "places.prj").write_text('LOCAL_CS["City plane",UNIT["metre",1]]')
    with pytest.raises(SourceError, match=r"City plane.*declare the datum"):
        read("shapefile", datum=None)


def test_the_crs_of_a_point_in_two_columns_of_geoparquet(tmp_path, declare):
    """GeoArrow's points are structs of x and y."""
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True).transform(
        *PLACES[0]
    )
    crs = pyproj.CRS("EPSG:4549").to_json_dict()
    geo = {"primary_column": "at", "columns": {"at": {"encoding": "point", "crs": crs}}}
    table = pa.table({"id": ["a"], "at": [{"x": x, "y": y}]})
    table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, tmp_path / "p.parquet")
    position = {"lon": "at.x", "lat": "at.y"}
    declaration = declare("p.parquet", format="parquet", position=position, datum=None)
    assert open_source(tmp_path, declaration).datum == "EPSG:4549"


# The names of CRS, and PROJ's guesses


@pytest.mark.parametrize(
    ("text", "datum"),
    [
        ("urn:ogc:def:crs:EPSG::4549", "EPSG:4549"),
        ("urn:ogc:def:crs:EPSG:6.9:4490", "EPSG:4490"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:OGC::CRS84", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/EPSG/0/4610", "EPSG:4610"),
        ("http://www.opengis.net/gml/srs/epsg.xml#4214", "EPSG:4214"),
        ("EPSG::4326", "EPSG:4326"),
        ("CRS84", "EPSG:4326"),
        ("EPSG:4979", "EPSG:4326"),
        ("ESRI:102100", "EPSG:3857"),
        (pyproj.CRS("EPSG:2437").to_wkt("WKT1_ESRI"), "EPSG:2437"),
        (pyproj.CRS("EPSG:2437").to_wkt(), "EPSG:2437"),
        (json.dumps(pyproj.CRS("EPSG:4214").to_json_dict()), "EPSG:4214"),
        ('LOCAL_CS["Undefined Cartesian SRS"]', None),
    ],
)
def test_a_crs_in_any_writing_is_its_code(text, datum):
    assert crs_to_datum(text) == datum


def test_parameters_that_a_file_gives_itself_are_no_guess():
    text = (
        'GEOGCS["Beijing",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],'
        'TOWGS84[15.8,-154.4,-82.3,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",'
        "0.0174532925199433]]"
    )
    datum = crs_to_datum(text)
    assert find_datum_guess(datum, SHANGHAI) is None
    want = pyproj.Transformer.from_crs(text, "EPSG:4326", always_xy=True).transform(121.4, 31.0)
    assert to_wgs84(121.4, 31.0, datum) == pytest.approx(want, abs=1e-10)
    assert want[0] != pytest.approx(121.4, abs=1e-4)


@pytest.mark.parametrize("datum", ["EPSG:4610", "EPSG:4555"])
def test_positions_are_not_converted_by_a_guess_unless_accepted(datum):
    with pytest.raises(CoordinateError, match="accept_ballpark"):
        to_wgs84(121.4, 31.0, datum)
    assert to_wgs84(121.4, 31.0, datum, accept_ballpark=True) == pytest.approx((121.4, 31.0))


def test_where_no_known_transformation_holds_a_position_is_missing():
    """Beijing 1954 has one of 15 m, for the sea north of 31.23 N."""
    lon, lat = to_wgs84([121.4, 121.4], [31.0, 32.0], "EPSG:4214")
    assert str(lon[0]) == "nan"
    true = pyproj.Transformer.from_crs("EPSG:4214", "EPSG:4326", always_xy=True)
    assert (lon[1], lat[1]) == pytest.approx(true.transform(121.4, 32.0), abs=1e-10)
    back = from_wgs84(lon[1], lat[1], "EPSG:4214")
    assert back == pytest.approx((121.4, 32.0), abs=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("WGS84", "EPSG:4326", True),
        ("WGS84", "CGCS2000", True),
        ("CGCS2000", "EPSG:4490", True),
        ("EPSG:4549", LOCAL, False),
        ("GCJ02", "EPSG:4326", False),
        ("GCJ02", "gcj02", True),
        ("EPSG:4214", "EPSG:4326", False),
    ],
)
def test_datums_that_mean_the_same_places(one, other, same):
    assert is_same_datum(one, other) is same
    assert is_same_datum(other, one) is same
