"""Workbooks, Parquet and vector files: as other tools write them, read as text rows."""

from datetime import date, datetime

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridcontainer.container.sources import find_files, read_batches, source_columns
from gridcontainer.errors import SourceError

SHAPES = gpd.GeoDataFrame(
    {"name": ["东", "西"], "people": [3, None]},
    geometry=[shapely.box(121.0, 31.0, 121.1, 31.1), shapely.Point(121.5, 31.5).buffer(0.01)],
    crs="EPSG:4326",
)
AREAS = {"kind": "polygons", "position": {"geometry": "geometry", "geometry_format": "wkb"}}


@pytest.fixture
def read(tmp_path):
    def rows(declaration) -> list[dict]:
        files = find_files(tmp_path, declaration)
        columns = source_columns(files, declaration)
        return [
            row
            for path in files
            for batch in read_batches(path, path.name, columns, declaration)
            for row in batch.to_pylist()
        ]

    return rows


def own(rows: list[dict]) -> list[dict]:
    return [{k: v for k, v in row.items() if not k.startswith("_")} for row in rows]


class TestExcel:
    @pytest.fixture
    def workbook(self, tmp_path):
        """Two sheets; the first has a title above the names, a gap, and cells of every kind."""
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "stops"
        for row in (
            ["Stops of the city"],
            ["id", "lon", "lat", "opened", "id", None],
            [310101, 121.47, 31.23, date(2020, 5, 17), "007", True],
            [],
            [2.0, "121.5", None, datetime(2020, 5, 17, 8, 30), None, 0.5],
        ):
            sheet.append(row)
        book.create_sheet("other").append(["a", "lon", "lat"])
        path = tmp_path / "places.csv"
        book.save(tmp_path / "book.xlsx")
        (tmp_path / "book.xlsx").rename(path)  # by its bytes, not by its name
        return path

    def test_cells_are_written_as_a_person_sees_them(self, workbook, read, declare):
        rows = read(declare(format="excel", sheet="stops", skip_rows=1))
        assert [row["_row"] for row in rows] == [1, 3]
        assert own(rows) == [
            {
                "id": "310101", "lon": "121.47", "lat": "31.23", "opened": "2020-05-17",
                "id_2": "007", "column_6": "True",
            },
            {
                "id": "2", "lon": "121.5", "lat": None, "opened": "2020-05-17T08:30:00",
                "id_2": None, "column_6": "0.5",
            },
        ]  # fmt: skip

    def test_a_sheet_that_is_not_there_is_said_with_those_that_are(self, workbook, read, declare):
        with pytest.raises(SourceError, match="no sheet 'stations'; there are stops, other"):
            read(declare(format="excel", sheet="stations"))

    def test_text_is_no_workbook(self, tmp_path, read, declare):
        (tmp_path / "places.csv").write_text("id,lon,lat\n")
        with pytest.raises(SourceError, match=r"places.csv is no Excel workbook.*source.format"):
            read(declare(format="excel"))


class TestParquet:
    def test_every_value_is_text_and_order_is_kept(self, tmp_path, read, declare):
        table = pa.table(
            {
                "id": pa.array([1, None, 3], pa.int32()),
                "lon": [121.25, 121.5, None],
                "lat": ["31.1", "31.2", "31.3"],
                "when": [datetime(2020, 1, 2, 3), None, None],
                "tags": [["a", "b"], [], None],
            }
        )
        pq.write_table(table, tmp_path / "places.parquet", row_group_size=2)
        rows = read(declare("places.parquet", format="parquet"))
        assert [row["_row"] for row in rows] == [1, 2, 3]
        assert own(rows)[0] == {
            "id": "1", "lon": "121.25", "lat": "31.1", "when": "2020-01-02 03:00:00.000000",
            "tags": '["a", "b"]',
        }  # fmt: skip
        assert [row["id"] for row in rows] == ["1", None, "3"]

    def test_shapes_of_geoparquet_are_read(self, tmp_path, read, declare):
        SHAPES.to_parquet(tmp_path / "areas.parquet")
        rows = read(declare("areas.parquet", format="parquet", **AREAS))
        found = [shapely.from_wkb(row["_geometry"]) for row in rows]
        assert [shape.equals(true) for shape, true in zip(found, SHAPES.geometry, strict=True)]
        assert [row["name"] for row in rows] == ["东", "西"]

    @pytest.mark.parametrize("keep", [0, 4, 100, 400])
    def test_a_file_that_is_cut_short_is_one_clear_error(self, tmp_path, read, declare, keep):
        path = tmp_path / "places.parquet"
        pd.DataFrame({"lon": range(1000), "lat": range(1000)}).to_parquet(path)
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(SourceError, match=r"places.parquet cannot be read as Parquet.*whole"):
            read(declare("places.parquet", format="parquet"))


class TestVector:
    @pytest.mark.parametrize("name", ["areas.shp", "areas.gpkg", "areas.fgb"])
    def test_attributes_and_shapes_are_read(self, tmp_path, read, declare, name):
        SHAPES.to_file(tmp_path / name, encoding="utf-8" if name.endswith("shp") else None)
        rows = read(declare(name, format="vector", **AREAS))
        by_name = {row["name"]: row for row in rows}
        assert set(by_name) == {"东", "西"}
        for true in SHAPES.itertuples():
            found = shapely.from_wkb(by_name[true.name]["_geometry"])
            assert shapely.equals_exact(found.normalize(), true.geometry.normalize(), 1e-9)

    def test_several_layers_want_a_name(self, tmp_path, read, declare):
        for layer in ("towns", "districts"):
            SHAPES.to_file(tmp_path / "areas.gpkg", layer=layer)
        with pytest.raises(SourceError, match=r"layers towns, districts; name one: source.layer"):
            read(declare("areas.gpkg", format="vector", **AREAS))
        assert len(read(declare("areas.gpkg", format="vector", layer="towns", **AREAS))) == 2

    def test_a_shapefile_without_its_parts_is_one_clear_error(self, tmp_path, read, declare):
        (tmp_path / "areas.shp").write_bytes(b"nothing")
        with pytest.raises(SourceError, match=r"areas.shp cannot be read as a vector file"):
            read(declare("areas.shp", format="vector", **AREAS))
