"""Parquet and GeoParquet, streamed by row groups; with types where all files have plain ones."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.parquet_columns import (
    as_text,
    as_type,
    kept_types,
    leaf_arrays,
    leaf_fields,
    split_undecodable,
)
from gridcontainer.container.sources.pieces import Piece, whole_files
from gridcontainer.container.sources.records import BATCH_ROWS, FAULT, FILE, ROW, one_line
from gridcontainer.errors import SourceError

# What Arrow says of a file that is cut short, damaged, or of a kind it does not know.
UNREADABLE_PARQUET = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError)
_CRS84: Final = "OGC:CRS84"  # what GeoParquet means where it says nothing


@dataclass(frozen=True)
class ParquetFooter:
    """What the footer of a Parquet file says.

    Attributes:
        columns: names of the columns, fields of structs as ``struct.field``.
        types: types that the columns keep, in their order; None where they are read as text.
        crs: CRS of each geometry column by its name; None where it is unknown.
        rows: number of rows.
    """

    columns: tuple[str, ...]
    types: tuple[pa.DataType, ...] | None
    crs: dict[str, str | None]
    rows: int

    def crs_of(self, declaration: Declaration) -> str | None:
        """The CRS of the column that the declaration's positions are in."""
        position = declaration.position
        if position is None:
            return None
        column = str(position.geometry or position.lon)
        return self.crs.get(column) or self.crs.get(column.rsplit(".", 1)[0])


def open_parquet(path: Path) -> ParquetFooter:
    """The footer of a file.

    Raises:
        SourceError: the file is no Parquet, or is cut short.
    """
    with _open(path) as file:
        try:
            schema = file.schema_arrow
            names = tuple(name for name, _ in leaf_fields(schema))
            kept = kept_types(file.schema)
            return ParquetFooter(
                names,
                None if kept is None else tuple(kept),
                _crs_of(schema),
                file.metadata.num_rows,
            )
        except UNREADABLE_PARQUET as error:
            raise _unreadable(path, error) from error


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns.

    Raises:
        SourceError: the file is no Parquet, or is cut short.
    """
    return list(open_parquet(path).columns)


def common_types(
    footers: Sequence[ParquetFooter], declaration: Declaration
) -> dict[str, pa.DataType] | None:
    """The type of each column where all files have the same plain ones and there is no shape.

    Returns:
        None where the columns are to be read as text.
    """
    first = footers[0]
    if declaration.has_shape or first.types is None:
        return None
    if any((o.columns, o.types) != (first.columns, first.types) for o in footers):
        return None
    return dict(zip(first.columns, first.types, strict=True))


def split_parquet(root: Path, files: Iterable[Path], target_bytes: int) -> list[Piece]:
    """Pieces of whole row groups, each of about ``target_bytes`` of the file.

    Raises:
        SourceError: a file is no Parquet, or is cut short.
    """
    pieces: list[Piece] = []
    for whole in whole_files(root, files):
        with _open(whole.path) as file:
            groups = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
        if whole.size <= target_bytes or len(groups) < 2:
            pieces.append(whole)
            continue
        share = whole.size / max(1, sum(group.total_byte_size for group in groups))
        rows = [0, *accumulate(group.num_rows for group in groups)]
        start = size = 0
        for stop, group in enumerate(groups, start=1):
            size += int(group.total_byte_size * share)
            if size >= target_bytes or stop == len(groups):
                first = rows[start] + 1
                pieces.append(replace(whole, size=size, start=start, stop=stop, first_row=first))
                start, size = stop, 0
    return pieces


def read_parquet(
    path: Path,
    schema: pa.Schema,
    file: str,
    *,
    start: int = 0,
    stop: int | None = None,
    first_row: int = 1,
) -> Iterator[pa.RecordBatch]:
    """Batches of the rows in their order.

    Args:
        path: path of the file.
        schema: schema of the batches; columns that this file lacks are null.
        file: what ``_file`` should say.
        start: the first row group to read.
        stop: the row group to stop before; None for the end.
        first_row: number of the first row.

    Raises:
        SourceError: the file is no Parquet, or is cut short.
    """
    done = first_row - 1
    with _open(path) as opened:
        try:
            groups = list(range(start, opened.num_row_groups if stop is None else stop))
            given = opened.iter_batches(batch_size=BATCH_ROWS, row_groups=groups)
            for batch in given:
                yield _to_raw(batch, schema, file, done)
                done += len(batch)
        except UNREADABLE_PARQUET as error:
            raise _unreadable(path, error) from error


def _to_raw(batch: pa.RecordBatch, schema: pa.Schema, file: str, done: int) -> pa.RecordBatch:
    count = len(batch)
    columns, faults = split_undecodable(leaf_arrays(batch))
    raw: dict[str, pa.Array] = {}
    for field in schema:
        if field.name in columns:
            values = columns[field.name]
            is_text = pa.types.is_string(field.type)
            raw[field.name] = as_text(values) if is_text else as_type(values, field.type)
        else:
            raw[field.name] = pa.nulls(count, field.type)
    raw[FILE] = pa.repeat(file, count)
    raw[ROW] = pa.array(range(done + 1, done + count + 1), pa.int64())
    if faults:
        raw[FAULT] = pa.array([faults.get(row) for row in range(count)], pa.string())
    return pa.RecordBatch.from_arrays([raw[field.name] for field in schema], schema=schema)


def _crs_of(schema: pa.Schema) -> dict[str, str | None]:
    """The CRS of each geometry column, by the key ``geo`` of GeoParquet or the type's own."""
    found: dict[str, str | None] = {}
    for field in schema:
        if b"ARROW:extension:name" in (field.metadata or {}):
            found |= _named({field.name: _json(field.metadata.get(b"ARROW:extension:metadata"))})
    geo = _json((schema.metadata or {}).get(b"geo"))
    columns = geo.get("columns")
    if isinstance(columns, dict):
        found |= _named({n: {"crs": _CRS84} | c for n, c in columns.items() if isinstance(c, dict)})
    return found


def _named(columns: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    names = {}
    for column, about in columns.items():
        crs = about.get("crs")
        names[column] = json.dumps(crs) if isinstance(crs, dict) else crs and str(crs)
    return names


def _json(text: bytes | None) -> dict[str, Any]:
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _open(path: Path) -> Any:
    try:
        return cast(Any, pq.ParquetFile)(path, coerce_int96_timestamp_unit="us")
    except UNREADABLE_PARQUET as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> SourceError:
    said = one_line(error).rstrip(" .")
    return SourceError(f"{path} cannot be read as Parquet: {said}. Is it whole? Fetch it again")
