"""Where the rows of a frame are: positions in two columns, or shapes in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, SparkSession, functions as F, types as T

from gridcontainer.errors import JoinError
from gridcontainer.grid.cover.accept import Accepted, accept

ID: Final = "__grid_row"
_LEVEL_OF_CUTS: Final = 3  # any level above the polar ones: what can be cut at one can at all


@dataclass(frozen=True)
class Place:
    """The columns that say where a row is; degrees, CGCS2000 or WGS 84.

    Attributes:
        lon: column of longitudes, of rows that are points.
        lat: column of latitudes.
        geometry: column of shapes: WKB, or Sedona's geometry. Goes before ``lon`` and ``lat``.
        cell: column of the points' cells, if there is one; saves encoding them.
        cell_level: of these cells.
        prefix: column of codes by which the points are stored in partitions, if they are.
        prefix_level: of these codes.
    """

    lon: str = "lon"
    lat: str = "lat"
    geometry: str | None = None
    cell: str | None = None
    cell_level: int = 10
    prefix: str | None = None
    prefix_level: int = 1

    @property
    def is_point(self) -> bool:
        """Whether the rows are points."""
        return self.geometry is None


def find_place(frame: DataFrame) -> Place:
    """The columns ``geometry``, or ``lon`` and ``lat``, by their names.

    Raises:
        JoinError: the frame has neither.
    """
    if "geometry" in frame.columns:
        return Place(geometry="geometry")
    if {"lon", "lat"} <= set(frame.columns):
        return Place()
    raise JoinError(
        f"no column geometry, and not both lon and lat, among {', '.join(frame.columns)}: "
        "say where the rows are with a Place"
    )


def require_place(frame: DataFrame, place: Place, side: str) -> None:
    """Refuse a place whose columns the frame lacks or that are of another type.

    Raises:
        JoinError: names the side and the column.
    """
    names = [place.geometry] if place.geometry else [place.lon, place.lat]
    for name in [*names, *([place.cell] if place.cell else [])]:
        if name not in frame.columns:
            raise JoinError(f"the {side} side has no column {name}: {', '.join(frame.columns)}")
    if place.geometry and not _holds_shapes(frame.schema[place.geometry].dataType):
        found = frame.schema[place.geometry].dataType.simpleString()
        raise JoinError(
            f"column {place.geometry} of the {side} side is {found}, not WKB (binary) or a "
            "geometry of Sedona: convert it with ST_GeomFromText or ST_GeomFromGeoJSON"
        )


def _holds_shapes(kind: T.DataType) -> bool:
    return isinstance(kind, T.BinaryType | T.UserDefinedType)


def wkb(frame: DataFrame, place: Place) -> Column:
    """The shapes of a frame (its points too) as WKB; null where there is none."""
    if place.geometry is None:
        position = F.expr(f"ST_AsBinary(ST_Point(`{place.lon}`, `{place.lat}`))")
        return F.when(F.col(place.lon).isNotNull() & F.col(place.lat).isNotNull(), position)
    if isinstance(frame.schema[place.geometry].dataType, T.UserDefinedType):
        return F.expr(f"ST_AsBinary(`{place.geometry}`)")
    return F.col(place.geometry)


def geometry(frame: DataFrame, place: Place) -> Column:
    """The shapes of a frame (its points too) as Sedona's geometry."""
    if place.geometry is None:
        return F.expr(f"ST_Point(`{place.lon}`, `{place.lat}`)")
    if isinstance(frame.schema[place.geometry].dataType, T.UserDefinedType):
        return F.col(place.geometry)
    return F.expr(f"ST_GeomFromWKB(`{place.geometry}`)")


def accept_shapes(wkb: Sequence[object] | NDArray[np.object_]) -> Accepted:
    """Shapes mended as far as they can be; those that no cells can cover have a problem."""
    return accept(
        wkb, _LEVEL_OF_CUTS, include_edges=True, repair=True, unwrap=False, on_invalid="mark"
    )


@dataclass(frozen=True)
class Collected:
    """A side that is small enough for every task, brought here.

    Attributes:
        table: its rows as they came, Sedona's geometries as WKB; with ``ID`` numbered from 0.
        schema: of the same as Spark has it.
        wkb: the shapes, or None.
    """

    table: pa.Table
    schema: T.StructType
    wkb: NDArray[np.object_]

    def frame(self, spark: SparkSession) -> DataFrame:
        """The rows with ``ID``."""
        return spark.createDataFrame(self.table, self.schema)


def collect(frame: DataFrame, place: Place) -> Collected:
    """Bring a side here, with the number of each row."""
    rows = frame
    if place.geometry is not None:
        rows = frame.withColumn(place.geometry, wkb(frame, place))
    names = rows.columns
    table = rows.select(*(F.col(f"`{name}`") for name in names)).toArrow()
    table = table.append_column(ID, pa.array(np.arange(table.num_rows, dtype=np.int64)))
    schema = T.StructType([*rows.schema.fields, T.StructField(ID, T.LongType(), False)])
    shapes: NDArray[np.object_] = np.full(table.num_rows, None, dtype=object)
    if place.geometry is not None:
        shapes[:] = table.column(place.geometry).to_pylist()
    return Collected(table, schema, shapes)
