"""Judged rows to the rows of a dataset's table, and their arrangement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute
from numpy.typing import NDArray

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.ingest.cut import months_of
from gridcontainer.container.judge.columns import CELL, KEY, LAT, LON, TIME
from gridcontainer.container.sources.records import FILE, GEOMETRY, ROW
from gridcontainer.container.tables.layout import TIMED_KINDS, Layout, Places
from gridcontainer.container.tables.schemas import (
    GEOMETRY_COLUMN,
    GRID_COLUMNS,
    HISTORY_COLUMNS,
    INSTANT,
    MONTH_COLUMN,
    OBJECT_COLUMN,
    ORIGIN_COLUMNS,
    TIME_COLUMN,
)
from gridcontainer.grid.arrays import Int64s
from gridcontainer.grid.code import cell_to_code
from gridcontainer.grid.levels import get_level

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_NEEDED: Final = (FILE, ROW, LON, LAT, CELL, TIME, KEY, GEOMETRY)


@dataclass(frozen=True)
class RowMaker:
    """Makes the rows of one dataset's table; it can be sent to another process.

    Attributes:
        declaration: declaration of the dataset, over stored names.
        columns: stored names of the source's columns.
        level: level of the cells; None for a table without position.
        layout: layout of the table.
        run_id: identifier of the run.
        valid_from: moment from which rows of a table with history are valid.
    """

    declaration: Declaration
    columns: Sequence[str]
    level: int | None
    layout: Layout
    run_id: str
    valid_from: datetime

    def make(self, sound: pa.Table) -> pa.Table:
        """Judged rows without a reason as the table holds them, in the table's order.

        Returns:
            ``object_id`` where there is a key; ``GRID_COLUMNS`` where there is a position;
            ``event_time`` where there is one; ``ORIGIN_COLUMNS``; ``HISTORY_COLUMNS`` and
            ``event_month`` where the table has them; ``geometry`` (WKB, WGS 84) where the position
            is a shape; then the source's columns.
        """
        needed = [name for name in _NEEDED if name in sound.column_names]
        order = pa.array(self._order(sound))
        sound = sound.select([*needed, *self.columns]).take(order)
        values = self._values(sound)
        fields = self.fields()
        own = [sound.schema.field(name) for name in self.columns]
        arrays = [_of_type(values[field.name], field.type) for field in fields]
        typed = [field.with_type(array.type) for field, array in zip(fields, arrays, strict=True)]
        arrays += [sound.column(name) for name in self.columns]
        return pa.Table.from_arrays(arrays, schema=pa.schema([*typed, *own]))

    def fields(self) -> list[pa.Field]:
        """The container's own columns in the table, in their order."""
        declaration = self.declaration
        fields = [OBJECT_COLUMN] if declaration.key else []
        if declaration.position is not None:
            fields += list(GRID_COLUMNS)
        if declaration.time is not None:
            fields.append(TIME_COLUMN)
        fields += list(ORIGIN_COLUMNS)
        if declaration.history:
            fields += list(HISTORY_COLUMNS)
        if self.layout.by_month:
            fields.append(MONTH_COLUMN)
        if declaration.has_shape:
            fields.append(GEOMETRY_COLUMN)
        return fields

    def _order(self, sound: pa.Table) -> Int64s:
        """By month where the layout has it, then by cell; else as they came."""
        if self.level is None:
            return np.arange(sound.num_rows)
        cells = sound.column(CELL).to_numpy()
        if not self.layout.by_month:
            return np.argsort(cells, kind="stable")
        return np.lexsort((cells, months_of(sound)))

    def _values(self, sound: pa.Table) -> dict[str, Any]:
        count = sound.num_rows
        values: dict[str, Any] = {
            "object_id": sound.column(KEY),
            "event_time": sound.column(TIME),
            "source_file": sound.column(FILE),
            "source_row": sound.column(ROW),
            "run_id": pa.repeat(pa.scalar(self.run_id), count),
        }
        if self.declaration.history:
            values["valid_from"] = pa.repeat(pa.scalar(self.valid_from, INSTANT), count)
            values["valid_to"] = pa.nulls(count, INSTANT)
        if self.layout.by_month:
            values["event_month"] = pa.array(_month_texts(sound), pa.string())
        if self.declaration.has_shape:
            values["geometry"] = sound.column(GEOMETRY)
        if self.level is not None and self.layout.prefix_level is not None:
            cells = sound.column(CELL).to_numpy()
            values |= {
                "cell": sound.column(CELL),
                "grid_code": _codes(cells, self.level),
                "grid_level": pa.repeat(pa.scalar(self.level, pa.int8()), count),
                "grid_prefix": _prefixes(cells, self.layout.prefix_level),
                "lon": sound.column(LON),
                "lat": sound.column(LAT),
            }
        return values


def places_of(sound: pa.Table, kind: str) -> Places:
    """Cells and months of judged rows, to choose a layout by."""
    months = _month_texts(sound) if kind in TIMED_KINDS else np.empty(0, str)
    return Places(sound.column(CELL).to_numpy(), months)


def _month_texts(sound: pa.Table) -> NDArray[np.str_]:
    """The month of each row in UTC, as ``2026-07``."""
    texts: NDArray[np.str_] = months_of(sound).astype("datetime64[M]").astype(str)
    return texts


def _codes(cells: Int64s, level: int) -> pa.Array:
    """Cells lie in order, so each code is made once."""
    starts = np.flatnonzero(np.diff(cells, prepend=cells[:1] - 1 if len(cells) else 0))
    codes = pa.array(np.asarray(cell_to_code(cells[starts], level), str), pa.string())
    counts = np.diff(starts, append=len(cells))
    return codes.take(pa.array(np.repeat(np.arange(len(starts)), counts)))


def _prefixes(cells: Int64s, level: int) -> pa.Array:
    return _codes(cells & get_level(level).mask, level)


def _of_type(values: Any, kind: pa.DataType) -> Any:
    """The values in a type; texts that are kept once each stay so, files have them as texts."""
    is_text = pa.types.is_dictionary(values.type) and values.type.value_type == kind
    return values if is_text or values.type == kind else _ARROW.cast(values, kind)
