"""Why a row cannot go into the container: reasons, not exceptions."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.container.declaration import Declaration, Extent
from gridcontainer.container.sources.records import FAULT, FILE, GEOMETRY, ROW

BROKEN = "broken row"
MISSING = "missing position"
NOT_A_NUMBER = "position is not a number"
ZERO = "zero position"
SWAPPED = "longitude and latitude swapped"
OUTSIDE = "outside the city"
NO_CELL = "no grid cell"
NO_TIME = "missing time"
NOT_A_TIME = "time cannot be read"
NO_KEY = "missing key"
REPEATED = "repeated key"


def add_reason(rows: DataFrame, *, declaration: Declaration, extent: Extent) -> DataFrame:
    """Add ``reason``: the first thing that is wrong with each row, or null.

    The reasons are asked in the order of this module's constants, so a row has exactly one. A key
    is missing where one of its columns is null or blank. Of the rows that share a business key the
    first one (by file and row) that is otherwise sound stays; the others are ``repeated key``.

    Args:
        rows: with the columns of ``add_position``, ``add_cell`` and ``add_time``; n rows.
        declaration: of the data set.
        extent: the city's, in WGS 84.

    Returns:
        The n rows with ``reason``.
    """
    reason = F.when(F.col(FAULT).isNotNull(), BROKEN)
    if declaration.position is not None:
        reason = _position_reason(reason, declaration, extent)
    if declaration.time is not None:
        reason = reason.when(_some_blank(declaration.time.columns), NO_TIME)
        reason = reason.when(F.col("event_time").isNull(), NOT_A_TIME)
    judged = rows.withColumn("reason", reason)
    if not declaration.key:
        return judged
    keys = [F.col(f"`{name}`") for name in declaration.key]
    no_key = F.col("reason").isNull() & _some_blank(declaration.key)
    judged = judged.withColumn("reason", F.when(no_key, NO_KEY).otherwise(F.col("reason")))
    same_key = Window.partitionBy(*keys, F.col("reason").isNull()).orderBy(FILE, ROW)
    repeated = F.col("reason").isNull() & (F.row_number().over(same_key) > 1)
    return judged.withColumn("reason", F.when(repeated, REPEATED).otherwise(F.col("reason")))


def _position_reason(reason: Column, declaration: Declaration, extent: Extent) -> Column:
    missing = F.col("_lon_text").isNull() | F.col("_lat_text").isNull()
    if declaration.has_shape:
        missing = F.col(GEOMETRY).isNull()
    lon, lat = F.col("_lon_read"), F.col("_lat_read")
    reason = (
        reason.when(missing, MISSING)
        .when(lon.isNull() | lat.isNull(), NOT_A_NUMBER)
        .when((lon == 0) & (lat == 0), ZERO)
    )
    inside = _within(F.col("lon"), F.col("lat"), extent)
    if declaration.outside_city == "set_aside":
        reason = reason.when(~inside & _within(lat, lon, extent), SWAPPED).when(~inside, OUTSIDE)
    return reason.when(F.col("cell").isNull(), NO_CELL)


def _some_blank(names: Sequence[str]) -> Column:
    blank = (F.coalesce(F.trim(f"`{name}`"), F.lit("")) == "" for name in names)
    return F.array_contains(F.array(*blank), True)


def _within(lon: Column, lat: Column, extent: Extent) -> Column:
    in_lon = lon.between(extent.west, extent.east)
    return in_lon & lat.between(extent.south, extent.north)
