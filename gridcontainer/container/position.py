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
    texts = _coordinate_texts(declaration.position, declaration.missing)
    read = rows.withColumns(texts).withColumns(
        {"_lon_read": _to_degrees("_lon_text"), "_lat_read": _to_degrees("_lat_text")}
    )
    if datum in ("WGS84", "CGCS2000"):
        return read.withColumns({"lon": F.col("_lon_read"), "lat": F.col("_lat_read")})
    return read.withColumn("_point", _convert(datum)).withColumns(
        {"lon": F.col("_point.lon"), "lat": F.col("_point.lat")}
    )


def _coordinate_texts(position: Position, missing: list[str]) -> dict[str, Column]:
    def text(name: str | None) -> Column:
        value = F.trim(F.col(f"`{name}`").cast("string"))
        return F.when(~value.isin("", *missing), value)

    return {"_lon_text": text(position.lon), "_lat_text": text(position.lat)}


def _to_degrees(name: str) -> Column:
    return F.when(F.col(name).rlike(NUMBER), F.col(name).try_cast("double"))


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
