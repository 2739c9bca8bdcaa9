"""The identity on the grid that the container adds to every row."""

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.schemas import ADDED_COLUMNS, GEOMETRY_COLUMN, QUARANTINE_SCHEMA
from gridcontainer.container.sources.records import FAULT, FILE, GEOMETRY, ROW, TEXT
from gridcontainer.grid.levels import get_level
from gridcontainer.spark.columns import grid_cell, grid_cell_code

_KEY_SEPARATOR = "\x1f"  # ASCII unit separator: in no business key


def add_cell(rows: DataFrame, *, level: int) -> DataFrame:
    """Add ``cell``, the integer cell of ``lon`` and ``lat``; null where there is none."""
    return rows.withColumn("cell", grid_cell("lon", "lat", level))


def to_dataset(
    rows: DataFrame,
    *,
    declaration: Declaration,
    columns: Iterable[str],
    level: int,
    prefix_level: int,
    run_id: str,
) -> DataFrame:
    """The sound rows as the table of the data set holds them.

    Args:
        rows: raw rows with position, ``cell`` and ``reason``.
        declaration: of the data set, over the columns of ``rows``.
        columns: stored names of the source's columns.
        level: of ``cell``.
        prefix_level: of the partitions; not finer than ``level``.
        run_id: of this run.

    Returns:
        The rows without a reason: ``ADDED_COLUMNS``, ``geometry`` (WKB, WGS 84) where the data set
        has shapes, then the source's columns.
    """
    code = grid_cell_code("cell", level)
    values: dict[str, Column] = {
        "object_id": _object_id(declaration),
        "cell": F.col("cell"),
        "grid_code": code,
        "grid_level": F.lit(level),
        "grid_prefix": F.substring(code, 1, get_level(prefix_level).code_length),
        "lon": F.col("lon"),
        "lat": F.col("lat"),
        "source_file": F.col(FILE),
        "source_row": F.col(ROW),
        "run_id": F.lit(run_id),
    }
    added = [values[field.name].cast(field.dataType).alias(field.name) for field in ADDED_COLUMNS]
    if declaration.position.geometry is not None:
        added.append(F.col(GEOMETRY).alias(GEOMETRY_COLUMN.name))
    own = [F.col(f"`{column}`") for column in columns]
    return rows.where(F.col("reason").isNull()).select(*added, *own)


def to_quarantine(
    rows: DataFrame, *, dataset: str, names: Mapping[str, str], run_id: str
) -> DataFrame:
    """The rows with a reason, each with its whole content as it came.

    Args:
        rows: raw rows with ``reason``.
        dataset: its name.
        names: stored name of each source column.
        run_id: of this run.

    Returns:
        ``QUARANTINE_SCHEMA``; ``row`` is the text of a broken row, else its columns as JSON.
    """
    columns = (F.col(f"`{stored}`").alias(column) for column, stored in names.items())
    content = F.to_json(F.struct(*columns))
    values: dict[str, Column] = {
        "dataset": F.lit(dataset),
        "source_file": F.col(FILE),
        "source_row": F.col(ROW),
        "reason": F.col("reason"),
        "detail": F.col(FAULT),
        "row": F.coalesce(F.col(TEXT), content),
        "run_id": F.lit(run_id),
    }
    chosen = [values[field.name].alias(field.name) for field in QUARANTINE_SCHEMA]
    return rows.where(F.col("reason").isNotNull()).select(*chosen)


def _object_id(declaration: Declaration) -> Column:
    """A digest of the business key (else of file and row): the same on every run."""
    key = [F.col(f"`{name}`") for name in declaration.key] or [F.col(FILE), F.col(ROW)]
    whole = F.concat_ws(_KEY_SEPARATOR, F.lit(declaration.dataset), *key)
    return F.substring(F.sha2(whole, 256), 1, 32)
