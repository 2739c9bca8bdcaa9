"""Readers of source files: pure Python and Arrow, no Spark, nothing judged and nothing lost."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.delimited import delimited_columns, read_delimited
from gridcontainer.container.sources.json_records import read_json, read_json_lines
from gridcontainer.container.sources.parquet import parquet_columns, read_parquet
from gridcontainer.container.sources.records import (
    GEOMETRY,
    RESERVED,
    RawRow,
    distinct,
    raw_schema,
    to_batches,
)
from gridcontainer.container.sources.shapes import add_geometry, read_geojson
from gridcontainer.container.sources.vector import read_vector
from gridcontainer.container.sources.workbook import read_excel
from gridcontainer.errors import SourceError

__all__ = ["find_files", "read_batches", "source_columns", "source_schema"]


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
    _require_declared(declaration, columns)
    return list(columns)


def _require_declared(declaration: Declaration, columns: Iterable[str]) -> None:
    position = declaration.position
    wanted = [*declaration.key, *declaration.sensitivity, declaration.label]
    wanted += [position.lon, position.lat, position.geometry] if position else []
    wanted += declaration.time.columns if declaration.time else []
    present = set(columns)
    if not present:
        raise SourceError(f"{declaration.dataset}: {declaration.source.path} holds no records")
    if reserved := sorted(present & RESERVED):
        raise SourceError(
            f"{declaration.dataset}: {', '.join(reserved)} in {declaration.source.path} is a name "
            "that the readers themselves use; rename the column in the source"
        )
    if missing := sorted({name for name in wanted if name is not None and name not in present}):
        hint = "separator" if declaration.source.format == "csv" else "records"
        raise SourceError(
            f"{declaration.dataset}: no column {', '.join(missing)} in {declaration.source.path}; "
            f"there are {', '.join(list(columns)[:20])}. Is source.{hint} right?"
        )


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

    Raises:
        SourceError: the file cannot be read as declared.
    """
    schema, source = raw_schema(columns), declaration.source
    if source.format == "csv":
        batches = read_delimited(path, source, schema, _file_columns(path, declaration), file)
    elif source.format == "parquet":
        batches = read_parquet(path, schema, file)
    else:
        batches = to_batches(_records(path, declaration), schema, file)
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
