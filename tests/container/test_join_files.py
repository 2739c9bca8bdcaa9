"""Files in joins: read as an ingest reads them, told where they are not, never a traceback."""

import gzip
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from gridcontainer.container.file_draft import declared_for, draft_for
from gridcontainer.container.file_frame import read_records
from gridcontainer.container.join import Side, join_sides, open_side, unused_rows
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError, JoinError
from gridcontainer.identity.resolve import read_keys
from gridcontainer.panel.cells import Land

pytestmark = pytest.mark.spark

SQUARE = shapely.box(121.41, 31.21, 121.42, 31.22)
HEADER = ["code", "name", "lon", "lat"]
ROWS = [["00123", "two\nlines", "121.415", "31.215"], ["00124", "静安, 寺", "121.425", "31.215"]]


def text(separator: str = ",", end: str = "\n", quote: str = '"') -> str:
    def field(value: str) -> str:
        special = any(sign in value for sign in (separator, "\n", quote))
        return f"{quote}{value}{quote}" if special else value

    return "".join(separator.join(map(field, row)) + end for row in [HEADER, *ROWS])


def write_geojson(path: Path, shapes: list[Any], **members: Any) -> Path:
    features = [
        {"type": "Feature", "properties": {"id": str(i)},
         "geometry": json.loads(shapely.to_geojson(shape)) if shape is not None else None}
        for i, shape in enumerate(shapes)
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features} | members))
    return path


