"""A data set's rows as a file for others: GeoParquet, GeoJSON or CSV, in bounded memory."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.export.files import RowFile, open_csv, open_geojson
from gridcontainer.container.export.geoparquet import open_geoparquet
from gridcontainer.container.query.confidential import hidden_columns
from gridcontainer.container.query.explain import asked_tables, is_answerable
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.query.question import Question
from gridcontainer.container.query.read_cells import read_batches
from gridcontainer.container.storage import Storage
from gridcontainer.errors import QueryError

_OPENERS: Final[dict[str, Callable[[Path, pa.Schema], RowFile]]] = {
    ".parquet": open_geoparquet,
    ".geojson": open_geojson,
    ".csv": open_csv,
}


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        rows: in the file.
        columns: of them.
        left_out: confidential columns that are not in the file.
    """

    rows: int
    columns: tuple[str, ...]
    left_out: tuple[str, ...]


def export_dataset(
    storage: Storage,
    question: Question,
    file: Path,
    *,
    declaration: Declaration | None,
    with_confidential: bool = False,
) -> Exported:
    """Write the rows of one data set that are asked for; the file is there whole or not at all.

    Where the position is confidential, what the container made of it (cell, code, shape) is left
    out with it, and the file is one without positions.

    Args:
        storage: the container.
        question: names the one data set.
        file: its ending chooses: ``.parquet`` (GeoParquet 1.1), ``.geojson`` or ``.csv``.
        declaration: says which columns are confidential.
        with_confidential: write these too.

    Raises:
        DatasetError: the container has no such data set.
        QueryError: the question leaves it out; an ending that is not known; confidential columns
            of which no declaration says which they are; GeoJSON without a position.
    """
    (table,) = asked_tables(storage, Question(datasets=question.datasets))
    _require(table, question, file)
    hidden = () if with_confidential else hidden_columns(table, declaration)
    kept = [field for field in table.schema if field.name not in hidden]
    schema = pa.schema(kept)
    if file.suffix == ".geojson" and "lon" not in schema.names:
        why = "is confidential; add --with-confidential, or" if "lon" in hidden else "is missing;"
        raise QueryError(f"{table.dataset}: its position {why} write .csv or .parquet")
    partial = file.with_name(f".{file.name}.partial")
    try:
        rows = _write(table, question, partial, file.suffix, schema)
        os.replace(partial, file)
    except OSError as error:
        raise QueryError(f"{file} cannot be written: {error.strerror or error}") from None
    finally:
        partial.unlink(missing_ok=True)
    return Exported(rows, tuple(schema.names), hidden)


def _require(table: OpenTable, question: Question, file: Path) -> None:
    if file.suffix not in _OPENERS:
        raise QueryError(f"{file}: its ending must be one of {', '.join(_OPENERS)}")
    wanted = question.wants(table.department, table.dataset, table.properties)
    if not wanted or not is_answerable(table, question):
        raise QueryError(f"{table.dataset} has no position or no time to be asked for")


def _write(
    table: OpenTable, question: Question, partial: Path, ending: str, schema: pa.Schema
) -> int:
    rows = 0
    writer = _OPENERS[ending](partial, schema)
    try:
        for batch in read_batches(table, question):
            writer.write(batch.select(schema.names))
            rows += batch.num_rows
    finally:
        writer.close()
    return rows
