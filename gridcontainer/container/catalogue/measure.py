"""What a data set's table holds, measured from its files."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from gridcontainer.container.query.open_table import DataFile, OpenTable
from gridcontainer.grid.arrays import Float64s

Bounds = tuple[float, float, float, float]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Measured:
    """Of the rows that are valid now.

    Attributes:
        rows: how many.
        closed_rows: how many more a table with history keeps of what was valid before.
        bounds: west, south, east, north in degrees, WGS 84; None without positions.
        times: of the first and the last event, UTC; None without times.
        sources: rows from each source file: ``file`` and ``rows``.
    """

    rows: int
    closed_rows: int
    bounds: Bounds | None
    times: tuple[datetime, datetime] | None
    sources: list[dict[str, Any]]


def measure(table: OpenTable, engine: duckdb.DuckDBPyConnection) -> Measured:
    """Read the few columns that tell the rows, extent, times and sources of a table.

    Args:
        table: table of a dataset.
        engine: connection that reads the files; making one takes longer than a small table.
    """
    if not table.files:
        return Measured(0, 0, None, None, [])
    open_row = "valid_to IS NULL" if table.has("valid_to") else "true"
    # Instants as numbers: DuckDB turns them into times only with an extension that it downloads.
    values = {"lon": "lon", "lat": "lat", "event_time": "epoch_us(event_time)"}
    ends = [
        f"{end}({value}) FILTER ({open_row})" if table.has(name) else "NULL"
        for name, value in values.items()
        for end in ("min", "max")
    ]
    found = engine.execute(
        f"SELECT source_file, count(*) FILTER ({open_row}), count(*), {', '.join(ends)} "
        "FROM read_parquet($files, union_by_name = true, hive_partitioning = false) "
        "GROUP BY source_file ORDER BY source_file",
        {"files": [file.path for file in table.files]},
    ).fetchall()
    current = [row for row in found if row[1]]
    rows, stored = sum(row[1] for row in current), sum(row[2] for row in found)
    sources = [{"file": row[0], "rows": row[1]} for row in current]
    return Measured(rows, stored - rows, _bounds(table, current), _times(current), sources)


def _bounds(table: OpenTable, found: list[Any]) -> Bounds | None:
    points = [row[3:7] for row in found if row[3] is not None]
    if not points:
        return None
    sides = [np.array([west, south, east, north]) for west, east, south, north in points]
    if table.has("geometry"):  # a shape reaches beyond its position
        sides.extend(shapes for file in table.files if len(shapes := _current_bounds(table, file)))
    stacked = np.vstack(sides)
    west, south = stacked[:, :2].min(axis=0).tolist()
    east, north = stacked[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def _current_bounds(table: OpenTable, file: DataFile) -> Float64s:
    """Bounds of shapes that are valid now; a row without shape and position has none."""
    if not table.has("valid_to"):
        return file.extent
    current: Float64s = file.bounds[file.read(["valid_to"]).column("valid_to").is_null().to_numpy()]
    known: Float64s = current[~np.isnan(current).any(axis=1)]
    return known


def _times(found: list[Any]) -> tuple[datetime, datetime] | None:
    timed = [row[7:9] for row in found if row[7] is not None]
    if not timed:
        return None
    first, last = min(row[0] for row in timed), max(row[1] for row in timed)
    return _EPOCH + timedelta(microseconds=first), _EPOCH + timedelta(microseconds=last)
