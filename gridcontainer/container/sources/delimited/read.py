"""Records of a delimited text as batches of raw rows, in order, in bounded memory."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.delimited.head import (
    DelimitedHead,
    codec_of,
    read_delimited_head,
)
from gridcontainer.container.sources.delimited.parse import Parser
from gridcontainer.container.sources.delimited.swallowed import (
    NeverClosed,
    find_never_closed,
    find_swallowed,
)
from gridcontainer.container.sources.pieces import Piece
from gridcontainer.container.sources.raw_batches import RawBatches, in_order
from gridcontainer.container.sources.text.blocks import Block, BlockReader
from gridcontainer.container.sources.text.broken import Broken, refused_text, require_mostly_text
from gridcontainer.container.sources.text.decode import find_broken
from gridcontainer.container.sources.text.dialect import dialect_of
from gridcontainer.container.sources.text.opened import open_text
from gridcontainer.errors import SourceError


def read_delimited(piece: Piece, source: Source, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches of a piece's records in their order; those that cannot be read are faults.

    Args:
        piece: a file, or a range of its bytes that ``split_text`` gave.
        source: how the file is written.
        schema: of the batches; columns that the file lacks are null.

    Raises:
        SourceError: the file cannot be read as declared. A whole file is refused, after its last
            batch, where too many records are broken (``require_mostly_text``).
    """
    head = read_delimited_head(piece.path, source)
    blocks = _Blocks(piece, source, schema, head)
    counted = Broken()
    with open_text(piece.path, source, start=piece.start, stop=piece.stop) as stream:
        reader = BlockReader(
            piece.path,
            stream,
            dialect_of(source),
            first_row=piece.first_row,
            first_line=piece.first_line,
        )
        if piece.start == 0:
            reader.take(source.skip_rows + int(source.header))
        for block in reader.blocks():
            batch = blocks.read(block)
            if batch is not None:
                counted.add(batch)
                yield batch
    if piece.is_whole:
        require_mostly_text(piece.path, source, counted)


class _Blocks:
    """Reads blocks of one piece."""

    def __init__(
        self, piece: Piece, source: Source, schema: pa.Schema, head: DelimitedHead
    ) -> None:
        self._piece, self._source, self._head = piece, source, head
        self._codec = codec_of(source)
        self._parser = Parser(head, source)
        self._batches = RawBatches(schema, piece.file)

    def read(self, block: Block) -> pa.RecordBatch | None:
        """The block's records, in order; None where it has none."""
        starts, stops = block.records
        count = len(starts)
        if not count:
            return None
        utf8 = self._codec.to_utf8(block.data)
        faults = self._faults(block, utf8)
        numbers = np.arange(count)
        if faults:
            numbers = np.delete(numbers, list(faults))
            left = b"\n".join(block.data[starts[n] : stops[n]] for n in numbers.tolist())
            utf8 = self._codec.to_utf8(left)
        if utf8 is None:
            raise AssertionError(f"{self._piece.path}: broken text was not found")
        multiline = len(block.marks.record_ends) < len(block.marks.line_ends)
        quoted = len(block.marks.opens) > 0
        parts, others = self._parser.parse(utf8, quoted=quoted, multiline=multiline)
        faults |= {int(numbers[n]): reason for n, reason in others.items()}
        found = sum(len(part.numbers) for part in parts) + len(faults)
        if found != count:
            self._disagree(block, count, found)
        batches = [
            self._batches.of_table(part.table, numbers[part.numbers] + block.first_row)
            for part in parts
        ]
        if faults:
            batches.append(self._batches.of_faults(self._with_texts(block, faults)))
        return in_order(batches)

    def _faults(self, block: Block, utf8: bytes | None) -> dict[int, str]:
        """Records that are not parsed, each with its reason."""
        head = self._head
        faults = find_swallowed(block, len(head.columns), head.numeric)
        unclosed = find_never_closed(block)
        if unclosed is not None:
            self._require_little(block, unclosed)
            faults[unclosed.record] = unclosed.reason
        return faults | find_broken(block, self._codec, utf8)

    def _require_little(self, block: Block, unclosed: NeverClosed) -> None:
        """Refuse a file of which a quote that is never closed takes too large a part."""
        others = block.first_row - 1 + len(block.records[0])
        if unclosed.lines > self._source.most_broken * (others + unclosed.lines):
            said = f"a quote is not closed, and the text after it never ends: {unclosed.reason}"
            raise refused_text(self._piece.path, self._source, [said])

    def _with_texts(self, block: Block, faults: dict[int, str]) -> dict[int, tuple[str, str]]:
        starts, stops = block.records
        return {
            block.first_row + number: (
                faults[number],
                self._codec.show(block.data[starts[number] : stops[number]]),
            )
            for number in sorted(faults)
        }

    def _disagree(self, block: Block, count: int, found: int) -> None:
        raise SourceError(
            f"{self._piece.path}: {count} records were counted from line {block.first_line} on, "
            f"but {found} were read; report this as a bug, with the file"
        )
