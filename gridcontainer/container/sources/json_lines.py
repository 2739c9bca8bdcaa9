"""JSON lines: one record a line, read in blocks, split in ranges."""

import json
from collections.abc import Iterator
from pathlib import Path

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.json_records import flatten
from gridcontainer.container.sources.json_text import parse_json
from gridcontainer.container.sources.pieces import Piece, whole_piece
from gridcontainer.container.sources.records import RawRow
from gridcontainer.container.sources.text.blocks import Block, BlockReader
from gridcontainer.container.sources.text.broken import Broken, require_mostly_text
from gridcontainer.container.sources.text.decode import Codec, find_broken
from gridcontainer.container.sources.text.dialect import dialect_of, is_direct
from gridcontainer.container.sources.text.opened import open_text


def read_json_lines(path: Path, source: Source) -> Iterator[RawRow]:
    """The records of a whole file; see ``read_json_lines_of``."""
    return read_json_lines_of(whole_piece(path, path.name), source)


def read_json_lines_of(piece: Piece, source: Source) -> Iterator[RawRow]:
    """The records of a piece, one a line; a line that is no object is a fault.

    Blank lines do not count.

    Args:
        piece: a file, or a range of its bytes that ``split_text`` gave.
        source: how the file is written.

    Raises:
        SourceError: the file cannot be read as declared. A whole file is refused, after its last
            record, where too many are broken (``require_mostly_text``).
    """
    codec = Codec(source.encoding, not is_direct(source))
    counted = Broken()
    with open_text(piece.path, source, start=piece.start, stop=piece.stop) as stream:
        reader = BlockReader(
            piece.path,
            stream,
            dialect_of(source),
            first_row=piece.first_row,
            first_line=piece.first_line,
        )
        for block in reader.blocks():
            reasons = find_broken(block, codec, codec.to_utf8(block.data))
            counted.count(len(block.records[0]), reasons.values())
            yield from _rows(block, codec, reasons)
    if piece.is_whole:
        require_mostly_text(piece.path, source, counted)


def _rows(block: Block, codec: Codec, reasons: dict[int, str]) -> Iterator[RawRow]:
    starts, stops = (edges.tolist() for edges in block.records)
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        text = codec.show(block.data[start:stop])
        row = block.first_row + number
        if number in reasons:
            yield RawRow(row, {}, reasons[number], text)
        else:
            yield _read_line(text, row)


def _read_line(line: str, number: int) -> RawRow:
    try:
        record = parse_json(line)
    except json.JSONDecodeError as error:
        return RawRow(number, {}, f"not JSON: {error.msg}", line)
    except RecursionError:
        return RawRow(number, {}, "not JSON: nested too deeply", line)
    if isinstance(record, dict):
        return RawRow(number, flatten(record))
    return RawRow(number, {}, "not an object", line)
