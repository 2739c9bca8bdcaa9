"""A stream of bytes as blocks of whole records, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from gridcontainer.container.sources.text.dialect import BLANKS, Dialect
from gridcontainer.container.sources.text.marks import (
    CR,
    LF,
    Marks,
    as_array,
    bytes_before,
    find_marks,
)
from gridcontainer.errors import SourceError
from gridcontainer.grid.arrays import Bools, Int64s

BLOCK_BYTES = 4 << 20  # with its columns it stays near the cache
HEAD_BYTES: Final = 1 << 16
MOST_RECORD_BYTES = 64 << 20


class ByteStream(Protocol):
    """Bytes in order; ``io.BufferedReader`` is one."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...


@dataclass(frozen=True)
class Block:
    """Whole records as bytes.

    Attributes:
        data: the records with their line ends.
        marks: line ends and quoted texts of the data.
        dialect: how the records are written.
        first_row: number of its first record that is not blank.
        first_line: number of its first line in the file.
    """

    data: bytes
    marks: Marks
    dialect: Dialect
    first_row: int
    first_line: int

    @cached_property
    def lines(self) -> tuple[Int64s, Int64s]:
        """Beginning and end of each line without its line end, blank lines too."""
        return _spans(self.data, self.marks.line_ends)

    @cached_property
    def records(self) -> tuple[Int64s, Int64s]:
        """Beginning and end of each record without its line end; blank lines are none."""
        starts, stops = _spans(self.data, self.marks.record_ends)
        kept = stops > starts
        if self.dialect.is_json:
            kept &= ~self._only_blanks(starts, stops)
        return (starts, stops) if kept.all() else (starts[kept], stops[kept])

    def record_at(self, positions: Int64s) -> Int64s:
        """The number, from 0, of the record that holds each position."""
        return np.searchsorted(self.records[0], positions, side="right") - 1

    def line_at(self, position: int) -> int:
        """The number in the file of the line that holds a position."""
        return self.first_line + int(np.searchsorted(self.marks.line_ends, position))

    def _only_blanks(self, starts: Int64s, stops: Int64s) -> Bools:
        blank = np.zeros(len(starts), dtype=np.bool_)
        first = as_array(self.data)[np.minimum(starts, len(self.data) - 1)]
        for number in np.flatnonzero(np.isin(first, list(BLANKS))):
            blank[number] = not self.data[starts[number] : stops[number]].strip(BLANKS)
        return blank


def _spans(data: bytes, ends: Int64s) -> tuple[Int64s, Int64s]:
    """Beginning and end of what stands between line ends, the last part too."""
    count = len(ends) + (not len(ends) or int(ends[-1]) + 1 < len(data))
    starts, stops = np.zeros(count, dtype=np.int64), np.full(count, len(data), dtype=np.int64)
    starts[1:] = ends[: count - 1] + 1
    stops[: len(ends)] = ends
    if len(ends) and data.find(CR) >= 0:
        feeds = as_array(data)[ends] == LF
        after_return = feeds & (bytes_before(data, ends) == CR) & (ends > starts[: len(ends)])
        stops[: len(ends)] -= after_return
    return starts, stops


class BlockReader:
    """Cuts a stream that begins at the beginning of a record into blocks of whole records."""

    def __init__(
        self,
        path: Path,
        stream: ByteStream,
        dialect: Dialect,
        *,
        first_row: int = 1,
        first_line: int = 1,
    ) -> None:
        """Read from a stream.

        Args:
            path: path of the file, for messages.
            stream: the bytes.
            dialect: how the records are written.
            first_row: number of the first record.
            first_line: number of the first line.
        """
        self._path = path
        self._stream = stream
        self._dialect = dialect
        self._waiting = b""
        self.next_row = first_row
        self.next_line = first_line
        self.consumed = 0

    def take(self, count: int) -> list[bytes]:
        """The first records as bytes with their line ends, blank lines too; they have no number.

        Fewer than ``count`` where the file ends before.

        Raises:
            SourceError: a record is longer than ``MOST_RECORD_BYTES``.
        """
        if not count:
            return []
        is_last = False
        while True:
            marks = find_marks(self._waiting, self._dialect, is_last=is_last)
            ends = marks.record_ends + 1
            if is_last and (not len(ends) or ends[-1] < len(self._waiting)):
                ends = np.r_[ends, np.int64(len(self._waiting))]
            if len(ends) >= count or is_last:
                break
            is_last = not self._read_more(HEAD_BYTES)
        ends = ends[:count]
        starts = np.r_[np.int64(0), ends[:-1]]
        taken = [self._waiting[a:b] for a, b in zip(starts, ends, strict=True) if b > a]
        stop = int(ends[-1]) if len(ends) else 0
        self._drop(stop, int(np.searchsorted(marks.line_ends, stop)))
        return taken

    def blocks(self) -> Iterator[Block]:
        """The rest of the stream.

        Raises:
            SourceError: a record is longer than ``MOST_RECORD_BYTES``.
        """
        is_last = False
        while not is_last:
            is_last = not self._read_more(BLOCK_BYTES)
            if not self._waiting:
                continue
            marks = find_marks(self._waiting, self._dialect, is_last=is_last)
            ends = marks.record_ends
            stop = len(self._waiting) if is_last else int(ends[-1]) + 1 if len(ends) else 0
            if stop:
                yield self._cut(marks, stop)

    def _cut(self, marks: Marks, stop: int) -> Block:
        data = self._waiting if stop == len(self._waiting) else self._waiting[:stop]
        count = int(np.searchsorted(marks.line_ends, stop))
        texts = int(np.searchsorted(marks.opens, stop))
        own = Marks(marks.line_ends[:count], marks.opens[:texts], marks.closes[:texts])
        block = Block(data, own, self._dialect, self.next_row, self.next_line)
        self._drop(stop, count)
        self.next_row += len(block.records[0])
        return block

    def _read_more(self, size: int) -> bool:
        chunk = self._stream.read(size)
        self._waiting = self._waiting + chunk if self._waiting else chunk
        if len(self._waiting) > MOST_RECORD_BYTES:
            raise SourceError(
                f"{self._path}: a record of more than {MOST_RECORD_BYTES >> 20} MiB begins in line "
                f"{self.next_line}: a quote is not closed, or this is no text of records"
            )
        return bool(chunk)

    def _drop(self, stop: int, line_count: int) -> None:
        self._waiting = self._waiting[stop:]
        self.next_line += line_count
        self.consumed += stop