def write_excel(path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.save(path)


def frame() -> pd.DataFrame:
    table = pd.DataFrame(ROWS, columns=HEADER)
    return table.assign(lon=table["lon"].astype(float), lat=table["lat"].astype(float))


WRITERS = {
    "utf8.csv": lambda path: path.write_text(text(), encoding="utf-8"),
    "bom.csv": lambda path: path.write_text(text(), encoding="utf-8-sig"),
    "gbk.csv": lambda path: path.write_text(text(), encoding="gb18030"),
    "windows.csv": lambda path: path.write_text(text(";", "\r\n"), encoding="utf-8", newline=""),
    "tabs.txt": lambda path: path.write_text(text("\t"), encoding="utf-8"),
    "packed.csv.gz": lambda path: path.write_bytes(gzip.compress(text().encode())),
    "lines.jsonl": lambda path: frame().to_json(path, orient="records", lines=True),
    "typed.parquet": lambda path: frame().to_parquet(path),
    "book.xlsx": write_excel,
    "places.gpkg": lambda path: to_points().to_file(path, driver="GPKG"),
    "metres.gpkg": lambda path: to_points().to_crs(32651).to_file(path, driver="GPKG"),
}


def to_points() -> gpd.GeoDataFrame:
    table = frame()
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    return gpd.GeoDataFrame(table[["code", "name"]], geometry=points)


def open_file(spark: SparkSession, path: Path, declarations: Any = None) -> Side:
    return open_side(spark, Storage(str(path.parent / "none")), str(path), declarations or {})


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_read_as_an_ingest_reads_it(spark, tmp_path, name) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    zones = open_file(spark, write_geojson(tmp_path / "zones.geojson", [SQUARE]))
    joined = join_sides(open_file(spark, path), zones, how="left")
    rows = {row["code"]: (row["name"], row["id"]) for row in joined.frame.collect()}
    assert rows == {"00123": ("two\nlines", "0"), "00124": ("静安, 寺", None)}


def test_a_record_that_cannot_be_read_is_told_and_stops_no_other(spark, tmp_path) -> None:
    path = tmp_path / "ragged.csv"
    lines = ["id,lon,lat", *(f"{i},121.415,31.215" for i in range(8)), "8,121.4", "9,x,31.2"]
    path.write_text("\n".join(lines))
    side = open_file(spark, path)
    assert any("ragged.csv: 1 records cannot be read" in note for note in side.notes)
    zones = open_file(spark, write_geojson(tmp_path / "zones.geojson", [SQUARE]))
    assert join_sides(side, zones).frame.count() == 8
    assert join_sides(side, zones, how="left").frame.count() == 10


def test_columns_that_are_renamed_are_told(spark, tmp_path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("ZIP CODE,lon,lat\n00123,121.415,31.215\n00124,121.425,31.215\n")
    side = open_file(spark, path)
    assert side.frame.columns == ["ZIP_CODE", "source_lon", "source_lat", "lon", "lat"]
    (note,) = side.notes
    assert "ZIP CODE -> ZIP_CODE" in note


def test_a_declared_file_is_read_as_declared(spark, tmp_path, declare) -> None:
    path = tmp_path / "places.csv"
    path.write_text("a,b,who\n121.415,31.215,Li\n")
    declaration = declare(
        position={"lon": "a", "lat": "b"}, sensitivity={"who": "confidential"}, label="who"
    )
    assert declared_for(path, [declaration]) is not None
    side = open_file(spark, path, {"places": declaration})
    assert side.notes[0] == "places.csv is read as places is declared"
    assert (side.hidden, side.label) == (("who",), "who")
    assert side.frame.select("lon", "lat").collect() == [(121.415, 31.215)]


@pytest.mark.parametrize(
    ("header", "record", "position"),
    [
        ("p", "北纬31.215 东经121.415", {"lon": "p", "lat": "p", "order": "letters"}),
        ("x;y", "121,415;31,215", {"lon": "x", "lat": "y", "decimal": "comma"}),
        ("x;y", "121415000;31215000", {"lon": "x", "lat": "y", "units_per_degree": 1_000_000}),
        ("x;y", "121°24'54\"E;31°12'54\"N", {"lon": "x", "lat": "y"}),
    ],
)  # fmt: skip
def test_positions_are_read_as_they_are_declared(
    spark, tmp_path, declare, header, record, position
) -> None:
    path = tmp_path / "places.csv"
    path.write_text(f"{header}\n{record}\n")
    source = {"path": "places.csv", "format": "csv", "separator": ";", "quote": None}
    declaration = declare(position=position, source=source)
    side = open_file(spark, path, {"places": declaration})
    ((lon, lat),) = side.frame.select("lon", "lat").collect()
    assert (lon, lat) == pytest.approx((121.415, 31.215), abs=1e-9)


METRES = shapely.box(634371, 3455114, 635310, 3456235)


@pytest.mark.parametrize(
    ("shapes", "why"),
    [
        ([METRES], "is it in degrees"), ([None, None], "no geometry"),
        ([shapely.Polygon()], "geometry"), ([], "no shape of the right side"),
    ],
)  # fmt: skip
def test_a_file_of_nothing_usable_gives_no_pairs_and_says_why(spark, tmp_path, shapes, why) -> None:
    points = tmp_path / "pts.csv"
    points.write_text("id,lon,lat\nin,121.404,31.21\nout,121.41,31.204\nin2,121.416,31.21\n")
    left = open_file(spark, points)
    right = open_file(spark, write_geojson(tmp_path / "zones.geojson", shapes))
    joined = join_sides(left, right, how="left")
    assert {row["id"] for row in joined.frame.collect()} == {"in", "out", "in2"}
    assert any(why in sentence for sentence in unused_rows(joined, most=5))
    assert join_sides(left, right).frame.count() == 0
    other = join_sides(right, left, "contains", "anti")
    assert other.frame.count() == len(shapes)


def test_a_file_without_rows_has_no_pairs(spark, tmp_path) -> None:
    points = tmp_path / "pts.csv"
    points.write_text("id,lon,lat\n")
    left = open_file(spark, points)
    right = open_file(spark, write_geojson(tmp_path / "zones.geojson", [SQUARE]))
    assert join_sides(left, right, how="left").frame.count() == 0
    assert join_sides(right, left, "contains", "left").frame.count() == 1
    assert join_sides(left, left, "nearest", "left").frame.count() == 0


def test_an_empty_layer_and_an_empty_parquet_file_have_no_pairs(spark, tmp_path) -> None:
    to_points().iloc[:0].to_file(tmp_path / "none.gpkg", driver="GPKG")
    frame().iloc[:0].to_parquet(tmp_path / "none.parquet")
    right = open_file(spark, write_geojson(tmp_path / "zones.geojson", [SQUARE]))
    for name in ("none.gpkg", "none.parquet"):
        joined = join_sides(right, open_file(spark, tmp_path / name), "contains", "left")
        assert joined.frame.count() == 1
    records = read_records(spark, tmp_path / "none.parquet")
    assert (records.columns, records.count()) == (HEADER, 0)


def test_keys_are_read_as_an_ingest_reads_them(spark, tmp_path) -> None:
    """Own names and texts, also of columns that a table of the container has itself."""
    path = tmp_path / "keys.csv"
    path.write_text('object_id,key\n007,"a\nb"\n008,静安\n', encoding="gb18030")
    assert sorted(read_keys(spark, path).collect()) == [("007", "a\nb"), ("008", "静安")]


@pytest.mark.parametrize("shapes", [[], [None, METRES, shapely.Polygon()]])
def test_land_without_a_usable_shape_has_no_cells(spark, tmp_path, shapes) -> None:
    storage = Storage(str(tmp_path / "container"))
    path = storage.dataset("planning", "towns")
    for given, count in ((shapes, 0), ([*shapes, SQUARE], 6)):
        wkb = pa.array(shapely.to_wkb(np.array(given, dtype=object)), pa.binary())
        write_deltalake(path, pa.table({"geometry": wkb}), mode="overwrite")
        version = DeltaTable(path).version()
        assert Land(spark, storage, "towns", version).cells(5).count() >= count
        assert (Land(spark, storage, "towns", version).cells(5).count() > 0) == (count > 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3,4\n", "no lon and lat among a, b"),
        ("o_lon,o_lat,d_lon,d_lat\n1,2,3,4\n1,2,3,5\n", "several pairs"),
    ],
)
def test_a_file_that_does_not_say_where_is_refused(tmp_path, content, message) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(JoinError, match=message):
        draft_for(path)


def test_a_file_that_is_none_is_refused(tmp_path) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(np.arange(200, dtype=np.uint8).tobytes())
    with pytest.raises(GridContainerError, match="cannot be read as a vector file"):
        draft_for(path)
