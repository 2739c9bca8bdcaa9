"""A file's rows as text columns, however they are written, and how the declaration says so."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from gridcontainer.container.declaration import Source
from gridcontainer.container.inference.content import Content, read_content, read_whole
from gridcontainer.container.inference.encoding import decode_blocks, infer_encoding
from gridcontainer.container.inference.excel_sample import read_sheet
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.parquet import empty_as_none, read_parquet
from gridcontainer.container.inference.records_path import infer_records_path
from gridcontainer.container.inference.table import (
    infer_dialect,
    infer_header,
    lines_above,
    read_rows,
)
from gridcontainer.container.inference.vector_sample import read_layer
from gridcontainer.container.sources.json_lines import read_json_lines
from gridcontainer.container.sources.json_records import flatten, parse_value
from gridcontainer.container.sources.json_stream import JsonFacts, stream_geojson, stream_json
from gridcontainer.container.sources.json_text import parse_json
from gridcontainer.container.sources.records import RawRow, distinct
from gridcontainer.errors import SourceError

SAMPLE_ROWS = 50_000
_JSON_LIMIT = 256 << 20  # bytes


@dataclass(frozen=True)
class Sample:
    """Rows of a file: evenly over it, or the first ones of a sheet or layer.

    Attributes:
        frame: n <= 50,000 rows; every column text, None where empty.
        source: keys of the declaration's ``source``, without ``path``.
        whole: the sample is all rows.
        named: the file itself names its columns.
        crs: CRS that the file says for a column of shapes, by the column's name.
    """

    frame: pd.DataFrame
    source: dict[str, Any]
    whole: bool
    named: bool = True
    crs: dict[str, str | None] = field(default_factory=dict)


def read_sample(path: Path, notes: Notes, *, layer: str | None = None) -> Sample:
    """Find out how a file is written, and read rows of it.

    Args:
        path: path of the file.
        notes: takes what is found.
        layer: layer of a vector file or sheet of a workbook, where a person chose one.

    Raises:
        SourceError: the file cannot be read, or holds nothing like rows.
    """
    content = read_content(path)
    if layer is not None and content.magic not in ("vector", "excel"):
        raise SourceError(f"{path} has no layers and no sheets to choose from")
    if content.magic == "text":
        sample = _read_text(path, content, notes)
    elif content.magic == "excel":
        rows, keys, whole = read_sheet(path, layer, SAMPLE_ROWS, notes)
        sample = _of_records(rows, keys, whole)
    elif content.magic == "parquet":
        frame, whole, crs = read_parquet(path, SAMPLE_ROWS, notes)
        sample = Sample(frame, {"format": "parquet"}, whole, crs=crs)
    else:
        found = read_layer(path, layer, SAMPLE_ROWS, notes)
        sample = Sample(found.frame, found.source, found.whole, crs={"geometry": found.crs})
    if sample.frame.empty:
        raise SourceError(f"{path} has no rows below its header: there is nothing to infer from")
    if not sample.whole:
        notes.add("rows", f"{len(sample.frame):,}", "a sample: not all rows are looked at")
        notes.warn(
            f"drafted from a sample of {len(sample.frame):,} rows: others may be written else"
        )
    return sample


def _read_text(path: Path, content: Content, notes: Notes) -> Sample:
    if content.compressed:
        named = "" if path.suffix == ".gz" else f"; {path.name} does not end in .gz"
        notes.add("compression", "gzip", f"first bytes 1f 8b{named}")
    elif path.suffix == ".gz":
        raise SourceError(
            f"{path} is plain text and no gzip, whatever its ending .gz says: give it another name"
        )
    encoding = infer_encoding(content, notes)
    if encoding.startswith("utf-16"):
        notes.add("kind", "UTF-16 text", "two bytes a character")
    texts = decode_blocks(content, encoding)
    if texts[0].lstrip()[:1] in ("{", "["):
        return _read_json_kind(path, texts, encoding, content.whole, notes)
    return _read_delimited(path, texts, encoding, content.whole, notes)


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
    value = _parse(path, encoding)
    keys = {"format": "json", "encoding": encoding}
    found = JsonFacts()
    if isinstance(value, dict) and isinstance(value.get("features"), list):
        keys["format"] = "geojson"
        notes.add("format", "geojson", f"a collection of {len(value['features']):,} features")
        rows = list(stream_geojson(path, Source.model_validate({"path": path.name, **keys}), found))
        crs = {"geometry": found.crs}
        return replace(_of_records(rows, keys, True), crs=crs)
    records = infer_records_path(value, notes)
    if records is None:
        raise SourceError(f"{path} is JSON and holds no list or object of records")
    notes.add("format", "json", "one JSON value")
    keys["records"] = records
    source = Source.model_validate({"path": path.name, **keys})
    rows = list(stream_json(path, source, JsonFacts(), found))
    if found.is_late:
        rows = list(stream_json(path, source, found, JsonFacts()))
    return _of_records(rows, keys, True)


def _parse(path: Path, encoding: str) -> Any:
    """The file's one JSON value; bytes that are not in the encoding are left to the reader.

    Raises:
        SourceError: names the line and column where it stops being JSON.
    """
    text = read_whole(path, _JSON_LIMIT).decode(encoding, "replace").removeprefix("\ufeff")
    return parse_value(path, text)


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


def _of_records(rows: list[RawRow], source: dict[str, Any], whole: bool) -> Sample:
    good = [row.values for row in rows if row.fault is None]
    chosen = good[:: -(-len(good) // SAMPLE_ROWS) or 1]
    frame = pd.DataFrame(chosen, dtype=object)
    return Sample(empty_as_none(frame), source, whole and len(chosen) == len(good))


def _read_delimited(
    path: Path, texts: list[str], encoding: str, whole: bool, notes: Notes
) -> Sample:
    dialect = infer_dialect(texts, notes)
    if dialect is None:
        raise SourceError(
            f"{path} is text in which no separator (comma, tab, semicolon, pipe, blank) gives "
            "most lines the same number of fields: no table, or several"
        )
    above = lines_above(texts[0], dialect)
    if above:
        texts = [texts[0].split("\n", above)[above], *texts[1:]]
        notes.warn(f"{above} lines above the names of the columns are taken for a title: skip_rows")
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
    source |= {"skip_rows": above} if above else {}
    return Sample(frame, source, whole and len(chosen) == len(body), named=header)
