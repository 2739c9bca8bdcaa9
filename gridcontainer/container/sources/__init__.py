"""Readers of source files: pure Python and Arrow, no Spark, nothing judged and nothing lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.delimited import read_delimited, read_delimited_head
from gridcontainer.container.sources.delimited.head import note_repeated
from gridcontainer.container.sources.find import find_files
from gridcontainer.container.sources.formats import (
    OPENED_FORMATS,
    FoundFiles,
    open_format,
    read_format,
    read_whole,
    split_format,
)
from gridcontainer.container.sources.json_lines import read_json_lines, read_json_lines_of
from gridcontainer.container.sources.pieces import OpenSource, Piece, whole_files
from gridcontainer.container.sources.readable import counted, require_readable
from gridcontainer.container.sources.records import (
    GEOMETRY,
    raw_schema,
    say_missing,
    to_batches,
)
from gridcontainer.container.sources.required import require_declared
from gridcontainer.container.sources.shapes import add_geometry
from gridcontainer.container.sources.snapshot import require_stable
from gridcontainer.container.sources.source_datum import find_source_datum
from gridcontainer.container.sources.text.broken import Broken
from gridcontainer.container.sources.text_pieces import split_text
from gridcontainer.grid.crs_transform import Extent

__all__ = [
    "Broken",
    "OpenSource",
    "Piece",
    "add_geometry",
    "counted",
    "find_files",
    "open_source",
    "read_batches",
    "read_piece",
    "require_declared",
    "require_readable",
    "source_columns",
    "source_schema",
    "split",
]


def open_source(
    root: Path,
    declaration: Declaration,
    *,
    extent: Extent | None = None,
    default_datum: str = "WGS84",
    may_be_empty: bool = False,
) -> OpenSource:
    """Find a dataset's files, their columns and their datum.

    JSON, GeoJSON and Excel files are parsed here, once; of Parquet and vector files only what they
    say of themselves is read.

    Args:
        root: folder below which the files lie.
        declaration: declaration of the dataset.
        extent: the city's extent, for which transformations to WGS 84 are chosen.
        default_datum: datum where neither the declaration nor the files say one, the city's.
        may_be_empty: files that name no columns because they have no records are taken to have the
            declared ones.

    Raises:
        NoRecordsError: the files name no columns, because they have no records.
        SourceError: there is no such file, it is not written as declared, a declared column is
            missing, or the way from its datum to WGS 84 is only a guess.
    """
    files = find_files(root, declaration)
    if declaration.source.format in OPENED_FORMATS:
        found = open_format(files, root, declaration)
    else:
        found = _find_lines(files, declaration)
    if may_be_empty and not found.columns:
        declared = {*declaration.needed_columns, *declaration.described_columns}
        found = replace(found, columns=sorted(declared))
    require_declared(declaration, found.columns)
    declaration = declaration.over_source(stored_names(found.columns))
    datum, notes = find_source_datum(
        found.crs, declaration, default_datum=default_datum, extent=extent
    )
    return OpenSource(
        root=root,
        files=tuple(files),
        columns=tuple(found.columns),
        schema=source_schema(found.columns, declaration, found.types),
        datum=datum,
        notes=(*notes, *note_repeated(declaration.dataset, found.repeated)),
        default_datum=default_datum,
        extent=extent,
        parsed=found.parsed,
        layers=found.layers,
    )


def split(source: OpenSource, declaration: Declaration, *, target_bytes: int) -> list[Piece]:
    """The pieces of a source's files, in order of file and row.

    Args:
        source: the open source.
        declaration: declaration of the dataset.
        target_bytes: size that a piece should have. A file that cannot be cut is one piece.
    """
    if declaration.source.format in OPENED_FORMATS:
        return split_format(source, declaration, target_bytes)
    return [
        piece
        for whole in whole_files(source.root, source.files)
        for piece in split_text(whole, declaration.source, target_bytes)
    ]


def read_piece(
    piece: Piece, source: OpenSource, declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """The records of a piece, in their order, as batches of ``source.schema``.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    if declaration.source.format in OPENED_FORMATS:
        batches = read_format(piece, source, declaration)
    else:
        batches = _read_lines(piece, list(source.columns), declaration)
    position = declaration.position
    if position is None or position.geometry is None:
        return batches
    return (
        add_geometry(
            batch,
            position,
            source.datum or source.default_datum,
            is_declared=declaration.datum is not None,
            accept_ballpark=declaration.accept_ballpark,
            extent=source.extent,
        )
        for batch in batches
    )


def source_columns(files: Iterable[Path], declaration: Declaration) -> list[str]:
    """The source's own columns: of all files, in the order in which they are met.

    Raises:
        SourceError: a file cannot be read, or a declared column is in none of them.
    """
    if declaration.source.format in OPENED_FORMATS:
        named = (open_format([path], path.parent, declaration).columns for path in files)
        columns = _distinct(named)
    else:
        columns = _find_lines(files, declaration).columns
    require_declared(declaration, columns)
    return columns


def _find_lines(files: Iterable[Path], declaration: Declaration) -> FoundFiles:
    """The columns of files of lines; each header is read once."""
    source = declaration.source
    if source.format == "csv":
        heads = [read_delimited_head(path, source) for path in files]
        repeated = _distinct(head.repeated for head in heads)
        return FoundFiles(_distinct(head.columns for head in heads), repeated=tuple(repeated))
    rows = (row.values for path in files for row in read_json_lines(path, source))
    return FoundFiles(_distinct(rows))


def _distinct(named: Iterable[Iterable[str]]) -> list[str]:
    """Names of several files or rows, each once, in the order in which they are met."""
    return list(dict.fromkeys(name for names in named for name in names))


def source_schema(
    columns: list[str],
    declaration: Declaration,
    types: Mapping[str, pa.DataType] | None = None,
) -> pa.Schema:
    """The Arrow schema of the dataset's batches; columns of no type are text."""
    schema = raw_schema(columns, types)
    if not declaration.has_shape:
        return schema
    return schema.append(pa.field(GEOMETRY, pa.binary()))


def read_batches(
    path: Path, file: str, columns: list[str], declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """One file's rows as batches of ``source_schema``, every column as text.

    Args:
        path: path of the file.
        file: what ``_file`` should say.
        columns: columns of all the dataset's files.
        declaration: declaration of the dataset.

    Rows of a file without a column that rows need (the files of a dataset may differ) have a
    ``_fault`` that names it.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    if declaration.source.format in OPENED_FORMATS:
        batches = read_whole(path, file, columns, declaration)
    else:
        batches = _read_lines(Piece(path, file, 0), columns, declaration)
    if declaration.position is None or declaration.position.geometry is None:
        return batches
    return (
        add_geometry(
            batch,
            declaration.position,
            declaration.datum or "WGS84",
            accept_ballpark=declaration.accept_ballpark,
        )
        for batch in batches
    )


def _read_lines(
    piece: Piece, columns: list[str], declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """The raw rows of a piece of a text file, without their shapes."""
    schema, source = raw_schema(columns), declaration.source
    if source.format == "csv":
        own = read_delimited_head(piece.path, source).columns
        rows = read_delimited(piece, source, schema)
        batches = say_missing(rows, declaration.needed_columns, own)
    else:
        batches = to_batches(read_json_lines_of(piece, source), schema, piece.file)
    return require_stable(piece.path, batches)
