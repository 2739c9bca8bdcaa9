"""Where the rows of a data set lie, and how a row says where and when it is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.database import Database
from gridcontainer.container.declaration.fields import (
    Character,
    Encoding,
    Format,
    RecordsPath,
    SourcePath,
    TimeZone,
)
from gridcontainer.container.declaration.model import Model


class Source(Model):
    """Where the rows lie and how they are written.

    Attributes:
        path: a file or a glob, relative to the root of the sources; none for ``jdbc``.
        format: ``csv`` also stands for tab-separated and other delimited text; ``excel`` for any
            workbook, whatever its ending; ``vector`` for Shapefile, GeoPackage and the like, with
            the shape in the column ``geometry``; ``jdbc`` for a table of a ``database``. gzip is
            recognised by its first bytes.
        encoding: of text; GBK files are best read as ``gb18030``, which contains it.
        separator: one character between columns.
        quote: ``null`` where quotes are plain characters.
        header: the first line names the columns.
        columns: names of the columns where there is no header.
        sheet: of a workbook, by name; its first one where missing.
        skip_rows: lines of a csv file or rows of a sheet above the one with the names.
        most_broken: share of the records of a csv or jsonlines file that may be broken (bytes not
            in the encoding, NUL bytes, quotes never closed) before the file is refused. Broken
            records are quarantined; fewer than ten refuse no file of which others can be read.
        layer: of a GeoPackage or another file with several; its first one where missing.
        records: for JSON, the path to the records, such as ``data.stops[]``. A list on the way
            is opened; plain fields met on it come along: ``lines[].stops[]`` gives a stop
            ``outer.lines.name``, the name of its line. ``{address}`` opens an object whose members
            are the records; the member's name becomes the column ``address``.
        database: where the rows of ``jdbc`` lie.
    """

    path: SourcePath = ""
    format: Format
    encoding: Encoding = "utf-8"
    separator: Character = ","
    quote: Character | None = '"'
    header: bool = True
    columns: list[str] | None = None
    sheet: str | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0
    most_broken: Annotated[float, Field(ge=0, le=1)] = 0.1
    layer: str | None = None
    records: RecordsPath | None = None
    database: Database | None = None

    @model_validator(mode="after")
    def _header_or_columns(self) -> Self:
        if self.format == "csv" and not self.header and not self.columns:
            raise ValueError("a file without a header needs its names: columns: [a, b, ...]")
        if self.columns is not None and (self.format != "csv" or self.header):
            raise ValueError("columns name those of a csv file without a header: header: false")
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("columns holds a name twice")
        if self.skip_rows and self.format not in ("csv", "excel"):
            raise ValueError("skip_rows is of csv and excel only")
        if self.records is not None and self.format != "json":
            raise ValueError("records leads to the records of json only")
        return self

    @model_validator(mode="after")
    def _files_or_database(self) -> Self:
        from_database = self.format == "jdbc"
        if from_database != (self.database is not None):
            raise ValueError("database is what jdbc needs, and no other format has")
        if from_database == bool(self.path):
            raise ValueError("path is what every format but jdbc needs, and jdbc has none")
        return self

    @property
    def name(self) -> str:
        """What messages call the source: its path, or the table of its database."""
        return self.database.name if self.database else self.path


class Position(Model):
    """How a row says where it is: two columns of degrees, or one column with a shape.

    Attributes:
        lon: column of longitudes.
        lat: column of latitudes.
        geometry: column with the shape.
        height: column of heights in metres above the ellipsoid, if there is one: it stays as it
            came, and gives the row's object its 3D code.
        geometry_format: ``rings`` is a list of rings of coordinate pairs, ``paths`` a list of
            lines of them.
        axis_order: of the pairs in ``rings`` and ``paths``.
    """

    lon: str | None = None
    lat: str | None = None
    geometry: str | None = None
    height: str | None = None
    geometry_format: Literal["geojson", "wkt", "wkb", "rings", "paths"] = "geojson"
    axis_order: Literal["lon_lat", "lat_lon"] = "lon_lat"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        columns = self.lon is not None and self.lat is not None
        if columns == (self.geometry is not None) or (self.lon is None) != (self.lat is None):
            raise ValueError("give lon and lat, or geometry")
        return self


class Time(Model):
    """When a row happened.

    Attributes:
        columns: one or several, joined by a blank.
        format: as Spark writes it, such as ``yyyy-MM-dd HH:mm:ss``; ``unix`` for seconds since
            1970; missing for one column that holds times as such, as Parquet can.
        zone: of the source's times; the city's where missing. Kept in UTC.
    """

    columns: Annotated[list[str], Field(min_length=1)]
    format: str | None = None
    zone: TimeZone | None = None

    @model_validator(mode="after")
    def _one_column_of_times(self) -> Self:
        if self.format is None and len(self.columns) > 1:
            raise ValueError("format is what a time in several columns needs")
        return self
