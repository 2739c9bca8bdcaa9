"""Positions of raw rows: text to degrees, any datum to WGS 84, shapes to a point inside."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pandas as pd
import shapely
from pyspark.sql import Column, DataFrame, functions as F, types as T
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.container.declaration import Declaration, Position
from gridcontainer.container.sources.records import GEOMETRY
from gridcontainer.grid.datum import to_wgs84

POSITION_TYPE = T.StructType(
    [T.StructField("lon", T.DoubleType()), T.StructField("lat", T.DoubleType())]
)
# What Java takes for a number is wider (1d, 0x1p3, Infinity): a coordinate is plain decimal.
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


def add_position(rows: DataFrame, *, declaration: Declaration, datum: str) -> DataFrame:
    """Add the position as read and as converted.

    Args:
        rows: raw rows, n of them.
        declaration: of the data set.
        datum: of the source's coordinates.

    Returns:
        The n rows with ``_lon_text``, ``_lat_text`` (null where missing), ``_lon_read``,
        ``_lat_read`` (degrees in ``datum``, null where no number) and ``lon``, ``lat`` (degrees,
        WGS 84); the rows as they are where the data set has no position.
    """
    if declaration.position is None:
        return rows
    if declaration.has_shape:
        return rows.withColumn("_point", _point_inside()).withColumns(
            {
                "_lon_text": F.col("_point.lon").cast("string"),
                "_lat_text": F.col("_point.lat").cast("string"),
                "_lon_read": F.col("_point.lon"),
                "_lat_read": F.col("_point.lat"),
                "lon": F.col("_point.lon"),
                "lat": F.col("_point.lat"),
            }
        )
    read = _read_coordinates(rows, declaration.position, declaration.missing)
    if datum in ("WGS84", "CGCS2000"):
        return read.withColumns({"lon": F.col("_lon_read"), "lat": F.col("_lat_read")})
    return read.withColumn("_point", _convert(datum)).withColumns(
        {"lon": F.col("_point.lon"), "lat": F.col("_point.lat")}
    )


def _read_coordinates(rows: DataFrame, position: Position, missing: list[str]) -> DataFrame:
    for name, column in (("lon", position.lon), ("lat", position.lat)):
        value = F.col(f"`{column}`")
        if isinstance(rows.schema[str(column)].dataType, T.DoubleType):  # as Parquet can hold
            texts, degrees = value, value
        else:
            text = F.trim(value.cast("string"))
            texts = F.when(~text.isin("", *missing), text)
            degrees = F.when(F.col(f"_{name}_text").rlike(NUMBER), texts.try_cast("double"))
        rows = rows.withColumn(f"_{name}_text", texts).withColumn(f"_{name}_read", degrees)
    return rows


def _convert(datum: str) -> Column:
    """The position as read, in WGS 84."""

    def convert(columns: Iterator[tuple[pd.Series, pd.Series]]) -> Iterator[pd.DataFrame]:
        for lon, lat in columns:
            converted = to_wgs84(lon.to_numpy(float), lat.to_numpy(float), datum)
            yield pd.DataFrame({"lon": converted[0], "lat": converted[1]})

    return _udf(convert)("_lon_read", "_lat_read")


def _point_inside() -> Column:
    """A point inside the shape; null where there is none."""

    def find(shapes: pd.Series) -> pd.DataFrame:
        points = shapely.point_on_surface(shapely.from_wkb(shapes.to_numpy()))
        return pd.DataFrame({"lon": shapely.get_x(points), "lat": shapely.get_y(points)})

    return _udf(find)(GEOMETRY)


def _udf(function: Callable[..., Any]) -> Callable[..., Column]:
    return cast(Callable[..., Column], cast(Any, pandas_udf)(function, POSITION_TYPE))
