"""A file as a frame, read as an ingest reads it: the same readers, the same names of columns."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.column_names import renamed_columns, stored_names
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.file_draft import declared_for, draft_for, has_no_features
from gridcontainer.container.judge.coordinates import PositionReader
from gridcontainer.container.sensitivity import CONFIDENTIAL, find_sensitivity
from gridcontainer.container.sources import OpenSource, open_source, read_piece, split
from gridcontainer.container.sources.records import FAULT, GEOMETRY, ROW

_PIECE_BYTES: Final = 64 << 20
_MOST_TOLD: Final = 5
_SHAPE, _LON, _LAT = "geometry", "lon", "lat"


@dataclass(frozen=True)
class FileFrame:
    """The records of a file.

    Attributes:
        frame: the file's columns as text under their stored names, and ``lon``, ``lat`` (degrees,
            WGS 84) or ``geometry`` (WKB, WGS 84); null where a record has no position.
        has_shapes: whether the position is ``geometry``.
        label: the column by which people call a record, if it is declared.
        hidden: columns that are declared confidential.
        notes: sentences for the user: by which declaration, renamed columns, unreadable records.
    """

    frame: DataFrame
    has_shapes: bool
    label: str | None
    hidden: tuple[str, ...]
    notes: tuple[str, ...]


def read_file(
    spark: SparkSession, path: Path, declarations: Mapping[str, Declaration]
) -> FileFrame:
    """Open a file by the declaration that it fits, else by what its bytes tell.

    A record that cannot be read stays a row, without values and position, and is told.

    Raises:
        SourceError: the file cannot be read.
        JoinError: nothing says where its records are.
    """
    if has_no_features(path):
        return FileFrame(spark.createDataFrame([], f"{_SHAPE} binary"), True, None, (), ())
    declared = declared_for(path, declarations.values())
    usable = declared is not None and declared.position is not None
    declaration = declared if declared is not None and usable else draft_for(path)
    source = open_source(path.resolve().parent, declaration)
    names = stored_names(list(source.columns))
    frame = _frame(spark, source, declaration, names)
    notes = _renamed(path, declaration, names)
    if usable:
        notes.insert(0, f"{path.name} is read as {declaration.dataset} is declared")
    notes.extend(_unreadable(path, frame))
    frame = frame.drop(FAULT, ROW)
    held = ColumnNames(tuple(frame.columns), renamed_columns(names))
    found = find_sensitivity(held, declaration)
    hidden = tuple(name for name in frame.columns if found[name] == CONFIDENTIAL)
    label = names.get(declaration.label) if declaration.label else None
    return FileFrame(frame, declaration.has_shape, label, hidden, tuple(notes))


def read_records(spark: SparkSession, path: Path) -> DataFrame:
    """The records of a file without positions: its columns as text, under their own names.

    A record that cannot be read stays a row, of nulls.

    Raises:
        SourceError: the file cannot be read.
    """
    declaration = draft_for(path, with_position=False)
    source = open_source(path.resolve().parent, declaration)
    names = {name: name for name in source.columns}
    return _frame(spark, source, declaration, names).drop(FAULT, ROW)


def _frame(
    spark: SparkSession, source: OpenSource, declaration: Declaration, names: Mapping[str, str]
) -> DataFrame:
    """The records by a task a piece, with ``_row`` and ``_fault``."""
    schema = _schema(names, declaration)
    pieces = split(source, declaration, target_bytes=_PIECE_BYTES)
    datum = declaration.datum or source.datum or "WGS84"
    reader = None
    if declaration.position is not None:
        reader = PositionReader(
            declaration.position, tuple(declaration.missing), datum, declaration.accept_ballpark
        )

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for rows in read_piece(pieces[number], source, declaration):
                    yield _to_rows(rows, schema, names, declaration, reader)

    numbers = spark.range(len(pieces), numPartitions=max(1, len(pieces)))
    return numbers.mapInArrow(read, from_arrow_schema(schema))


def _schema(names: Mapping[str, str], declaration: Declaration) -> pa.Schema:
    shape = declaration.position.geometry if declaration.position else None
    fields = [pa.field(stored, pa.string()) for own, stored in names.items() if own != shape]
    place = []
    if declaration.has_shape:
        place = [pa.field(_SHAPE, pa.binary())]
    elif declaration.position is not None:
        place = [pa.field(name, pa.float64()) for name in (_LON, _LAT)]
    return pa.schema([pa.field(ROW, pa.int64()), pa.field(FAULT, pa.string()), *fields, *place])


def _to_rows(
    batch: pa.RecordBatch,
    schema: pa.Schema,
    names: Mapping[str, str],
    declaration: Declaration,
    reader: PositionReader | None,
) -> pa.RecordBatch:
    own = {stored: name for name, stored in names.items()}
    columns = {name: batch.column(name) for name in (ROW, FAULT)}
    if declaration.has_shape:
        columns[_SHAPE] = batch.column(GEOMETRY)
    elif reader is not None:
        columns |= _degrees(batch, reader)
    arrays = [
        columns[field.name] if field.name in columns else batch.column(own[field.name])
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)],
        schema=schema,
    )


def _degrees(batch: pa.RecordBatch, reader: PositionReader) -> dict[str, pa.Array]:
    """Longitude and latitude in WGS 84; null where a record has no position."""
    found = reader.read(batch)
    known = np.isfinite(found.lon) & np.isfinite(found.lat) & ~np.asarray(found.is_missing)
    return {name: pa.array(v, mask=~known) for name, v in ((_LON, found.lon), (_LAT, found.lat))}


def _renamed(path: Path, declaration: Declaration, names: Mapping[str, str]) -> list[str]:
    shape = declaration.position.geometry if declaration.position else None
    changed = [f"{own} -> {new}" for own, new in names.items() if own not in (new, shape)]
    return [f"{path.name}: columns renamed: {', '.join(changed)}"] if changed else []


def _unreadable(path: Path, frame: DataFrame) -> list[str]:
    """How many records cannot be read, and why the first of them."""
    bad = frame.where(F.col(FAULT).isNotNull()).select(ROW, FAULT)
    first = bad.orderBy(ROW).limit(_MOST_TOLD + 1).collect()
    if not first:
        return []
    count = len(first) if len(first) <= _MOST_TOLD else bad.count()
    told = "; ".join(f"record {row[0]}: {row[1]}" for row in first[:_MOST_TOLD])
    return [f"{path.name}: {count:,} records cannot be read and have no position: {told}"]
