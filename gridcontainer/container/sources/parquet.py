"""Parquet and GeoParquet, streamed; every value as text, shapes as hexadecimal WKB."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.records import BATCH_ROWS, FILE, ROW, one_line
from gridcontainer.errors import SourceError

_ARROW: Final[Any] = pyarrow.compute  # it has no types
# What Arrow says of a file that is cut short, damaged, or of a kind it does not know.
UNREADABLE_PARQUET = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns.

    Raises:
        SourceError: the file is no Parquet, or is cut short.
    """
    return list(_open(path).schema_arrow.names)


def read_parquet(path: Path, schema: pa.Schema, file: str) -> Iterator[pa.RecordBatch]:
    """Batches of the rows in their order.

    Args:
        path: of the file.
        schema: of the batches; columns that this file lacks are null.
        file: what ``_file`` should say.

    Raises:
        SourceError: the file is no Parquet, or is cut short.
    """
    done = 0
    opened = _open(path)
    try:
        for batch in cast(Any, opened).iter_batches(batch_size=BATCH_ROWS):
            own = {
                FILE: pa.array([file] * len(batch), pa.string()),
                ROW: pa.array(range(done + 1, done + len(batch) + 1), pa.int64()),
            }
            columns = {name: _as_text(batch.column(name)) for name in batch.schema.names} | own
            nothing = pa.nulls(len(batch), pa.string())
            arrays = [columns.get(field.name, nothing) for field in schema]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
            done += len(batch)
    except UNREADABLE_PARQUET as error:
        raise _unreadable(path, error) from error


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)  # type: ignore[no-untyped-call]
    except UNREADABLE_PARQUET as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SourceError:
    said = one_line(error).rstrip(" .")
    return SourceError(f"{path} cannot be read as Parquet: {said}. Is it whole? Fetch it again")


def _as_text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([v if v is None else v.hex() for v in values.to_pylist()], pa.string())
    if pa.types.is_nested(kind):
        return pa.array([json_text(value) for value in values.to_pylist()], pa.string())
    return _ARROW.cast(values, pa.string())
