"""Tables as they are read without Spark: what cannot be read is refused, nothing hides a row."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from deltalake import write_deltalake

from gridcontainer.container.query import (
    Question,
    count_by_cell,
    find,
    in_box,
    read_dataset,
    table_cache,
)
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import TableMetadata
from gridcontainer.container.tables.data_files import write_files
from gridcontainer.container.tables.log import commit, read_snapshot
from gridcontainer.errors import StorageError
from gridcontainer.grid.cell import lonlat_to_cell
from gridcontainer.grid.code import cell_to_code

LON, LAT = np.array([121.47, 121.48, 121.49]), np.array([31.23, 31.24, 31.25])


def places(storage: Storage, **columns: pa.Array) -> str:
    """A table of three places."""
    cells = lonlat_to_cell(LON, LAT, 8)
    base = {
        "object_id": pa.array(["a", "b", "c"]), "cell": pa.array(cells),
        "grid_code": pa.array(cell_to_code(cells, 8).tolist()), "lon": pa.array(LON),
        "lat": pa.array(LAT), "source_file": pa.array(["f"] * 3),
    }  # fmt: skip
    path = storage.dataset("trade", "places")
    write_deltalake(path, pa.table(base | columns), mode="overwrite", schema_mode="overwrite")
    return path


@pytest.mark.parametrize("feature", ["deletionVectors", "anythingNew"])
def test_a_table_that_only_spark_can_read_is_refused(tmp_path, feature):
    """Its rows would be shown although they are deleted, or its columns under other names."""
    storage = Storage(str(tmp_path))
    path = storage.dataset("trade", "places")
    schema = pa.schema([("lon", pa.float64()), ("lat", pa.float64())])
    rows = pa.table({"lon": LON, "lat": LAT}, schema=schema)
    files = write_files(rows, path, files=storage.files, partition=(), statistics=())
    protocol = {
        "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature],
        "writerFeatures": [feature],
    }  # fmt: skip
    metadata = TableMetadata(schema).actions()[1]
    commit(storage.files, path, [{"protocol": protocol}, metadata, files[0].added()], after=None)
    for read in (
        lambda: read_snapshot(path),
        lambda: read_dataset(storage, "places"),
        lambda: find(storage, Question(datasets=("places",))),
    ):
        with pytest.raises(StorageError, match=feature):
            read()


def test_closed_rows_are_not_counted(tmp_path):
    storage = Storage(str(tmp_path))
    closed = pa.array([None, None, 1_700_000_000_000_000], pa.timestamp("us", "UTC"))
    places(storage, valid_from=pa.array([0] * 3, closed.type), valid_to=closed)
    assert sum(count_by_cell(storage, "places", 3).values()) == 2


def test_one_row_without_a_shape_hides_no_other(tmp_path):
    storage = Storage(str(tmp_path))
    shapes = [
        shapely.to_wkb(shapely.box(x, y, x + 0.001, y + 0.001))
        for x, y in zip(LON, LAT, strict=True)
    ]
    places(storage, geometry=pa.array([shapes[0], None, shapes[2]], pa.binary()))
    (found,) = find(storage, Question(in_box((121.0, 31.0, 121.8, 31.5))))
    assert {"a", "c"} <= set(found.rows.column("object_id").to_pylist())


def test_a_file_uri_is_a_local_folder(tmp_path):
    folder = tmp_path / "a b"
    places(Storage(str(folder)))
    storage = Storage(folder.as_uri())
    assert storage == Storage(str(folder))
    assert [name for _, name, _ in storage.find_datasets()] == ["places"]
    with pytest.raises(StorageError, match="hdfs://x/y is no local folder"):
        Storage("hdfs://x/y").find_datasets()


def test_kept_rows_stay_within_their_memory(monkeypatch):
    """Whoever keeps the same file twice at once must not make the memory look full for ever."""
    rows = pa.table({"x": np.arange(1000)})
    monkeypatch.setattr(table_cache, "_MEMORY", 10 * rows.nbytes)
    kept = table_cache.KeptRows()

    def work(number: int) -> None:
        for i in range(200):
            name = str((number + i) % 15)
            assert (kept.get(name) or kept.keep(name, rows)).num_rows == 1000

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert kept._bytes == sum(table.nbytes for table in kept._tables.values()) <= 10 * rows.nbytes


def test_the_catalogue_replaces_one_of_an_earlier_release(tmp_path):
    from gridcontainer.container.catalogue import CATALOGUE_SCHEMA, write_catalogue  # noqa: PLC0415

    storage = Storage(str(tmp_path))
    places(storage)
    write_deltalake(storage.catalogue, pa.table({"dataset": ["old"], "other": [1]}))
    for _ in range(12):  # past a checkpoint
        write_catalogue(storage, [])
    table = read_snapshot(storage.catalogue)
    assert table is not None
    assert table.metadata.schema.names == CATALOGUE_SCHEMA.names
    assert (len(table.files), table.rows) == (1, 1)
    last = Path(storage.catalogue, "_delta_log", f"{table.version:020d}.json").read_text()
    assert not [line for line in last.splitlines() if "protocol" in json.loads(line)]
