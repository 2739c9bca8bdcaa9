"""Whole data sets, and their rows counted by cell."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridcontainer.container.protocol import open_delta
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError
from gridcontainer.grid.cell import lonlat_to_cell
from gridcontainer.grid.code import cell_to_code
from gridcontainer.grid.levels import INVALID_CELL

_ARROW: Final[Any] = pc  # it has no types


def count_by_cell(storage: Storage, dataset: str, level: int) -> dict[str, int]:
    """Rows of a data set in each cell of a level, coarse or fine, by code, most first.

    Only rows that are valid now are counted: a table with history keeps closed rows beside them.

    Raises:
        DatasetError: the container has no such data set.
        StorageError: the table uses a Delta feature that only Spark can read.
    """
    table = _open(storage, dataset)
    valid_now = _ARROW.field("valid_to").is_null() if "valid_to" in table.schema.names else None
    rows = table.to_table(columns=["lon", "lat"], filter=valid_now)
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
    return _open(storage, dataset).to_table(columns=columns)


def _open(storage: Storage, dataset: str) -> Any:
    tables = {name: path for _, name, path in storage.find_datasets()}
    if dataset not in tables:
        raise DatasetError(f"no data set {dataset}; there are {', '.join(sorted(tables))}")
    return open_delta(tables[dataset]).to_pyarrow_dataset()
