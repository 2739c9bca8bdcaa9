"""Rows to bytes: the same rows give the same bytes, on any day."""

import csv
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gridcontainer.sample.declaration import Csv
from gridcontainer.sample.dirt import BROKEN, Table


def csv_bytes(table: Table, form: Csv, *, encoding: str = "utf-8") -> bytes:
    """A text table.

    Rows whose reason is ``broken row`` have a cell too many, or one or two too few, in turn.

    Args:
        table: cells in the order of ``form.columns``; only whole numbers and text.
        form: how to write them.
        encoding: of the text; the byte-order mark is added for ``form.bom``.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(
        text,
        delimiter=form.delimiter,
        lineterminator=form.newline,
        quoting=csv.QUOTE_NONNUMERIC if form.quoted else csv.QUOTE_MINIMAL,
    )
    if form.header:
        writer.writerow(form.columns)
    rows: list[list[Any]] = table.cells[list(form.columns)].to_numpy().tolist()
    broken = (table.truth["reason"] == BROKEN).to_numpy().nonzero()[0]
    for turn, row in enumerate(broken.tolist()):
        rows[row] = _broken(rows[row], turn)
    writer.writerows(rows)
    return ("\ufeff" if form.bom else "").encode(encoding) + text.getvalue().encode(encoding)


def _broken(cells: list[Any], turn: int) -> list[Any]:
    if turn % 2:
        return [*cells, cells[0]]
    return cells[:-1] if turn % 4 else cells[:-2]


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """A JSON document in UTF-8, Chinese as it is; ``indent`` in blanks, None for one line."""
    return json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False).encode("utf-8")


def gzip_bytes(content: bytes) -> bytes:
    """The content, compressed; no name and no time in the header."""
    return gzip.compress(content, compresslevel=6, mtime=0)


def parquet_bytes(table: pa.Table) -> bytes:
    """One Parquet file with one compression and no pandas metadata."""
    sink = io.BytesIO()
    pq.write_table(  # type: ignore[no-untyped-call]  # pyarrow has no types
        table.replace_schema_metadata(None), sink, compression="zstd"
    )
    return sink.getvalue()
