"""A source's files, and the pieces of them that one task reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from gridcontainer.container.sources.parsed_files import ParsedFiles
    from gridcontainer.container.sources.vector import Layer


@dataclass(frozen=True)
class Piece:
    """A part of one file that is read in one go; it can be sent to another process.

    Attributes:
        path: path of the file.
        file: name that ``_file`` gives, relative to the root of the sources.
        size: bytes of the piece, to balance tasks by.
        start: first byte of a text file's range, row group of a Parquet file, feature of a vector
            file, or batch of a parsed file.
        stop: end of the range, exclusive; None for the end of the file.
        first_row: number that ``_row`` gives the first record of the piece.
        first_line: number of the piece's first line in a text file.
    """

    path: Path
    file: str
    size: int
    start: int = 0
    stop: int | None = None
    first_row: int = 1
    first_line: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether the piece is a whole file."""
        return self.start == 0 and self.stop is None


@dataclass(frozen=True)
class OpenSource:
    """A source whose files were found and whose columns are known; no record is read yet.

    Attributes:
        root: folder below which the files lie.
        files: paths of the files, in order of name.
        columns: names of the source's own columns, in the order in which the files have them.
        schema: Arrow schema of the batches: the readers' columns, then ``columns``, then
            ``_geometry`` where the position is a shape.
        datum: datum or CRS that holds: the declaration's, else the files' own; None where neither
            says one.
        notes: sentences that a person should read, such as a CRS that contradicts the declaration.
        default_datum: datum of shapes where ``datum`` is None, the city's.
        extent: the city's extent, for which PROJ is asked: west, south, east, north, degrees.
        parsed: rows of JSON, GeoJSON and Excel files, which were parsed to find their columns.
        layers: what vector files say of the layer that is read, by path.
    """

    root: Path
    files: tuple[Path, ...]
    columns: tuple[str, ...]
    schema: pa.Schema
    datum: str | None = None
    notes: tuple[str, ...] = ()
    default_datum: str = "WGS84"
    extent: tuple[float, float, float, float] | None = None
    parsed: "ParsedFiles | None" = field(default=None, repr=False)
    layers: dict[Path, "Layer"] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.files)


def whole_files(root: Path, files: Iterable[Path]) -> list[Piece]:
    """One piece a file."""
    return [whole_piece(path, path.relative_to(root).as_posix()) for path in files]


def whole_piece(path: Path, file: str) -> Piece:
    """A whole file as one piece.

    Args:
        path: path of the file.
        file: what ``_file`` should say.
    """
    return Piece(path, file, path.stat().st_size)
