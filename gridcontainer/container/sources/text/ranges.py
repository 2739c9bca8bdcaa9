"""Ranges of a text file's bytes that begin at records, found chunk by chunk.

A chunk does not know whether it begins in a quoted text, so it is scanned for both cases; where all
chunks before it are known, so is the case that holds. ``scan_chunk`` needs nothing but its own
bytes (and three beside them), so chunks may be scanned in any order, by any process.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from gridcontainer.container.sources.text.dialect import BLANKS, Dialect
from gridcontainer.container.sources.text.marks import (
    CR,
    LF,
    as_array,
    bytes_before,
    find_line_ends,
    find_positions,
    may_open,
)
from gridcontainer.grid.arrays import Bools, Int64s

_PART_BYTES = 8 << 20  # of a chunk are in memory at a time
_JSON_CONTEXT: Final = 1 << 16  # a line of more blanks than that is taken for a blank one


@dataclass
class Count:
    """Records of a chunk, if it begins outside of quotes or within them.

    Attributes:
        first: the first byte after the first record end in the chunk; None without one.
        lines_to_first: line ends before ``first``.
        records_to_first: records that end before ``first``.
        records: records that end in the chunk.
        misplaced: quotes that open a text in the middle of a field: the case does not hold, or
            the file cannot be split.
    """

    first: int | None = None
    lines_to_first: int = 0
    records_to_first: int = 0
    records: int = 0
    misplaced: int = 0


@dataclass
class ChunkScan:
    """What ``scan_chunk`` finds in a range of bytes.

    Attributes:
        start: first byte.
        stop: end, exclusive.
        quotes: number of quotes.
        lines: number of line ends.
        outside: counts if the chunk begins outside of a quoted text.
        inside: counts if it begins within one.
    """

    start: int
    stop: int
    quotes: int
    lines: int
    outside: Count
    inside: Count


@dataclass(frozen=True)
class Range:
    """A range of whole records.

    Attributes:
        start: first byte.
        stop: end, exclusive.
        first_row: number of its first record, from 1.
        first_line: number of its first line, from 1.
    """

    start: int
    stop: int
    first_row: int
    first_line: int


def scan_chunk(path: Path, start: int, stop: int, dialect: Dialect, *, body: int) -> ChunkScan:
    """Count quotes, line ends and records of a range of bytes; pure, in bounded memory.

    Args:
        path: path of the file.
        start: first byte.
        stop: end, exclusive.
        dialect: how the records are written.
        body: first byte below the header: what comes before it is no record.
    """
    scan = ChunkScan(start, stop, 0, 0, Count(), Count())
    context = _JSON_CONTEXT if dialect.is_json else 2  # a CR and what stands before it
    with path.open("rb") as stream:
        for at in range(start, stop, _PART_BYTES):
            origin, upto = max(body, at - context), min(stop, at + _PART_BYTES)
            stream.seek(origin)
            data = stream.read(upto - origin + 1)
            _scan_part(scan, data, at, upto, origin, dialect)
    return scan


def combine(scans: Iterable[ChunkScan], *, first_line: int) -> list[Range] | None:
    """The ranges of whole records, one for each chunk in which a record begins.

    Args:
        scans: of chunks that follow each other from the first byte below the header to the
            file's end.
        first_line: number of the first line below the header.

    Returns:
        None where quotes stand in the middle of fields: such a file cannot be split.
    """
    starts: list[tuple[int, int, int]] = []
    row, line, inside, stop = 1, first_line, False, 0
    for number, scan in enumerate(scans):
        count = scan.inside if inside else scan.outside
        if count.misplaced:
            return None
        if number == 0:
            starts.append((scan.start, 1, first_line))
        elif count.first is not None:
            starts.append((count.first, row + count.records_to_first, line + count.lines_to_first))
        row, line, stop = row + count.records, line + scan.lines, scan.stop
        inside ^= bool(scan.quotes % 2)
    unique = [at for at in starts if at[0] < stop]
    bounds = [*unique, (stop, 0, 0)]
    return [Range(a[0], b[0], a[1], a[2]) for a, b in pairwise(bounds)]


def chunk_bounds(body: int, size: int, target: int) -> Iterator[tuple[int, int]]:
    """Chunks of about the target size, from the first byte below the header to the file's end."""
    count = max(1, round((size - body) / max(1, target)))
    edges = [body + (size - body) * n // count for n in range(count + 1)]
    return ((a, b) for a, b in pairwise(edges) if b > a)


def _scan_part(
    scan: ChunkScan, data: bytes, start: int, stop: int, origin: int, dialect: Dialect
) -> None:
    """Add a part of a chunk to its scan; ``data`` begins at ``origin`` and ends a byte behind."""
    own, end = start - origin, stop - origin
    following = data[end] if len(data) > end else None
    data = data[:end]
    ends = find_line_ends(data, dialect, following=following)
    ends = ends[ends >= own]
    quotes = find_positions(data, dialect.quote) if dialect.quote is not None else ends[:0]
    quotes = quotes[quotes >= own]
    blank = _is_blank(data, ends, dialect)
    opened = np.searchsorted(quotes, ends) % 2 == 1 if len(quotes) else np.zeros(len(ends), bool)
    can_open = may_open(bytes_before(data, quotes), dialect, escaped=True)
    swapped = scan.quotes % 2 == 1
    for count, within in ((scan.outside, swapped), (scan.inside, not swapped)):
        at_record = opened if within else ~opened
        _add(count, ends, at_record, blank, scan.lines, origin)
        count.misplaced += int((~can_open[int(within) :: 2]).sum())
    scan.quotes += len(quotes)
    scan.lines += len(ends)


def _add(
    count: Count, ends: Int64s, at_record: Bools, blank: Bools, lines: int, origin: int
) -> None:
    if count.first is None and at_record.any():
        number = int(at_record.argmax())
        count.first = origin + int(ends[number]) + 1
        count.lines_to_first = lines + number + 1
        count.records_to_first = int(not blank[number])
    count.records += int((at_record & ~blank).sum())


def _is_blank(data: bytes, ends: Int64s, dialect: Dialect) -> Bools:
    """Whether nothing stands before each line end since the one before it, or the beginning."""
    before = bytes_before(data, ends)
    of_return = (as_array(data)[ends] == LF) & (before == CR) & (ends > 0)
    if of_return.any():
        before = bytes_before(data, ends - of_return)
    blank: Bools = before == LF
    if not dialect.is_json:
        blank |= before == CR
        return blank
    for number in np.flatnonzero(np.isin(before, list(BLANKS)) & ~blank):
        line = data[data.rfind(b"\n", 0, ends[number]) + 1 : ends[number]]
        blank[number] = not line.strip(BLANKS)
    return blank
