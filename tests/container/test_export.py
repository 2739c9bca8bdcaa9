"""Catalogue and export of a small container that delta-rs wrote: against what was put in."""

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from gridcontainer.container.catalogue.catalogue import build_catalogue, write_catalogue
from gridcontainer.container.export.export import export_dataset
from gridcontainer.container.query import Question, in_box
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError
from gridcontainer.grid import lonlat_to_cell, lonlat_to_code

LON, LAT = [121.41, 121.42, 121.48], [31.21, 31.22, 31.28]
PLACES = Question(datasets=("places",))


@pytest.fixture
def storage(tmp_path) -> Storage:
    """Three rows, of which the last is history."""
    storage = Storage(str(tmp_path / "container"))
    closed = pd.to_datetime([None, None, "2020-01-01"]).tz_localize("UTC")
    rows = {"object_id": ["a", "b", "c"], "cell": lonlat_to_cell(LON, LAT, 7).astype("int64"),
            "grid_code": lonlat_to_code(LON, LAT, 7), "lon": LON, "lat": LAT,
            "source_file": ["x.csv"] * 3, "valid_to": closed, "name": ["A", "B", "C"]}  # fmt: skip
    path = storage.dataset("planning", "places")
    write_deltalake(path, pa.Table.from_pandas(pd.DataFrame(rows)))
    return storage


def test_export_opens_in_geopandas_with_the_rows_that_are_valid(storage, declare, tmp_path):
    file = tmp_path / "places.parquet"
    done = export_dataset(storage, PLACES, file, declaration=declare())
    read = gpd.read_parquet(file)
    assert (done.rows, read.crs.to_string()) == (2, "OGC:CRS84")
    assert list(zip(read.geometry.x, read.geometry.y, strict=True)) == list(
        zip(LON[:2], LAT[:2], strict=True)
    )
    assert len(gpd.read_parquet(file, bbox=(121.415, 31.2, 121.43, 31.3))) == 1


@pytest.mark.parametrize("ending", ["geojson", "csv", "parquet"])
def test_export_of_an_area(storage, declare, tmp_path, ending):
    asked = Question(in_box((121.415, 31.2, 121.43, 31.3)), datasets=("places",))
    file = tmp_path / f"p.{ending}"
    export_dataset(storage, asked, file, declaration=declare())
    readers = {"geojson": gpd.read_file, "csv": pd.read_csv, "parquet": gpd.read_parquet}
    assert list(readers[ending](file)["name"]) == ["B"]


def test_a_confidential_position_leaves_nothing_that_tells_it(storage, declare, tmp_path):
    secret = declare(key=["lon", "lat"], sensitivity={"lon": "confidential"})
    file = tmp_path / "p.parquet"
    export_dataset(storage, PLACES, file, declaration=secret)
    assert set(pd.read_parquet(file)) == {"source_file", "valid_to", "name"}
    with pytest.raises(QueryError, match="position is confidential"):
        export_dataset(storage, PLACES, tmp_path / "p.geojson", declaration=secret)


@pytest.mark.parametrize("is_declared", [True, False])
def test_catalogue_measures_the_table(storage, declare, is_declared):
    declared = [declare(units={"name": "m"})] if is_declared else []
    (entry,) = build_catalogue(storage, declared)
    assert (entry["rows"], entry["closed_rows"]) == (2, 1)
    assert [entry[s] for s in ("west", "south", "east", "north")] == [121.41, 31.21, 121.42, 31.22]
    assert entry["sources"] == [{"file": "x.csv", "rows": 2}]
    units = {column["name"]: column["unit"] for column in entry["columns"]}
    assert units["name"] == ("m" if is_declared else None)
    write_catalogue(storage, declared)
    write_catalogue(storage, declared)
    assert DeltaTable(storage.catalogue).to_pandas()["rows"].tolist() == [2]
