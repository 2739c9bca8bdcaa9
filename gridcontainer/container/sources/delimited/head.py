"""The beginning of a delimited text: lines above the names, names, what its columns look like."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.records import distinct
from gridcontainer.container.sources.text.blocks import BlockReader
from gridcontainer.container.sources.text.broken import refused_text
from gridcontainer.container.sources.text.decode import Codec, line_fault
from gridcontainer.container.sources.text.dialect import dialect_of, is_direct
from gridcontainer.container.sources.text.opened import open_text
from gridcontainer.errors import SourceError

_SAMPLED: Final = 100  # records
_MOSTLY: Final = 0.8
_TOLD: Final = 5  # names in a sentence
_LONGEST: Final = 60  # characters of a name in a sentence
_NUMBER: Final = re.compile(r'[\s"]*[-+0-9.:/ eETZ%]*[0-9][-+0-9.:/ eETZ%]*[\s"]*')


@dataclass(frozen=True)
class DelimitedHead:
    """What the beginning of a file says.

    Attributes:
        columns: names of the columns, no name twice.
        unnamed: number of last columns that the header leaves without a name.
        body: bytes before the first record, without a byte-order mark, as the text is scanned.
        first_line: number of the first line below the names.
        numeric: numbers of the columns, from 0, whose values are numbers or times.
        repeated: names that the header has more than once.
    """

    columns: tuple[str, ...]
    unnamed: int
    body: int
    first_line: int
    numeric: tuple[int, ...]
    repeated: tuple[str, ...] = ()


def codec_of(source: Source) -> Codec:
    """How the bytes of a source's blocks are read."""
    return Codec(source.encoding, not is_direct(source))


def read_delimited_head(path: Path, source: Source) -> DelimitedHead:
    """Read the names of the columns: declared, or those in the first line below ``skip_rows``.

    Raises:
        SourceError: the file is empty, no text, or its names are not in the declared encoding.
    """
    with open_text(path, source) as stream:
        reader = BlockReader(path, stream, dialect_of(source))
        reader.take(source.skip_rows)
        names = list(source.columns or [])
        if source.header:
            names = _names(path, source, b"".join(reader.take(1)))
        body, first_line = reader.consumed, reader.next_line
        codec = codec_of(source)
        sample = [codec.show(record) for record in reader.take(_SAMPLED)]
    unnamed = next((n for n, name in enumerate(reversed(names)) if name.strip()), len(names))
    columns = tuple(distinct(names))
    numeric = _numeric_columns(split_records(sample, source), len(columns))
    repeated = tuple(name for name, count in Counter(names).items() if count > 1)
    return DelimitedHead(columns, unnamed, body, first_line, numeric, repeated)


def note_repeated(dataset: str, repeated: Sequence[str]) -> list[str]:
    """A sentence where a header has a name more than once: the columns get numbers then.

    Args:
        dataset: name of the dataset.
        repeated: these names.
    """
    if not repeated:
        return []
    shown = ", ".join(f"{name[:_LONGEST]!r}" for name in repeated[:_TOLD])
    more = f" and {len(repeated) - _TOLD:,} more" if len(repeated) > _TOLD else ""
    return [
        f"{dataset}: several columns are called {shown}{more}; the later ones are numbered: _2, _3"
    ]


def split_records(texts: Iterable[str], source: Source) -> list[list[str]]:
    """The fields of records, each by itself; none of a record that Python cannot read."""
    return [_fields(text, source) for text in texts]


def is_number(field: str) -> bool:
    """Whether a field holds a number, a date or a time."""
    return _NUMBER.fullmatch(field) is not None


def _names(path: Path, source: Source, raw: bytes) -> list[str]:
    codec = codec_of(source)
    fault = line_fault(raw.rstrip(b"\r\n"), codec, begins=False)
    if fault is not None:
        raise refused_text(path, source, [f"the line of names {fault}"])
    names = _fields(codec.show(raw).removeprefix("\ufeff"), source)
    if not any(name.strip() for name in names):
        raise SourceError(
            f"{path} is empty or begins with a blank line; expected the names of the columns, or "
            "set source.header: false and source.columns"
        )
    return names


def _fields(text: str, source: Source) -> list[str]:
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=source.separator,
        quotechar=source.quote,
        quoting=csv.QUOTE_MINIMAL if source.quote else csv.QUOTE_NONE,
    )
    try:
        return next(rows, [])
    except csv.Error:
        return []


def _numeric_columns(rows: list[list[str]], count: int) -> tuple[int, ...]:
    whole = [row for row in rows if len(row) == count]
    numeric = []
    for column in range(count):
        values = [row[column] for row in whole if row[column].strip()]
        if values and sum(map(is_number, values)) >= _MOSTLY * len(values):
            numeric.append(column)
    return tuple(numeric)
