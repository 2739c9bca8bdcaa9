"""Tables as their logs describe them, kept open between queries and looked at again when newer."""

import functools
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from deltalake import DeltaTable

from gridcontainer.container.query.table_cache import KeptRows
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.features import require_known_features
from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.cell import cell_to_range
from gridcontainer.grid.code import code_to_cell

_PARQUET: Final[Any] = pq  # it has no types
_SMALL = 4 << 20  # bytes of a file of which all rows are kept in memory
_KEPT = KeptRows()
_TRUNCATED = timedelta(milliseconds=1)  # statistics of times are cut to milliseconds


@dataclass
class DataFile:
    """A file of a table, and what its log says of it; None where it says nothing."""

    path: str
    bytes: int
    partition: dict[str, Any]
    cells: tuple[int, int] | None
    times: tuple[datetime, datetime] | None

    @functools.cached_property
    def footer(self) -> Any:
        """Read once: a file of a Delta table never changes."""
        return _PARQUET.read_metadata(self.path)

    @property
    def parquet(self) -> Any:
        """The file, opened for one read: an idle query holds no files."""
        return _PARQUET.ParquetFile(
            self.path, metadata=self.footer, memory_map=True, coerce_int96_timestamp_unit="us"
        )

    @functools.cached_property
    def bounds(self) -> Float64s:
        """West, south, east and north of each row's shape."""
        shapes = self.read(["geometry"]).column("geometry").to_numpy()
        bounds: Float64s = shapely.bounds(shapely.from_wkb(shapes))
        return np.asarray(bounds)

    @functools.cached_property
    def extent(self) -> Float64s:
        """The bounds of all its shapes together, one row."""
        if not len(self.bounds):
            return self.bounds
        low, high = self.bounds.min(axis=0), self.bounds.max(axis=0)
        return np.array([[low[0], low[1], high[2], high[3]]])

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Its rows; a small file stays in memory for the next query."""
        if self.bytes > _SMALL:
            return self.parquet.read(columns, use_threads=False)
        rows = _KEPT.get(self.path)
        if rows is None:
            rows = _KEPT.keep(self.path, self.parquet.read(use_threads=False))
        return rows if columns is None else rows.select(columns)


@dataclass
class OpenTable:
    """One version of a data set's table."""

    department: str
    dataset: str
    path: str
    version: int
    stamp: int
    schema: Any
    properties: dict[str, str]
    files: list[DataFile] = field(repr=False)

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Of the columns."""
        return frozenset(self.schema.names)

    @functools.cached_property
    def prefix_ranges(self) -> dict[str, tuple[int, int]]:
        """The cells of each partition; a table that has no partitions has none here."""
        prefixes = {str(file.partition.get("grid_prefix") or "") for file in self.files}
        ends = {}
        for prefix in sorted(prefixes - {""}):
            cell, level = code_to_cell(prefix)
            first, last = cell_to_range(cell, int(level))
            ends[prefix] = (int(first), int(last))
        return ends

    def has(self, column: str) -> bool:
        """Whether the table has the column."""
        return column in self.names


_OPENED: dict[str, OpenTable] = {}


def open_tables(storage: Storage, only: Collection[str] = ()) -> list[OpenTable]:
    """Data sets (all where none is named), at their newest version.

    Raises:
        DatasetError: the container is empty, or has no data set of such a name.
    """
    return [_open(*place) for place in storage.find_datasets(only)]


def _open(department: str, dataset: str, path: str) -> OpenTable:
    """From memory, unless a commit has followed or the log was written to."""
    log = f"{path}/_delta_log"
    stamp = os.stat(log).st_mtime_ns
    there = _OPENED.get(path)
    if there and there.stamp == stamp and not os.path.exists(_commit(log, there.version + 1)):
        return there
    table = DeltaTable(path)
    require_known_features(table, path)
    opened = OpenTable(
        department=department,
        dataset=dataset,
        path=path,
        version=table.version(),
        stamp=stamp,
        schema=pa.schema(table.schema().to_arrow()),
        properties=dict(table.metadata().configuration),
        files=_files(table, path),
    )
    _OPENED[path] = opened
    return opened


def _commit(log: str, version: int) -> str:
    return f"{log}/{version:020d}.json"


def _files(table: DeltaTable, path: str) -> list[DataFile]:
    rows = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    return [
        DataFile(
            path=str(Path(path) / unquote(row["path"])),
            bytes=row["size_bytes"],
            partition={k[10:]: v for k, v in row.items() if k.startswith("partition.")},
            cells=_ends(row, "cell"),
            times=_times(row),
        )
        for row in rows
    ]


def _ends(row: dict[str, Any], column: str) -> tuple[Any, Any] | None:
    low, high = row.get(f"min.{column}"), row.get(f"max.{column}")
    return None if low is None or high is None else (low, high)


def _times(row: dict[str, Any]) -> tuple[datetime, datetime] | None:
    ends = _ends(row, "event_time")
    if ends is None:
        return None
    low, high = (end if end.tzinfo else end.replace(tzinfo=UTC) for end in ends)
    return low, high + _TRUNCATED
