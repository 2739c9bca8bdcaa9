"""Tables read without Spark: unreadable ones are refused, nulls hide nothing, threads share."""

import json
import threading
import tracemalloc
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from deltalake import DeltaTable, write_deltalake

from gridcontainer.container.catalogue.catalogue import build_catalogue
from gridcontainer.container.export.export import export_dataset
from gridcontainer.container.query import (
    Question,
    count_by_cell,
    find_in_box,
    read_dataset,
)
from gridcontainer.container.query.table_cache import KeptRows
from gridcontainer.container.storage import Storage
from gridcontainer.errors import StorageError
from gridcontainer.grid import lonlat_to_cell, lonlat_to_code

LON, LAT = np.array([121.41, 121.42, 121.48]), np.array([31.21, 31.22, 31.28])
BOX = (121.40, 31.20, 121.43, 31.23)


def make_table(root: Path, shapes=None, closed=None) -> tuple[Storage, str]:
    storage = Storage(str(root / "container"))
    rows = {"object_id": ["a", "b", "c"], "cell": lonlat_to_cell(LON, LAT, 7),
            "grid_code": lonlat_to_code(LON, LAT, 7), "lon": LON, "lat": LAT,
            "source_file": ["x.csv"] * 3}  # fmt: skip
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    if shapes is not None:
        wkb = pa.array(shapely.to_wkb(np.array(shapes, dtype=object)), pa.binary())
        table = table.append_column("geometry", wkb)
    if closed is not None:
        table = table.append_column("valid_to", pa.array(closed, pa.timestamp("us", tz="UTC")))
    path = storage.dataset("planning", "places")
    write_deltalake(path, table)
    return storage, path


def rewrite_log(path: str, change) -> None:
    """Change the first commit, as a writer with other features would have written it."""
    log = Path(path) / "_delta_log" / f"{0:020d}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    for action in actions:
        change(action)
    log.write_text("\n".join(json.dumps(action) for action in actions))


def with_feature(*names: str):
    def change(action):
        if "protocol" in action:
            features = {"readerFeatures": list(names), "writerFeatures": list(names)}
            action["protocol"] = {"minReaderVersion": 3, "minWriterVersion": 7, **features}

    return change


def with_renamed_columns(action):
    if "protocol" in action:
        action["protocol"] = {"minReaderVersion": 2, "minWriterVersion": 5}
    if "metaData" in action:
        action["metaData"]["configuration"] = {"delta.columnMapping.mode": "name"}
        schema = json.loads(action["metaData"]["schemaString"])
        for number, field in enumerate(schema["fields"], start=1):
            field["metadata"] = {"delta.columnMapping.id": number,
                                 "delta.columnMapping.physicalName": f"col-{number}"}  # fmt: skip
        action["metaData"]["schemaString"] = json.dumps(schema)


