"""Whole data sets, and their rows counted by cell."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.log import require_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.grid.cell import lonlat_to_cell
from gridcontainer.grid.code import cell_to_code
from gridcontainer.grid.levels import INVALID_CELL


def count_by_cell(storage: Storage, dataset: str, level: int) -> dict[str, int]:
    """Rows of a dataset that are valid now, by code of the cell of a level, most first.

    Only rows that are valid now are counted: a table with history keeps closed rows beside them.

    Raises:
        DatasetError: the container has no such data set.
        StorageError: the table uses a Delta feature that only Spark can read.
    """
    ((_, _, path),) = storage.find_datasets([dataset])
    table = require_snapshot(path)
    has_history = "valid_to" in table.metadata.schema.names
    rows = read_rows(path, table, columns=["lon", "lat", *(["valid_to"] if has_history else [])])
    if has_history:
        rows = rows.filter(rows.column("valid_to").is_null())
    lon, lat = rows.column("lon").to_numpy(), rows.column("lat").to_numpy()
    cells = lonlat_to_cell(lon, lat, level, on_invalid="mark")
    found, counts = np.unique(cells[cells != INVALID_CELL], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    codes = cell_to_code(found[order], level)
    return dict(zip(codes.tolist(), counts[order].tolist(), strict=True))


def read_dataset(storage: Storage, dataset: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole data set as an Arrow table, with the closed rows of a table with history.

    Raises:
        DatasetError: the container has no such data set.
        StorageError: the table uses a Delta feature that only Spark can read.
    """
    ((_, _, path),) = storage.find_datasets([dataset])
    return read_rows(path, require_snapshot(path), columns=columns)
