"""Readers of source files: pure Python and Arrow, no Spark, nothing judged and nothing lost."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.delimited import delimited_columns, read_delimited
from gridcontainer.container.sources.json_records import read_json, read_json_lines
from gridcontainer.container.sources.parquet import parquet_columns, read_parquet
from gridcontainer.container.sources.pieces import OpenSource, Piece, whole_files
from gridcontainer.container.sources.records import (
    GEOMETRY,
    RESERVED,
    RawRow,
    distinct,
    one_line,
    raw_schema,
    say_missing,
    to_batches,
)
from gridcontainer.container.sources.shapes import add_geometry, read_geojson
from gridcontainer.container.sources.snapshot import require_stable
from gridcontainer.container.sources.vector import read_vector
from gridcontainer.container.sources.workbook import read_excel
from gridcontainer.errors import SourceError

__all__ = [
    "OpenSource",
    "Piece",
    "add_geometry",
    "find_files",
    "open_source",
    "read_batches",
    "read_piece",
    "require_declared",
    "source_columns",
    "source_schema",
    "split",
]


def open_source(root: Path, declaration: Declaration) -> OpenSource:
    """Find a dataset's files and their columns.

    Raises:
        SourceError: there is no such file, it is not written as declared, or a declared column is
            missing.
    """
    files = find_files(root, declaration)
    columns = source_columns(files, declaration)
    schema = source_schema(columns, declaration)
    return OpenSource(root, tuple(files), tuple(columns), schema, declaration.datum)


def split(source: OpenSource, declaration: Declaration, *, target_bytes: int) -> list[Piece]:
    """The pieces of a source's files, in order of file and row.

    Args:
        source: the open source.
        declaration: declaration of the dataset.
        target_bytes: size that a piece should have. A file that cannot be cut is one piece.
    """
    return whole_files(source.root, source.files)


def read_piece(
    piece: Piece, source: OpenSource, declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """The records of a piece, in their order, as batches of ``source.schema``.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    return read_batches(piece.path, piece.file, list(source.columns), declaration)


def find_files(root: Path, declaration: Declaration) -> list[Path]:
    """The files of a data set, in order of name.

    Raises:
        SourceError: there is none; says what lies in that folder instead.
    """
    pattern = declaration.source.path
    files = sorted(path for path in root.glob(pattern) if path.is_file())
    if files:
        return files
    folder = (root / pattern).parent
    beside = sorted(path.name for path in folder.iterdir())[:8] if folder.is_dir() else []
    hint = f"; {folder} holds {', '.join(beside)}" if beside else f"; there is no folder {folder}"
    raise SourceError(f"{declaration.dataset}: no file {root / pattern}{hint}")


def source_columns(files: Iterable[Path], declaration: Declaration) -> list[str]:
    """The source's own columns: of all files, in the order in which they are met.

    Raises:
        SourceError: a file cannot be read, or a declared column is in none of them.
    """
    columns: dict[str, None] = {}
    for path in files:
        columns |= dict.fromkeys(_file_columns(path, declaration))
    require_declared(declaration, columns)
    return list(columns)


def require_declared(declaration: Declaration, columns: Iterable[str]) -> None:
    """Every column that the declaration names is there, and none has a name of the readers' own.

    Raises:
        SourceError: names what is missing, what there is, and what may be declared wrongly.
        DeclarationError: a condition or an expression reads a column that is not there.
    """
    present = dict.fromkeys(columns)
    where = f"{declaration.dataset}: "
    if not present:
        raise SourceError(f"{where}{declaration.source.name} holds no records")
    if reserved := sorted(present.keys() & RESERVED):
        raise SourceError(
            f"{where}{', '.join(reserved)} in {declaration.source.name} is a name "
            "that the readers themselves use; rename the column in the source"
        )
    wanted = {*declaration.needed_columns, *declaration.described_columns}
    if missing := sorted(wanted - present.keys()):
        hints = {"csv": "source.separator", "jdbc": "source.database"}
        hint = hints.get(declaration.source.format, "source.records")
        raise SourceError(
            f"{where}no column {', '.join(missing)} in {declaration.source.name}; "
            f"there are {one_line(', '.join(list(present)[:20]))}. Is {hint} right?"
        )
    declaration.require_columns(present)


def _file_columns(path: Path, declaration: Declaration) -> list[str]:
    if declaration.source.format == "csv":
        return distinct(delimited_columns(path, declaration.source))
    if declaration.source.format == "parquet":
        return parquet_columns(path)
    return list(dict.fromkeys(name for row in _records(path, declaration) for name in row.values))


def source_schema(columns: list[str], declaration: Declaration) -> pa.Schema:
    """The Arrow schema of the data set's batches."""
    schema = raw_schema(columns)
    if not declaration.has_shape:
        return schema
    return schema.append(pa.field(GEOMETRY, pa.binary()))


def read_batches(
    path: Path, file: str, columns: list[str], declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """One file's rows as batches of ``source_schema``.

    Args:
        path: of the file.
        file: what ``_file`` should say.
        columns: of all the data set's files.
        declaration: of the data set.

    Rows of a delimited or Parquet file without a column that rows need (the files of a data set
    may differ) have a ``_fault`` that names it.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    schema, source = raw_schema(columns), declaration.source
    if source.format == "csv":
        own = _file_columns(path, declaration)
        batches = say_missing(
            read_delimited(path, source, schema, own, file), declaration.needed_columns, own
        )
    elif source.format == "parquet":
        batches = say_missing(
            read_parquet(path, schema, file), declaration.needed_columns, parquet_columns(path)
        )
    else:
        batches = to_batches(_records(path, declaration), schema, file)
    batches = require_stable(path, batches)
    if declaration.position is None or declaration.position.geometry is None:
        return batches
    datum = declaration.datum or "WGS84"
    return (add_geometry(batch, declaration.position, datum) for batch in batches)


def _records(path: Path, declaration: Declaration) -> Iterator[RawRow]:
    readers = {
        "json": read_json,
        "jsonlines": read_json_lines,
        "geojson": read_geojson,
        "excel": read_excel,
        "vector": read_vector,
    }
    return readers[declaration.source.format](path, declaration.source)
