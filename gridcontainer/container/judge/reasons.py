"""Why a row cannot go into the container: reasons, not exceptions."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.container.declaration import Declaration, Extent
from gridcontainer.container.declaration.expression import Expression, Kind
from gridcontainer.container.sources.records import FAULT, FILE, GEOMETRY, ROW, RULE
from gridcontainer.container.storage import is_own_column
from gridcontainer.spark import has_grid_cell

BROKEN = "broken row"
TOTAL = "total of other rows"
MISSING = "missing position"
NOT_A_NUMBER = "position is not a number"
ZERO = "zero position"
SWAPPED = "longitude and latitude swapped"
NOT_DEGREES = "not degrees"
OUTSIDE = "outside the city"
NO_CELL = "no grid cell"
NO_TIME = "missing time"
NOT_A_TIME = "time cannot be read"
NO_KEY = "missing key"
REPEATED = "repeated key"
REPEATED_ROW = "repeated row"


def add_reason(
    rows: DataFrame, *, declaration: Declaration, extent: Extent, level: int | None
) -> DataFrame:
    """Add ``reason``: the first thing that is wrong with each row, or null.

    The reasons are asked in the order of this module's constants, so a row has exactly one. A key
    is missing where one of its columns is null or blank. Of the rows that share a business key the
    first one (by file and row) that is otherwise sound stays; of the others, those that are equal
    to it in all columns are ``repeated row``, the rest ``repeated key``. A position is ``not
    degrees`` where it is off the Earth, as pixels and metres are.

    Args:
        rows: with the columns of ``add_position`` and ``add_time``; n rows.
        declaration: of the data set.
        extent: the city's, in WGS 84.
        level: at which rows are coded; None for a table without position.

    Returns:
        The n rows with ``reason``.

    Raises:
        DeclarationError: ``totals`` does not fit the columns.
    """
    reason = F.when(F.col(FAULT).isNotNull(), BROKEN)
    if declaration.totals is not None:
        reason = reason.when(_total(rows, declaration, declaration.totals), TOTAL)
    if level is not None:
        reason = _position_reason(reason, declaration, extent, level)
    if declaration.time is not None:
        reason = reason.when(_some_blank(declaration.time.columns), NO_TIME)
        reason = reason.when(F.col("event_time").isNull(), NOT_A_TIME)
    judged = rows.withColumn("reason", reason)
    if not declaration.key:
        return judged
    keys = [F.col(f"`{name}`") for name in declaration.key]
    no_key = F.col("reason").isNull() & _some_blank(declaration.key)
    judged = judged.withColumn("reason", F.when(no_key, NO_KEY).otherwise(F.col("reason")))
    same_key = Window.partitionBy(*keys, F.col("reason").isNull()).orderBy(*_first_come(rows))
    content = _content(rows)
    repeated = F.when(F.first(content).over(same_key) == content, REPEATED_ROW).otherwise(REPEATED)
    again = F.col("reason").isNull() & (F.row_number().over(same_key) > 1)
    return judged.withColumn("reason", F.when(again, repeated).otherwise(F.col("reason")))


def _first_come(rows: DataFrame) -> list[Column]:
    """By file and row; a row that was mended comes after those that are sound as they came."""
    mended = [F.col(RULE).isNotNull()] if RULE in rows.columns else []
    return [*mended, F.col(FILE), F.col(ROW)]


def _total(rows: DataFrame, declaration: Declaration, totals: Expression) -> Column:
    """The declared condition; false where it is null."""
    place = f"{declaration.dataset}: totals"
    return F.expr(totals.to_spark(rows.dtypes, place=place, as_kind=Kind.BOOLEAN))


def _content(rows: DataFrame) -> Column:
    """A digest of the source's columns; nulls are told apart from each other and from blanks."""
    columns = [F.col(f"`{name}`") for name in rows.columns if not is_own_column(name)]
    return F.xxhash64(*columns, *(column.isNull() for column in columns))


def _position_reason(
    reason: Column, declaration: Declaration, extent: Extent, level: int
) -> Column:
    missing = F.col("_lon_text").isNull() | F.col("_lat_text").isNull()
    if declaration.has_shape:
        missing = F.col(GEOMETRY).isNull()
    lon, lat = F.col("_lon_read"), F.col("_lat_read")
    reason = (
        reason.when(missing, MISSING)
        .when(~_is_finite(lon) | ~_is_finite(lat), NOT_A_NUMBER)
        .when((lon == 0) & (lat == 0), ZERO)
    )
    inside = _within(F.col("lon"), F.col("lat"), extent)
    # Out of a datum's reach degrees stay as they are, or become NaN, which Spark puts above all.
    off_earth = ~(F.col("lon").between(-180, 180) & F.col("lat").between(-90, 90))
    swapped = ~inside & _within(lat, lon, extent)
    if declaration.outside_city == "keep":  # a place that could be meant as it stands is kept
        swapped = swapped & off_earth
    reason = reason.when(swapped, SWAPPED).when(off_earth, NOT_DEGREES)
    if declaration.outside_city == "set_aside":
        reason = reason.when(~inside, OUTSIDE)
    return reason.when(~has_grid_cell("lon", "lat", level), NO_CELL)


def _is_finite(number: Column) -> Column:
    return number.isNotNull() & ~F.isnan(number) & (F.abs(number) != float("inf"))


def _some_blank(names: Sequence[str]) -> Column:
    blank = (F.coalesce(F.trim(f"`{name}`"), F.lit("")) == "" for name in names)
    return F.array_contains(F.array(*blank), True)


def _within(lon: Column, lat: Column, extent: Extent) -> Column:
    in_lon = lon.between(extent.west, extent.east)
    return in_lon & lat.between(extent.south, extent.north)
