"""Rows of a table without Spark: those of some of its files, in the table's own schema."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from gridcontainer.container.files import files_at
from gridcontainer.container.tables.actions import DataFile, Snapshot

_PARQUET: Final[Any] = pq  # it has no types


def path_of(table: str, file: str) -> str:
    """The path of a file of a table, as its log writes it: percent-encoded, mostly relative."""
    plain = unquote(file)
    return plain if plain.startswith("/") or "://" in plain else f"{table}/{plain}"


def open_parquet(path: str, *, footer: Any = None) -> Any:
    """A Parquet file of a table, opened for one read.

    Args:
        path: path of the file.
        footer: its metadata, where it is known already.
    """
    return _PARQUET.ParquetFile(
        files_at(path).open_input(path), metadata=footer, coerce_int96_timestamp_unit="us"
    )


def read_rows(
    path: str,
    table: Snapshot,
    *,
    columns: Sequence[str] | None = None,
    where: Callable[[Mapping[str, str | None]], bool] = lambda partition: True,
) -> pa.Table:
    """The rows of a table, or of some of its partitions.

    Args:
        path: path of the table.
        table: the version to read.
        columns: names of the columns; all where None.
        where: tells by its values whether a partition is read.
    """
    names = list(columns) if columns is not None else table.metadata.schema.names
    schema = pa.schema([table.metadata.schema.field(name) for name in names])
    parts = [_read(path, file, schema) for file in table.files if where(file.partition)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _read(path: str, file: DataFile, schema: pa.Schema) -> pa.Table:
    """One file in a schema: columns that it lacks are those of its partition, else null."""
    opened = open_parquet(path_of(path, file.path))
    present = set(opened.schema_arrow.names)
    found = opened.read([name for name in schema.names if name in present], use_threads=False)
    columns = []
    for field in schema:
        if field.name in present:
            columns.append(found.column(field.name).cast(field.type))
        elif field.name in file.partition:
            value = pa.scalar(file.partition[field.name], pa.string()).cast(field.type)
            columns.append(pa.chunked_array([pa.repeat(value, found.num_rows)], type=field.type))
        else:
            columns.append(pa.chunked_array([pa.nulls(found.num_rows, field.type)]))
    return pa.Table.from_arrays(columns, schema=_nullable(schema))


def _nullable(schema: pa.Schema) -> pa.Schema:
    """What is to be put together may come from files that do not say what their table says."""
    return pa.schema([field.with_nullable(True) for field in schema])
