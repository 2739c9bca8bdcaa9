"""Judged rows cut into buckets, one a file of the table about."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.judge.columns import CELL, JUDGED, TIME
from gridcontainer.container.sources.records import FILE, RESERVED, raw_schema
from gridcontainer.container.tables.layout import Layout, Places
from gridcontainer.grid.arrays import Int64s

_READERS: Final = raw_schema([])


@dataclass(frozen=True)
class Bounds:
    """Where the rows of a table are cut into buckets, one a file about.

    Attributes:
        months: (n,) month of the first row of each bucket but the first; zeros where the layout
            has no months.
        cells: (n,) cell of the same row.
    """

    months: Int64s
    cells: Int64s

    @property
    def count(self) -> int:
        """Number of buckets."""
        return len(self.cells) + 1

    def bucket_of(self, rows: pa.Table | pa.RecordBatch) -> Int64s:
        """The bucket of each judged row."""
        cells = rows.column(CELL).to_numpy()
        if not self.months.any():
            found: Int64s = np.searchsorted(self.cells, cells, side="right")
            return found
        months = months_of(rows)
        buckets = np.empty(len(cells), np.int64)
        for month in np.unique(months):
            at = months == month
            first, last = np.searchsorted(self.months, [month, month + 1])
            inside = np.searchsorted(self.cells[first:last], cells[at], side="right")
            buckets[at] = first + inside
        return buckets


def choose_bounds(places: Places, layout: Layout) -> Bounds:
    """Cut a sample of rows into as many equal parts as the layout has files."""
    months = np.zeros(len(places.cells), np.int64)
    if layout.by_month:
        months = places.months.astype("datetime64[M]").astype(np.int64)
    order = np.lexsort((places.cells, months))
    steps = np.linspace(0, len(order), layout.files + 1).astype(int)[1:-1]
    at = order[np.unique(steps[steps < len(order)])] if len(order) else order
    pairs = np.unique(np.column_stack([months[at], places.cells[at]]), axis=0)
    return Bounds(pairs[:, 0].copy(), pairs[:, 1].copy())


def months_of(rows: pa.Table | pa.RecordBatch) -> Int64s:
    """The month of each judged row, counted from 1970."""
    moments = rows.column(TIME).cast(pa.int64()).to_numpy()
    months: Int64s = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months


def slim(rows: pa.Table) -> pa.Table:
    """Rows without the columns of the reader and the judge that are null in all of them.

    The name of the file, the same in many rows, is kept once.
    """
    own = {*RESERVED, *JUDGED.names}
    empty = [
        name
        for name in rows.column_names
        if name in own and rows.column(name).null_count == rows.num_rows
    ]
    slimmed = rows.drop_columns(empty)
    at = slimmed.schema.get_field_index(FILE)
    if at < 0:
        return slimmed
    return slimmed.set_column(at, FILE, slimmed.column(FILE).dictionary_encode())


def widen(rows: pa.Table) -> pa.Table:
    """Rows with the columns that ``slim`` left out."""
    for field in (*_READERS, *JUDGED):
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    return rows


def cut(rows: pa.Table, buckets: Int64s) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each bucket, in their order."""
    order = np.argsort(buckets, kind="stable")
    arranged = rows.take(pa.array(order)) if np.any(np.diff(buckets) < 0) else rows
    sorted_buckets = buckets[order]
    starts = np.flatnonzero(np.diff(sorted_buckets, prepend=-1))
    ends = np.append(starts[1:], len(sorted_buckets))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield int(sorted_buckets[start]), arranged.slice(start, end - start)
