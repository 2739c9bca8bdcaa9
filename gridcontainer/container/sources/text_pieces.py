"""A delimited text or JSON lines as pieces: ranges of whole records."""

from collections.abc import Iterator
from dataclasses import replace

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.content_kind import read_head
from gridcontainer.container.sources.delimited import read_delimited_head
from gridcontainer.container.sources.pieces import Piece
from gridcontainer.container.sources.text.dialect import dialect_of, is_direct
from gridcontainer.container.sources.text.opened import is_packed, mark_length
from gridcontainer.container.sources.text.ranges import Range, chunk_bounds, combine, scan_chunk


def split_text(whole: Piece, source: Source, target_bytes: int) -> list[Piece]:
    """The pieces of a file: ranges of whole records, the first one with the header.

    One piece where the file is small or packed, where it cannot be cut in its own bytes
    (``is_direct``), or where quotes stand in the middle of fields.

    Args:
        whole: the file.
        source: how it is written.
        target_bytes: size that a piece should have.

    Raises:
        SourceError: the file cannot be read as declared.
    """
    if whole.size <= target_bytes or not is_direct(source) or is_packed(whole.path):
        return [whole]
    body, first_line = _body(whole, source)
    dialect = dialect_of(source)
    scans = (
        scan_chunk(whole.path, start, stop, dialect, body=body)
        for start, stop in chunk_bounds(body, whole.size, target_bytes)
    )
    ranges = combine(scans, first_line=first_line)
    if ranges is None or len(ranges) < 2:
        return [whole]
    return list(_pieces(whole, ranges))


def _body(whole: Piece, source: Source) -> tuple[int, int]:
    """The first byte below the header, and the number of its line."""
    mark = mark_length(read_head(whole.path), source.encoding)
    if source.format == "jsonlines":
        return mark, 1
    head = read_delimited_head(whole.path, source)
    return mark + head.body, head.first_line


def _pieces(whole: Piece, ranges: list[Range]) -> Iterator[Piece]:
    last = len(ranges) - 1
    for number, part in enumerate(ranges):
        start = part.start if number else 0
        yield replace(
            whole,
            size=part.stop - start,
            start=start,
            stop=None if number == last else part.stop,
            first_row=part.first_row,
            first_line=part.first_line if number else 1,
        )
