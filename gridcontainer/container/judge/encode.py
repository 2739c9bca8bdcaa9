"""The identity on the grid that the container adds to every row."""

from collections.abc import Iterable
from datetime import datetime

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.declaration import Declaration, Time
from gridcontainer.container.sources.records import FILE, GEOMETRY, ROW
from gridcontainer.container.tables.layout import Layout
from gridcontainer.container.tables.schemas import (
    GEOMETRY_COLUMN,
    GRID_COLUMNS,
    HISTORY_COLUMNS,
    MONTH_COLUMN,
    OBJECT_COLUMN,
    ORIGIN_COLUMNS,
    TIME_COLUMN,
)
from gridcontainer.spark.columns import grid_cell, grid_cell_code, grid_parent

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
    if time.format is None:
        return rows.withColumn("event_time", _instant(rows, time.columns[0], time.zone or zone))
    text = F.concat_ws(" ", *(F.trim(f"`{name}`") for name in time.columns))
    if time.format == "unix":
        seconds = F.when(text.rlike(r"^[0-9]{1,11}$"), text.try_cast("long"))
        return rows.withColumn("event_time", F.timestamp_seconds(seconds))
    local = F.try_to_timestamp(text, F.lit(time.format))
    return rows.withColumn("event_time", F.to_utc_timestamp(local, time.zone or zone))


def _instant(rows: DataFrame, name: str, zone: str) -> Column:
    """A column of real timestamps; those that do not say their zone are in ``zone``."""
    column = F.col(f"`{name}`")
    if isinstance(rows.schema[name].dataType, T.TimestampType):
        return column
    return F.to_utc_timestamp(column.try_cast("timestamp"), zone)


def to_dataset(
    rows: DataFrame,
    *,
    declaration: Declaration,
    columns: Iterable[str],
    level: int | None,
    layout: Layout,
    run_id: str,
    valid_from: datetime | None = None,
) -> DataFrame:
    """The sound rows as the table of the data set holds them.

    Args:
        rows: raw rows with position, ``cell``, ``event_time`` and ``reason``.
        declaration: of the data set, over the columns of ``rows``.
        columns: stored names of the source's columns.
        level: of ``cell``; None for a table without position.
        layout: of the table.
        run_id: of this run.
        valid_from: of these rows, in a table with history.

    Returns:
        The rows without a reason, in their order: ``object_id`` where there is a key;
        ``GRID_COLUMNS`` where there is a position, and ``geometry`` (WKB, WGS 84) where it is a
        shape; ``event_time`` where there is one; ``ORIGIN_COLUMNS``; ``HISTORY_COLUMNS`` and
        ``event_month`` where the table has them; then the source's columns.
    """
    values: dict[str, Column] = {
        "object_id": _object_id(declaration),
        "event_time": F.col("event_time"),
        "source_file": F.col(FILE),
        "source_row": F.col(ROW),
        "run_id": F.lit(run_id),
        "valid_from": F.lit(valid_from),
        "valid_to": F.lit(None),
        "event_month": F.date_format("event_time", "yyyy-MM"),
        "geometry": F.col(GEOMETRY),
    }
    if level is not None and layout.prefix_level is not None:
        values |= {
            "cell": F.col("cell"),
            "grid_code": grid_cell_code("cell", level),
            "grid_level": F.lit(level),
            "grid_prefix": grid_cell_code(
                grid_parent("cell", layout.prefix_level), layout.prefix_level
            ),
            "lon": F.col("lon"),
            "lat": F.col("lat"),
        }
    fields = _fields(declaration, layout)
    added = [values[field.name].cast(field.dataType).alias(field.name) for field in fields]
    own = [F.col(f"`{column}`") for column in columns]
    return rows.where(F.col("reason").isNull()).select(*added, *own)


def _fields(declaration: Declaration, layout: Layout) -> list[T.StructField]:
    """The container's own columns in a table, in their order."""
    fields = [OBJECT_COLUMN] if declaration.key else []
    if declaration.position is not None:
        fields += GRID_COLUMNS.fields
    if declaration.time is not None:
        fields.append(TIME_COLUMN)
    fields += ORIGIN_COLUMNS.fields
    if declaration.history:
        fields += HISTORY_COLUMNS.fields
    if layout.by_month:
        fields.append(MONTH_COLUMN)
    if declaration.has_shape:
        fields.append(GEOMETRY_COLUMN)
    return fields


def _object_id(declaration: Declaration) -> Column:
    """A digest of the business key: the same on every run."""
    key = (F.col(f"`{name}`").cast("string") for name in declaration.key)
    whole = F.concat_ws(_KEY_SEPARATOR, F.lit(declaration.dataset), *key)
    return F.substring(F.sha2(whole, 256), 1, 32)
