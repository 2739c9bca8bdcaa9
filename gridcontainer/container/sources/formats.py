"""Files of all formats but lines of text: what they say of themselves, their pieces, their rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyarrow as pa

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.parquet import (
    common_types,
    open_parquet,
    read_parquet,
    split_parquet,
)
from gridcontainer.container.sources.parsed_files import (
    PARSED_FORMATS,
    ParsedFiles,
    parse_files,
    read_parsed,
    split_parsed,
)
from gridcontainer.container.sources.pieces import OpenSource, Piece, whole_files
from gridcontainer.container.sources.records import GEOMETRY, raw_schema, say_missing
from gridcontainer.container.sources.snapshot import require_stable
from gridcontainer.container.sources.vector import Layer, open_layer, read_vector

OPENED_FORMATS: Final = PARSED_FORMATS | {"parquet", "vector"}


@dataclass(frozen=True)
class FoundFiles:
    """What files say of themselves.

    Attributes:
        columns: names of the columns of all files, in the order in which they are met.
        types: type of each column, where they are not all text.
        crs: CRS that each file says, or None.
        parsed: the rows of files that had to be parsed.
        layers: the layer of each vector file.
        repeated: names that a header has more than once.
    """

    columns: list[str]
    types: dict[str, pa.DataType] | None = None
    crs: dict[Path, str | None] = field(default_factory=dict)
    parsed: ParsedFiles | None = None
    layers: dict[Path, Layer] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()


def open_format(files: Sequence[Path], root: Path, declaration: Declaration) -> FoundFiles:
    """The columns and the CRS of files of ``OPENED_FORMATS``.

    Raises:
        SourceError: a file cannot be read as declared.
    """
    source = declaration.source
    if source.format == "parquet":
        footers = {path: open_parquet(path) for path in files}
        columns = dict.fromkeys(name for footer in footers.values() for name in footer.columns)
        declaration = declaration.over_source(stored_names(list(columns)))
        types = common_types(list(footers.values()), declaration)
        crs = {path: footer.crs_of(declaration) for path, footer in footers.items()}
        return FoundFiles(list(columns), types, crs)
    if source.format == "vector":
        layers = {path: open_layer(path, source) for path in files}
        columns = dict.fromkeys(name for layer in layers.values() for name in layer.columns)
        crs = {path: layer.crs for path, layer in layers.items()}
        return FoundFiles(list(columns), None, crs, layers=layers)
    parsed = parse_files({path: path.relative_to(root).as_posix() for path in files}, source)
    crs = {path: facts.crs for path, facts in parsed.facts.items()}
    return FoundFiles(list(parsed.columns), None, crs, parsed)


def split_format(source: OpenSource, declaration: Declaration, target_bytes: int) -> list[Piece]:
    """The pieces of the files, in order of file and row."""
    if declaration.source.format == "parquet":
        return split_parquet(source.root, source.files, target_bytes)
    if source.parsed is not None:
        return split_parsed(source.root, source.files, source.parsed, target_bytes)
    return [
        piece
        for whole in whole_files(source.root, source.files)
        for piece in _split_layer(whole, source.layers[whole.path], target_bytes)
    ]


def read_format(
    piece: Piece, source: OpenSource, declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """The raw rows of a piece, as batches of the source's schema but for the shape.

    Rows of a file without a column that rows need have a ``_fault`` that names it.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    schema = without_shape(source.schema)
    if declaration.source.format == "parquet":
        present: Sequence[str] = open_parquet(piece.path).columns
        rows = read_parquet(
            piece.path, schema, piece.file,
            start=piece.start, stop=piece.stop, first_row=piece.first_row,
        )  # fmt: skip
    elif source.parsed is not None:
        present = source.columns  # records need not have all columns
        rows = read_parsed(piece, source.parsed, declaration.source)
    else:
        layer = source.layers.get(piece.path) or open_layer(piece.path, declaration.source)
        present = layer.columns
        rows = read_vector(
            piece.path, declaration.source, layer, piece.file, piece.start, piece.stop
        )
    told = say_missing(rows, declaration.needed_columns, present)
    return require_stable(piece.path, (conform(batch, schema) for batch in told))


def read_whole(
    path: Path, file: str, columns: Sequence[str], declaration: Declaration
) -> Iterator[pa.RecordBatch]:
    """The raw rows of one file by itself, every column as text, without shapes.

    Raises:
        SourceError: the file cannot be read as declared, or changed while it was read.
    """
    is_parsed = declaration.source.format in PARSED_FORMATS
    source = OpenSource(
        root=path.parent,
        files=(path,),
        columns=tuple(columns),
        schema=raw_schema(columns),
        parsed=parse_files({path: file}, declaration.source) if is_parsed else None,
    )
    return read_format(Piece(path, file, path.stat().st_size), source, declaration)


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns of the schema, in its order; what it lacks is null."""
    if batch.schema.equals(schema):
        return batch
    given = dict(zip(batch.schema.names, batch.columns, strict=True))
    arrays = [
        given[f.name].cast(f.type) if f.name in given else pa.nulls(len(batch), f.type)
        for f in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def without_shape(schema: pa.Schema) -> pa.Schema:
    """The schema of the batches before their shapes are read."""
    return pa.schema([field for field in schema if field.name != GEOMETRY])


def _split_layer(whole: Piece, layer: Layer, target_bytes: int) -> list[Piece]:
    parts = min(-(-whole.size // target_bytes), layer.features) if layer.can_skip else 1
    if parts < 2:
        return [whole]
    edges = [number * layer.features // parts for number in range(parts + 1)]
    pieces = [
        replace(whole, size=whole.size // parts, start=start, stop=stop, first_row=start + 1)
        for start, stop in pairwise(edges)
    ]
    return [*pieces[:-1], replace(pieces[-1], stop=None)]  # what GDAL counted too few is read too
