"""What every reader of source files gives: batches of raw rows, nothing lost, nothing judged.

A raw row has the source's own columns as text (numbers as they are written, null where there is
no value) and, beside them:

    _file      the file it came from, relative to the root of the sources
    _row       its number in that file, from 1
    _fault     why it could not be read as a row, or null
    _text      the text of a row that could not be read, or null
    _repair    what was mended in a row to read it, or null where it is as it came
    _geometry  the shape as WKB in WGS 84, for data sets whose position is a shape
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute

from gridcontainer.errors import SourceError

FILE, ROW, FAULT, TEXT = "_file", "_row", "_fault", "_text"
REPAIR, GEOMETRY, RULE = "_repair", "_geometry", "_rule"
RESERVED = frozenset({FILE, ROW, FAULT, TEXT, REPAIR, GEOMETRY})
BATCH_ROWS = 50_000
# What Python says of a file that may not be opened, and of gzip that is cut short or is none.
UNREADABLE = (OSError, EOFError, zlib.error)


def unreadable(path: Path, error: Exception) -> SourceError:
    """What to raise for one of ``UNREADABLE``."""
    whole = "Is it whole, and gzip where it ends in .gz? " if path.suffix == ".gz" else ""
    said = one_line(error)
    return SourceError(f"{path} cannot be read: {said}. {whole}Fetch it again, or mend its rights")


def one_line(text: object) -> str:
    """What a library, or a name in a file, says in several lines."""
    return " ".join(str(text).split())[:600]


def list_columns(columns: Iterable[str]) -> str:
    """Names of columns for a message, fields of an object as ``location {lat, lon}``; up to 20."""
    groups: dict[str, list[str]] = {}
    for column in columns:
        outer, _, inner = column.partition(".")
        groups.setdefault(outer, []).append(inner)
    shown = [
        outer if inner == [""] else f"{outer} {{{', '.join(i or outer for i in inner)}}}"
        for outer, inner in list(groups.items())[:20]
    ]
    return one_line(", ".join(shown))


@dataclass(frozen=True)
class RawRow:
    """One record of a source that is read record by record."""

    number: int
    values: dict[str, str | None]
    fault: str | None = None
    text: str | None = None


def raw_schema(columns: Sequence[str], types: Mapping[str, pa.DataType] | None = None) -> pa.Schema:
    """The Arrow schema of a source's batches, before a shape is added.

    Args:
        columns: names of the source's columns.
        types: types of columns that are not text.
    """
    kinds = types or {}
    fields = [
        pa.field(FILE, pa.string()),
        pa.field(ROW, pa.int64()),
        pa.field(FAULT, pa.string()),
        pa.field(TEXT, pa.string()),
        pa.field(REPAIR, pa.string()),
        *(pa.field(column, kinds.get(column, pa.string())) for column in columns),
    ]
    return pa.schema(fields)


def to_batches(rows: Iterator[RawRow], schema: pa.Schema, file: str) -> Iterator[pa.RecordBatch]:
    """Records as batches of the schema."""
    waiting: list[RawRow] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == BATCH_ROWS:
            yield _to_batch(waiting, schema, file)
            waiting = []
    if waiting:
        yield _to_batch(waiting, schema, file)


def say_missing(
    batches: Iterator[pa.RecordBatch], needed: Sequence[str], present: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """The batches of a file; if it lacks a column that is needed, every row has that fault."""
    missing = sorted(set(needed) - set(present))
    if not missing:
        yield from batches
        return
    fault = pa.scalar(f"its file has no column {', '.join(missing)}", pa.string())
    for batch in batches:
        where = batch.schema.get_field_index(FAULT)
        faults = cast(Any, pyarrow.compute).coalesce(batch.column(where), fault)
        yield batch.set_column(where, batch.schema.field(where), faults)


def _to_batch(rows: list[RawRow], schema: pa.Schema, file: str) -> pa.RecordBatch:
    own: dict[str, list[Any]] = {
        FILE: [file] * len(rows),
        ROW: [row.number for row in rows],
        FAULT: [row.fault for row in rows],
        TEXT: [row.text for row in rows],
        REPAIR: [None] * len(rows),
    }
    arrays = [
        pa.array(own[field.name] if field.name in own else _column(rows, field.name), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(rows: list[RawRow], name: str) -> list[str | None]:
    return [row.values.get(name) for row in rows]


def distinct(names: Sequence[str]) -> list[str]:
    """The names with ``_2``, ``_3`` … after those that stand more than once."""
    taken = set(names)
    if len(taken) == len(names):
        return list(names)
    result: list[str] = []
    for name in names:
        free = name
        for number in range(2, len(names) + 2):
            if free not in result and (free == name or free not in taken):
                break
            free = f"{name}_{number}"
        result.append(free)
    return result
