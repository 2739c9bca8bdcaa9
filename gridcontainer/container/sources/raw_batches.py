"""Columns of text to batches of raw rows, without a Python object a row."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.sources.records import FAULT, FILE, ROW, TEXT
from gridcontainer.grid.arrays import Int64s


class RawBatches:
    """Makes batches of a schema for one file."""

    def __init__(self, schema: pa.Schema, file: str) -> None:
        """Make batches.

        Args:
            schema: of the batches; columns that a table lacks are null.
            file: what ``_file`` says.
        """
        self._schema: Final = schema
        self._file: Final = pa.scalar(file, pa.string())
        self._files: Any = pa.repeat(self._file, 0)

    def of_table(self, table: pa.Table, rows: Int64s) -> pa.RecordBatch:
        """The batch of sound records.

        Args:
            table: n records, columns by their names.
            rows: n row numbers.
        """
        columns = {name: _whole(table.column(name)) for name in table.column_names}
        return self._batch(columns, rows)

    def of_faults(self, faults: Mapping[int, tuple[str, str]]) -> pa.RecordBatch:
        """The batch of broken records.

        Args:
            faults: reason and text of each record, by its row number.
        """
        rows = np.fromiter(faults, dtype=np.int64, count=len(faults))
        columns = {
            FAULT: pa.array([reason for reason, _ in faults.values()], pa.string()),
            TEXT: pa.array([text for _, text in faults.values()], pa.string()),
        }
        return self._batch(columns, rows)

    def _batch(self, columns: dict[str, Any], rows: Int64s) -> pa.RecordBatch:
        count = len(rows)
        if len(self._files) < count:
            self._files = pa.repeat(self._file, count)
        own = {FILE: self._files.slice(0, count), ROW: pa.array(rows, pa.int64())}
        arrays = [
            own[field.name]
            if field.name in own
            else columns[field.name]
            if field.name in columns
            else pa.nulls(count, field.type)
            for field in self._schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


def in_order(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """The rows of some batches as one, in order of their numbers."""
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches(batches).combine_chunks()
    order = np.argsort(table.column(ROW).to_numpy(), kind="stable")
    return table.take(pa.array(order)).combine_chunks().to_batches()[0]


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
