"""The identity on the grid that the container adds to every row."""

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.declaration import Declaration, Time
from gridcontainer.container.schemas import (
    GEOMETRY_COLUMN,
    GRID_COLUMNS,
    OBJECT_COLUMN,
    ORIGIN_COLUMNS,
    QUARANTINE_SCHEMA,
    TIME_COLUMN,
)
from gridcontainer.container.sources.records import FAULT, FILE, GEOMETRY, ROW, TEXT
from gridcontainer.grid.levels import get_level
from gridcontainer.spark.columns import grid_cell, grid_cell_code

_KEY_SEPARATOR = "\x1f"  # ASCII unit separator: in no business key


def add_cell(rows: DataFrame, *, level: int) -> DataFrame:
    """Add ``cell``, the integer cell of ``lon`` and ``lat``; null where there is none."""
    return rows.withColumn("cell", grid_cell("lon", "lat", level))


def add_time(rows: DataFrame, *, time: Time | None, zone: str) -> DataFrame:
    """Add ``event_time``, UTC; null where it is missing or cannot be read.

    Args:
        rows: raw rows.
        time: where it stands; None adds nothing.
        zone: of the source's times where ``time`` says none.
    """
    if time is None:
        return rows
    text = F.concat_ws(" ", *(F.trim(f"`{name}`") for name in time.columns))
    if time.format == "unix":
        seconds = F.when(text.rlike(r"^[0-9]{1,11}$"), text.try_cast("long"))
        return rows.withColumn("event_time", F.timestamp_seconds(seconds))
    local = F.try_to_timestamp(text, F.lit(time.format))
    return rows.withColumn("event_time", F.to_utc_timestamp(local, time.zone or zone))


def to_dataset(
    rows: DataFrame,
    *,
    declaration: Declaration,
    columns: Iterable[str],
    level: int | None,
    prefix_level: int,
    run_id: str,
) -> DataFrame:
    """The sound rows as the table of the data set holds them.

    Args:
        rows: raw rows with position, ``cell``, ``event_time`` and ``reason``.
        declaration: of the data set, over the columns of ``rows``.
        columns: stored names of the source's columns.
        level: of ``cell``; None for a table without position.
        prefix_level: of the partitions; not finer than ``level``.
        run_id: of this run.

    Returns:
        The rows without a reason: ``object_id``; ``GRID_COLUMNS`` where there is a position, and
        ``geometry`` (WKB, WGS 84) where it is a shape; ``event_time`` where there is one;
        ``ORIGIN_COLUMNS``; then the source's columns.
    """
    values: dict[str, Column] = {
        "object_id": _object_id(declaration),
        "event_time": F.col("event_time"),
        "source_file": F.col(FILE),
        "source_row": F.col(ROW),
        "run_id": F.lit(run_id),
    }
    fields = [OBJECT_COLUMN]
    if level is not None:
        code = grid_cell_code("cell", level)
        values |= {
            "cell": F.col("cell"),
            "grid_code": code,
            "grid_level": F.lit(level),
            "grid_prefix": F.substring(code, 1, get_level(prefix_level).code_length),
            "lon": F.col("lon"),
            "lat": F.col("lat"),
        }
        fields += GRID_COLUMNS.fields
    if declaration.time is not None:
        fields.append(TIME_COLUMN)
    fields += ORIGIN_COLUMNS.fields
    added = [values[field.name].cast(field.dataType).alias(field.name) for field in fields]
    if declaration.has_shape:
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
