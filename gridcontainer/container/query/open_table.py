"""Tables as their logs describe them, kept open between queries and looked at again when newer."""

import functools
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.files import files_at
from gridcontainer.container.query.table_cache import KeptRows
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import DataFile as LoggedFile
from gridcontainer.container.tables.log import require_snapshot
from gridcontainer.container.tables.rows import open_parquet, path_of
from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.cell import cell_to_range
from gridcontainer.grid.code import code_to_cell

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
        return open_parquet(self.path).metadata

    @property
    def parquet(self) -> Any:
        """The file, opened for one read: an idle query holds no files."""
        return open_parquet(self.path, footer=self.footer)

    @functools.cached_property
    def bounds(self) -> Float64s:
        """West, south, east and north of each row's shape; of its position where it has none.

        A row that has neither is NaN, which meets no box.
        """
        rows = self.read(["geometry", "lon", "lat"])
        shapes = rows.column("geometry").to_numpy()
        bounds: Float64s = np.array(shapely.bounds(shapely.from_wkb(shapes)))
        shapeless = np.isnan(bounds).any(axis=1)
        points = [rows.column(name).to_numpy()[shapeless] for name in ("lon", "lat")]
        bounds[shapeless] = np.column_stack([*points, *points])
        return bounds

    @functools.cached_property
    def extent(self) -> Float64s:
        """The bounds of all its rows together, one row; none where no row has bounds."""
        known = self.bounds[~np.isnan(self.bounds).any(axis=1)]
        if not len(known):
            return known
        low, high = known.min(axis=0), known.max(axis=0)
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
    def column_names(self) -> ColumnNames:
        """Both names of each column."""
        return ColumnNames.of(self.schema.names, self.properties)

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
        StorageError: a table uses a Delta feature that only Spark can read.
    """
    return [_open(*place) for place in storage.find_datasets(only)]


def column_names_of(storage: Storage, dataset: str) -> ColumnNames:
    """Both names of each column of a dataset's table.

    Raises:
        DatasetError: the container has no such dataset.
    """
    (table,) = open_tables(storage, [dataset])
    return table.column_names


def _open(department: str, dataset: str, path: str) -> OpenTable:
    """From memory, unless a commit has followed or the log was written to."""
    log, files = f"{path}/_delta_log", files_at(path)
    stamp, there = files.modified(log) or 0, _OPENED.get(path)
    if there and there.stamp == stamp and not files.modified(_commit(log, there.version + 1)):
        return there
    table = require_snapshot(path)
    opened = OpenTable(
        department=department,
        dataset=dataset,
        path=path,
        version=table.version,
        stamp=stamp,
        schema=table.metadata.schema,
        properties=dict(table.metadata.properties),
        files=[_data_file(path, file) for file in table.files],
    )
    _OPENED[path] = opened
    return opened


def _commit(log: str, version: int) -> str:
    return f"{log}/{version:020d}.json"


def _data_file(path: str, file: LoggedFile) -> DataFile:
    return DataFile(
        path=path_of(path, file.path),
        bytes=file.bytes,
        partition=dict(file.partition),
        cells=_ends(file, "cell"),
        times=_times(file),
    )


def _ends(file: LoggedFile, column: str) -> tuple[Any, Any] | None:
    low, high = file.ends.get(column, (None, None))
    return None if low is None or high is None else (low, high)


def _times(file: LoggedFile) -> tuple[datetime, datetime] | None:
    ends = _ends(file, "event_time")
    if ends is None:
        return None
    low, high = (end if end.tzinfo else end.replace(tzinfo=UTC) for end in ends)
    return low, high + _TRUNCATED
