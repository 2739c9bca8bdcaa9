"""A file's rows as text columns, however they are written, and how the declaration says so."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gridcontainer.container.declaration import Source
from gridcontainer.container.inference.content import Content, read_content, read_whole
from gridcontainer.container.inference.encoding import decode_blocks, infer_encoding
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.parquet import empty_as_none, read_parquet
from gridcontainer.container.inference.records_path import infer_records_path
from gridcontainer.container.inference.table import infer_dialect, infer_header, read_rows
from gridcontainer.container.sources.geojson import read_geojson
from gridcontainer.container.sources.json_lines import read_json_lines
from gridcontainer.container.sources.json_records import flatten, load_json, read_json
from gridcontainer.container.sources.json_text import parse_json
from gridcontainer.container.sources.records import RawRow, distinct
from gridcontainer.errors import SourceError

SAMPLE_ROWS = 50_000
_JSON_LIMIT = 256 << 20  # bytes


@dataclass(frozen=True)
class Sample:
    """Rows of a file, evenly over it.

    Attributes:
        frame: n <= 50,000 rows; every column text (or bytes, of Parquet), None where empty.
        source: keys of the declaration's ``source``, without ``path``.
        whole: the sample is all rows.
        has_shapes: rows come with a column ``geometry`` of GeoJSON.
        named: the file itself names its columns.
    """

    frame: pd.DataFrame
    source: dict[str, Any]
    whole: bool
    has_shapes: bool = False
    named: bool = True


def read_sample(path: Path, notes: Notes) -> Sample | None:
    """Find out how a file is written, and read rows of it.

    Returns:
        None for Excel, which is recognised and not read yet.

    Raises:
        SourceError: the file cannot be read, or holds nothing like rows.
    """
    content = read_content(path)
    _say_zipped(path, content, notes)
    if content.magic == "excel":
        _say_excel(path, notes)
        return None
    if content.magic == "parquet":
        frame, whole = read_parquet(path, SAMPLE_ROWS, notes)
        return Sample(frame, {"format": "parquet"}, whole)
    encoding = infer_encoding(content, notes)
    texts = decode_blocks(content, encoding)
    start = texts[0].lstrip()[:1]
    if start in ("{", "["):
        sample = _read_json_kind(path, texts, encoding, content.whole, notes)
    else:
        sample = _read_delimited(path, texts, encoding, content.whole, notes)
    if sample.frame.empty:
        raise SourceError(f"{path} has no rows below its header: there is nothing to infer from")
    return sample


def _say_zipped(path: Path, content: Content, notes: Notes) -> None:
    if content.compressed:
        notes.add("compression", "gzip", "first bytes 1f 8b")
    if content.compressed != (path.suffix == ".gz"):
        has = "is gzip without the ending .gz" if content.compressed else "ends in .gz, is no gzip"
        notes.warn(f"{path.name} {has}: the container goes by the ending; rename the file")


def _say_excel(path: Path, notes: Notes) -> None:
    notes.add("format", "excel", "a ZIP archive with xl/ inside, or OLE, by its first bytes")
    if path.suffix.lower() not in (".xlsx", ".xls", ".xlsm"):
        notes.warn(f"{path.name} is an Excel file by its bytes, whatever its name says")
    notes.warn("Excel is recognised and not read: export the sheet as CSV in UTF-8 to infer more")


def _read_json_kind(
    path: Path, texts: list[str], encoding: str, whole: bool, notes: Notes
) -> Sample:
    if _is_json_lines(texts):
        lines = [line for text in texts for line in text.split("\n") if line.strip()]
        notes.add(
            "format", "jsonlines", f"an object a line, in all of {len(lines[:200])} looked at"
        )
        source = Source(path=path.name, format="jsonlines", encoding=encoding)
        rows = list(read_json_lines(path, source)) if whole else _parse_lines(lines)
        return _of_records(rows, {"format": "jsonlines", "encoding": encoding}, whole)
    read_whole(path, _JSON_LIMIT)
    value = load_json(path, encoding)
    if isinstance(value, dict) and isinstance(value.get("features"), list):
        source = Source(path=path.name, format="geojson", encoding=encoding)
        notes.add("format", "geojson", f"a collection of {len(value['features']):,} features")
        keys = {"format": "geojson", "encoding": encoding}
        return _of_records(list(read_geojson(path, source)), keys, True, has_shapes=True)
    records = infer_records_path(value, notes)
    if records is None:
        raise SourceError(f"{path} is JSON and holds no list or object of records")
    notes.add("format", "json", "one JSON value")
    source = Source(path=path.name, format="json", encoding=encoding, records=records)
    keys = {"format": "json", "encoding": encoding, "records": records}
    return _of_records(list(read_json(path, source)), keys, True)


def _is_json_lines(texts: list[str]) -> bool:
    """Whether the first lines are an object each, and there is more than one of them."""
    lines = [line for line in texts[0].split("\n", 200)[:200] if line.strip()]
    try:
        values = [parse_json(line) for line in lines[:-1] or lines]
    except (json.JSONDecodeError, RecursionError):
        return False
    return len(lines) > 1 and all(isinstance(value, dict) for value in values)


def _parse_lines(lines: list[str]) -> list[RawRow]:
    rows = []
    for number, line in enumerate(lines[:: max(1, len(lines) // SAMPLE_ROWS)]):
        try:
            rows.append(RawRow(number, flatten(parse_json(line))))
        except (json.JSONDecodeError, AttributeError, RecursionError):
            rows.append(RawRow(number, {}, "not JSON", line))
    return rows


def _of_records(
    rows: list[RawRow], source: dict[str, Any], whole: bool, *, has_shapes: bool = False
) -> Sample:
    good = [row.values for row in rows if row.fault is None]
    chosen = good[:: -(-len(good) // SAMPLE_ROWS) or 1]
    frame = pd.DataFrame(chosen, dtype=object)
    return Sample(empty_as_none(frame), source, whole and len(chosen) == len(good), has_shapes)


def _read_delimited(
    path: Path, texts: list[str], encoding: str, whole: bool, notes: Notes
) -> Sample:
    dialect = infer_dialect(texts, notes)
    if dialect is None:
        raise SourceError(
            f"{path} is text in which no separator (comma, tab, semicolon, pipe, blank) gives "
            "most lines the same number of fields: no table, or several"
        )
    rows = [row for text in texts for row in read_rows(text, dialect.separator, dialect.quote)]
    header = infer_header(rows, notes)
    if header and len(rows[0]) != dialect.fields:
        header = False  # the reader sets that line aside; names of another number spoil all rows
        notes.warn(f"the header has {len(rows[0])} names, the rows {dialect.fields} fields")
    notes.add("format", "csv", f"delimited text, {len(rows) - header:,} rows looked at")
    names = distinct(rows[0]) if header else [f"column_{i + 1}" for i in range(dialect.fields)]
    body = [row for row in rows[int(header) :] if len(row) == len(names)]
    chosen = body[:: -(-len(body) // SAMPLE_ROWS) or 1]
    frame = pd.DataFrame(chosen, columns=names, dtype=object)
    frame = frame.mask(frame == "", None)
    source: dict[str, Any] = {"format": "csv", "encoding": encoding}
    source |= {"separator": dialect.separator, "quote": dialect.quote, "header": header}
    return Sample(frame, source, whole and len(chosen) == len(body), named=header)
