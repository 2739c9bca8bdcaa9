"""Where the rows of a frame are: positions in two columns, or shapes in one."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.errors import JoinError


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
