"""Too many records of a file that are no text: its pieces together tell."""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import groupby
from operator import add

import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.pieces import Piece
from gridcontainer.container.sources.text.broken import Broken, require_mostly_text


def counted(batches: Iterator[pa.RecordBatch], broken: Broken) -> Iterator[pa.RecordBatch]:
    """The batches; ``broken`` counts their records."""
    for batch in batches:
        broken.add(batch)
        yield batch


def require_readable(
    pieces: Sequence[Piece], broken: Sequence[Broken], declaration: Declaration
) -> None:
    """Refuse a file that was read in pieces if too many of its records are no text.

    A reader refuses a whole file itself.

    Args:
        pieces: all pieces of a source, in their order.
        broken: count of each piece.
        declaration: declaration of the dataset.

    Raises:
        SourceError: names the file and the first faults.
    """
    pairs = zip(pieces, broken, strict=True)
    for path, of_file in groupby(pairs, key=lambda pair: pair[0].path):
        parts = list(of_file)
        if not parts[0][0].is_whole:
            require_mostly_text(path, declaration.source, reduce(add, (one for _, one in parts)))
