"""CSV and its kin, in any encoding, streamed."""

import csv
import gzip
import io
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import pyarrow as pa
import pyarrow.csv

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.records import (
    FAULT,
    FILE,
    ROW,
    TEXT,
    UNREADABLE,
    one_line,
    unreadable,
)
from gridcontainer.errors import SourceError

_BLOCK_BYTES = 8 << 20
_NEVER_CLOSED: Final = "a text in quotes never ends: a quote is not closed"
_UTF8 = ("utf-8", "utf8", "utf_8")
_ARROW: Final[Any] = pyarrow.csv  # it has no types


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else path.open("rb"))


def delimited_columns(path: Path, source: Source) -> list[str]:
    """Names of the columns: declared, or those in the file's first line below ``skip_rows``.

    Raises:
        SourceError: the file is empty, or not in the declared encoding.
    """
    if not source.header:
        return list(source.columns or [])
    try:
        with _open(path) as stream, io.TextIOWrapper(stream, source.encoding, newline="") as text:
            lines = (line.removeprefix("\ufeff") for line in text)
            rows = csv.reader(
                lines,
                delimiter=source.separator,
                quotechar=source.quote,
                quoting=csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
            )
            names = next(itertools.islice(rows, source.skip_rows, None), [])
    except (UnicodeError, csv.Error) as error:
        raise _undecodable(path, source, error) from error
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if not any(name.strip() for name in names):
        raise SourceError(
            f"{path} is empty or begins with a blank line; expected the names of the columns, or "
            "set source.header: false and source.columns"
        )
    return names


class _Faults:
    """Rows with too many or too few columns, by their number among the records."""

    def __init__(self, header_rows: int) -> None:
        self.header_rows = header_rows
        self.rows: dict[int, tuple[str, str]] = {}

    def __call__(self, row: Any) -> str:
        reason = f"{row.actual_columns} columns, not {row.expected_columns}"
        self.rows[row.number - self.header_rows] = (reason, row.text)
        return "skip"


def read_delimited(
    path: Path, source: Source, schema: pa.Schema, columns: list[str], file: str
) -> Iterator[pa.RecordBatch]:
    """Batches of the file's rows in their order; rows with another number of columns are faults.

    Args:
        path: of the file.
        source: how it is written.
        schema: of the batches; columns that this file lacks are null.
        columns: of this file, in its order, with no name twice.
        file: what ``_file`` should say.

    Raises:
        SourceError: the file is not in the declared encoding, or a quote in it is never closed.
    """
    faults = _Faults(source.skip_rows + int(source.header))
    next_row, last = 1, ""
    try:
        with _open(path) as stream, _reader(stream, source, columns, faults) as reader:
            for batch in reader:
                numbers, next_row = _number(len(batch), next_row, faults.rows)
                last = batch.column(len(columns) - 1)[-1].as_py() if len(batch) else last
                yield _with_own_columns(batch, numbers, schema, file)
    except (pa.ArrowInvalid, UnicodeError) as error:
        if "Empty CSV file" not in str(error):
            raise _undecodable(path, source, error) from error
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if source.quote and "\n" in (last or "") and not _ends_with_quote(path, source):
        raise _undecodable(path, source, ValueError(_NEVER_CLOSED))
    if faults.rows:
        yield _fault_batch(faults.rows, schema, file)


def _ends_with_quote(path: Path, source: Source) -> bool:
    """Whether the quote is the file's last character but for line ends.

    Where it is not, and the last text has lines in it, the reader took the rest of the file for
    one text.
    """
    last = ""
    with _open(path) as stream, io.TextIOWrapper(stream, source.encoding, newline="") as text:
        while piece := text.read(_BLOCK_BYTES):
            last = (last + piece)[-64:]
    return last.rstrip("\r\n").endswith(source.quote or "")


def _reader(stream: BinaryIO, source: Source, columns: list[str], faults: _Faults) -> Any:
    return _ARROW.open_csv(
        stream,
        read_options=_ARROW.ReadOptions(
            use_threads=False,  # only so is the handler told the rows' numbers
            # By any other name Arrow trusts UTF-8, and cannot show the text of a faulty row of it.
            encoding="utf-8-sig" if source.encoding.lower() in _UTF8 else source.encoding,
            column_names=columns,
            skip_rows_after_names=source.skip_rows + int(source.header),
            block_size=_BLOCK_BYTES,
        ),
        parse_options=_ARROW.ParseOptions(
            delimiter=source.separator,
            quote_char=source.quote or False,
            newlines_in_values=source.quote is not None,
            invalid_row_handler=faults,
        ),
        convert_options=_ARROW.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )


def _number(count: int, next_row: int, faults: dict[int, tuple[str, str]]) -> tuple[list[int], int]:
    """Numbers of the next ``count`` good rows, past the faulty ones between them."""
    numbers: list[int] = []
    while len(numbers) < count:
        if next_row not in faults:
            numbers.append(next_row)
        next_row += 1
    return numbers, next_row


def _with_own_columns(
    batch: pa.RecordBatch, numbers: list[int], schema: pa.Schema, file: str
) -> pa.RecordBatch:
    own = {
        FILE: pa.array([file] * len(numbers), pa.string()),
        ROW: pa.array(numbers, pa.int64()),
    }
    present = set(batch.schema.names)
    arrays = [
        own[field.name]
        if field.name in own
        else batch.column(field.name)
        if field.name in present
        else pa.nulls(len(numbers), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _fault_batch(rows: dict[int, tuple[str, str]], schema: pa.Schema, file: str) -> pa.RecordBatch:
    own = {
        FILE: [file] * len(rows),
        ROW: list(rows),
        FAULT: [reason for reason, _ in rows.values()],
        TEXT: [text for _, text in rows.values()],
    }
    arrays = [
        pa.array(own[field.name], field.type)
        if field.name in own
        else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _undecodable(path: Path, source: Source, error: Exception) -> SourceError:
    said = one_line(error)
    if "straddl" in said or "out of sync" in said:
        said = _NEVER_CLOSED
    return SourceError(
        f"{path} cannot be read as {source.encoding} text separated by {source.separator!r}: "
        f"{said}. Set source.encoding (gb18030 for Chinese Windows files), "
        "source.separator, or source.quote (null where quotes are plain characters)"
    )