READS = {
    "query": lambda storage: find_in_box(storage, BOX),
    "counts": lambda storage: count_by_cell(storage, "places", 5),
    "whole": lambda storage: read_dataset(storage, "places"),
    "catalogue": lambda storage: build_catalogue(storage, []),
}
REFUSED = {
    "deletion vectors": (with_feature("deletionVectors"), r"deletionVectors.*REORG TABLE"),
    "renamed columns": (with_renamed_columns, r"columnMapping.*SET TBLPROPERTIES"),
    "unknown": (with_feature("timestampNtz", "sortedByMoon"), r"sortedByMoon.*DROP FEATURE"),
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("why", REFUSED)
def test_a_table_that_needs_more_than_its_files_is_refused(tmp_path, read, why):
    storage, path = make_table(tmp_path)
    change, message = REFUSED[why]
    rewrite_log(path, change)
    with pytest.raises(StorageError, match=message) as told:
        READS[read](storage)
    assert path in str(told.value)


def test_features_that_change_no_row_are_read(tmp_path):
    storage, path = make_table(tmp_path)
    rewrite_log(path, with_feature("timestampNtz", "columnMapping"))
    (found,) = find_in_box(storage, BOX)
    assert sorted(found.rows["object_id"].to_pylist()) == ["a", "b"]


def test_a_table_with_rows_deleted_by_vectors_is_refused(spark, tmp_path):
    """As Spark writes them: the file still has the row."""
    storage, path = make_table(tmp_path)
    property = "'delta.enableDeletionVectors' = 'true'"
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({property})")
    spark.sql(f"DELETE FROM delta.`{path}` WHERE object_id = 'a'")
    with pytest.raises(StorageError, match="deletionVectors"):
        find_in_box(storage, BOX)


SQUARE = shapely.box(121.40, 31.20, 121.45, 31.25)
SOME = {
    "null": [SQUARE, None, shapely.box(121.0, 31.0, 121.1, 31.1)],
    "empty": [SQUARE, shapely.Polygon(), shapely.box(121.0, 31.0, 121.1, 31.1)],
    "null first": [None, SQUARE, shapely.box(121.0, 31.0, 121.1, 31.1)],
}


@pytest.mark.parametrize("shapes", SOME)
def test_a_row_without_a_shape_hides_no_other(tmp_path, shapes):
    storage, _ = make_table(tmp_path, SOME[shapes])
    (found,) = find_in_box(storage, BOX)
    # The row without a shape is where its position is.
    assert sorted(found.rows["object_id"].to_pylist()) == ["a", "b"]
    (entry,) = build_catalogue(storage, [])
    sides = [entry[side] for side in ("west", "south", "east", "north")]
    assert sides == [121.0, 31.0, pytest.approx(121.48), pytest.approx(31.28)]


def test_a_file_of_rows_without_shapes_is_found_by_position(tmp_path):
    storage, _ = make_table(tmp_path, [None, None, None])
    (found,) = find_in_box(storage, BOX)
    assert sorted(found.rows["object_id"].to_pylist()) == ["a", "b"]
    assert build_catalogue(storage, [])[0]["west"] == 121.41


@pytest.mark.parametrize("ending", ["geojson", "parquet", "csv"])
def test_rows_without_a_shape_are_exported_at_their_position(tmp_path, declare, ending):
    storage, _ = make_table(tmp_path, SOME["null"])
    file = tmp_path / f"p.{ending}"
    export_dataset(storage, Question(datasets=("places",)), file, declaration=declare())
    if ending == "csv":
        text = pd.read_csv(file)["geometry"][1]
        assert shapely.from_wkt(text) == shapely.Point(LON[1], LAT[1])
        return
    read = gpd.read_file(file) if ending == "geojson" else gpd.read_parquet(file)
    assert read.geometry[1] == shapely.Point(LON[1], LAT[1])
    assert read.geometry[0].equals(SQUARE)


def test_closed_rows_are_not_counted(tmp_path):
    closed = [None, None, pd.Timestamp("2020-01-01", tz="UTC")]
    storage, _ = make_table(tmp_path, closed=closed)
    codes = lonlat_to_code(LON[:2], LAT[:2], 6).tolist()
    assert count_by_cell(storage, "places", 6) == dict.fromkeys(codes, 1)
    assert read_dataset(storage, "places").num_rows == 3


ROOTS = {
    "triple slash": lambda path: f"file://{path}",
    "one slash": lambda path: f"file:{path}",
    "localhost": lambda path: f"file://localhost{path}",
    "upper case": lambda path: f"FILE://{path}/",
    "escaped": lambda path: path.as_uri(),
}


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_may_be_a_file_uri(tmp_path, root):
    folder = tmp_path / ("a b 城" if root == "escaped" else "plain")
    made, _ = make_table(folder)
    storage = Storage(ROOTS[root](folder / "container"))
    assert storage == made
    (found,) = find_in_box(storage, BOX)
    assert found.rows.num_rows == 2
    assert DeltaTable(storage.dataset("planning", "places")).version() == 0


def test_a_file_uri_of_another_machine_is_refused():
    with pytest.raises(StorageError, match="file:///server/share"):
        Storage("file://server/share")


def test_rows_kept_in_memory_are_counted_once(monkeypatch):
    """The same table kept twice takes the memory of one; the bound holds for threads too."""
    table = pa.table({"x": np.arange(1000)})
    monkeypatch.setattr("gridcontainer.container.query.table_cache._MEMORY", 3 * table.nbytes)
    kept = KeptRows()
    for _ in range(10):
        kept.keep("a", table)
    kept.keep("b", table)
    assert kept.get("a") is not None
    assert kept.get("b") is not None


def test_threads_may_keep_and_get_at_once(monkeypatch):
    table = pa.table({"x": np.arange(10)})
    monkeypatch.setattr("gridcontainer.container.query.table_cache._MEMORY", 2 * table.nbytes)
    kept, faults = KeptRows(), []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        try:
            for name in rng.integers(0, 5, 20_000).astype(str):
                if kept.get(name) is None:
                    kept.keep(name, table)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_quarantined_rows_are_counted_in_arrow(tmp_path):
    """Two hundred thousand rows as Python objects would take some 200 MB; counts take a few."""
    storage, _ = make_table(tmp_path)
    count = 200_000
    number = np.arange(count)
    rows = {
        "dataset": np.where(number % 10 == 0, "places", "others"),
        "reason": np.where(number % 4 == 0, "no position", "bad time"),
        "mended": pa.array(np.where(number % 50 == 0, "run-7", None), pa.string()),
        "text": ["x" * 20] * count,
    }
    write_deltalake(storage.quarantine, pa.table(rows), partition_by=["dataset"])
    tracemalloc.start()
    (entry,) = build_catalogue(storage, [])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20
    places = pd.DataFrame(rows).query("dataset == 'places'")
    waiting, released = places[places["mended"].isna()], places[places["mended"].notna()]
    assert (entry["rows_aside"], entry["rows_mended"]) == (len(waiting), len(released))
    for told in entry["reasons"]:
        assert told["aside"] == (waiting["reason"] == told["reason"]).sum()
        assert told["mended"] == (released["reason"] == told["reason"]).sum()
    assert len(entry["reasons"]) == 2
