"""What a data set's table holds, measured from its files."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow.compute

from gridcontainer.container.query.open_table import DataFile, OpenTable
from gridcontainer.container.tables.schemas import INSTANT
from gridcontainer.grid.arrays import Float64s

Bounds = tuple[float, float, float, float]

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_MEASURED: Final = ("lon", "lat", "event_time")


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


def measure(table: OpenTable) -> Measured:
    """Read the few columns that tell the rows, extent, times and sources of a table."""
    parts = [_measure_file(table, file) for file in table.files]
    stored = sum(part.stored for part in parts)
    current = [part for part in parts if part.rows]
    rows = sum(part.rows for part in current)
    sources: Counter[str] = Counter()
    for part in current:
        sources.update(part.sources)
    return Measured(
        rows=rows,
        closed_rows=stored - rows,
        bounds=_bounds(table, current),
        times=_times(current),
        sources=[{"file": file, "rows": count} for file, count in sorted(sources.items())],
    )


@dataclass(frozen=True)
class _Part:
    """What one file of a table holds.

    Attributes:
        stored: all its rows.
        rows: rows that are valid now; the other attributes are of these.
        sources: rows by source file.
        ends: least and greatest value of ``lon``, ``lat`` and ``event_time``, those it has.
    """

    stored: int
    rows: int
    sources: dict[str, int]
    ends: dict[str, tuple[Any, Any]]


def _measure_file(table: OpenTable, file: DataFile) -> _Part:
    names = [name for name in ("source_file", *_MEASURED, "valid_to") if table.has(name)]
    present = set(file.footer.schema.to_arrow_schema().names)
    rows = file.read([name for name in names if name in present])
    stored = rows.num_rows
    if "valid_to" in rows.column_names:
        rows = rows.filter(rows.column("valid_to").is_null())
    counts = _ARROW.value_counts(rows.column("source_file")).to_pylist()
    ends = {}
    for name in _MEASURED:
        if name not in rows.column_names:
            continue
        values = rows.column(name)
        if name == "event_time":
            values = values.cast(INSTANT)  # Spark's files do not say that they are in UTC
        found = _ARROW.min_max(values).as_py()
        if found["min"] is not None:
            ends[name] = (found["min"], found["max"])
    return _Part(stored, rows.num_rows, {one["values"]: one["counts"] for one in counts}, ends)


def _bounds(table: OpenTable, parts: list[_Part]) -> Bounds | None:
    points = [(*part.ends["lon"], *part.ends["lat"]) for part in parts if "lon" in part.ends]
    if not points:
        return None
    sides = [np.array([west, south, east, north]) for west, east, south, north in points]
    if table.has("geometry"):  # a shape reaches beyond its position
        sides.extend(shapes for file in table.files if len(shapes := _current_bounds(table, file)))
    stacked = np.vstack(sides)
    west, south = np.nanmin(stacked[:, :2], axis=0).tolist()
    east, north = np.nanmax(stacked[:, 2:], axis=0).tolist()
    return west, south, east, north


def _current_bounds(table: OpenTable, file: DataFile) -> Float64s:
    """Bounds of shapes that are valid now; a row without shape and position has none."""
    if not table.has("valid_to"):
        return file.extent
    current: Float64s = file.bounds[file.read(["valid_to"]).column("valid_to").is_null().to_numpy()]
    known: Float64s = current[~np.isnan(current).any(axis=1)]
    return known


def _times(parts: list[_Part]) -> tuple[datetime, datetime] | None:
    timed = [part.ends["event_time"] for part in parts if "event_time" in part.ends]
    if not timed:
        return None
    first, last = min(low for low, _ in timed), max(high for _, high in timed)
    return first.astimezone(UTC), last.astimezone(UTC)
