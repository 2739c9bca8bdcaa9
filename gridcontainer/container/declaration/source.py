"""Where the rows of a data set lie, and how a row says where and when it is."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.database import Database
from gridcontainer.container.declaration.fields import (
    NUMBER_FORMATS,
    Character,
    Encoding,
    Format,
    RecordsPath,
    SourcePath,
    TimeFormat,
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
        deliveries: ``newest`` reads only the last file of a glob in order of name, which is the
            whole state, as dated names are; ``all`` reads every file.
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
    deliveries: Literal["all", "newest"] = "all"

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
        lat: column of latitudes. The same column as ``lon`` where one text holds both, such as
            ``31.2304, 121.4737``; then ``order`` is needed.
        order: order of the two coordinates in one column; ``letters`` where each text tells it by
            its own hemisphere letters, such as ``N31.2 E121.4``.
        decimal: mark before the fraction: ``comma`` reads 121,4737.
        writing: how degrees are written. ``degrees`` reads decimal degrees and every writing that
            can mean one thing only, such as 121°28'12.5"E. ``dms`` also reads degrees, minutes and
            seconds between blanks, hyphens or colons (121 28 12.5). ``ddmm`` is degrees and minutes
            in one number, as NMEA writes (12128.2083); ``ddmmss`` adds seconds (1212812.5).
        units_per_degree: number of the source's units in a degree, such as 1000000 for
            microdegrees; of decimal numbers only.
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
    order: Literal["lon_lat", "lat_lon", "letters"] | None = None
    decimal: Literal["point", "comma"] = "point"
    writing: Literal["degrees", "dms", "ddmm", "ddmmss"] = "degrees"
    units_per_degree: Annotated[float, Field(gt=1)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        columns = self.lon is not None and self.lat is not None
        if columns == (self.geometry is not None) or (self.lon is None) != (self.lat is None):
            raise ValueError("give lon and lat, or geometry")
        return self

    @model_validator(mode="after")
    def _order_of_one_column(self) -> Self:
        if self.in_one_column and self.order is None:
            raise ValueError(
                f"lon and lat are both in {self.lon}, and which comes first cannot be guessed: add "
                "order: lon_lat or order: lat_lon (order: letters where every text has N/S and E/W)"
            )
        if self.order is not None and not self.in_one_column:
            raise ValueError("order is of one column that holds both: name it as lon and as lat")
        return self

    @model_validator(mode="after")
    def _degrees_as_texts(self) -> Self:
        plain = self.decimal == "point" and self.writing == "degrees"
        if self.geometry is not None and not (plain and self.units_per_degree is None):
            raise ValueError("decimal, writing and units_per_degree are of lon and lat only")
        if self.units_per_degree is not None and self.writing != "degrees":
            raise ValueError("units_per_degree is of writing: degrees only")
        return self

    @property
    def in_one_column(self) -> bool:
        """Whether one column holds both coordinates."""
        return self.lon is not None and self.lon == self.lat


class Time(Model):
    """Event time of a record.

    A time that names its own offset or zone keeps it, whatever ``zone`` says: ``Z``, ``+08:00``,
    ``GMT+8``, ``[Europe/Berlin]``, a timestamp with a zone. Columns of timestamps and days (as of
    Parquet) are read as what they are, with or without a format.

    Attributes:
        columns: one or several columns, joined by a blank.
        format: a pattern in the letters of Spark, such as ``yyyy-MM-dd HH:mm:ss``; see
            ``time_pattern``. ``yy`` is 2000 to 2099. ``unix``, ``unix_ms``, ``unix_us``,
            ``unix_ns``: seconds, milliseconds, microseconds, nanoseconds since 1970 in UTC, also
            with a fraction and before 1970; a number whose size says another unit is quarantined.
            ``excel``: days of Excel's system of 1900. Missing: ISO 8601 such as ``2024-01-31`` or
            ``2024-01-31T08:00:00+08:00``.
        zone: zone of times that name none; the city's where missing.
        ambiguous: instant of an hour that the clock showed twice, where the order of the records
            does not tell it: ``earlier``, ``later`` or ``quarantine``.
        hours: ``clock`` for hours 0 to 23. ``past_midnight`` for hours that run on on the clock:
            24:00 and 25:30 of a day are 00:00 and 01:30 of the next one. ``service_day`` for GTFS:
            hours since twelve hours before noon, which differ from the clock's for part of a day on
            which the clock changes, and are the same on all others.
    """

    columns: Annotated[list[str], Field(min_length=1)]
    format: TimeFormat | None = None
    zone: TimeZone | None = None
    ambiguous: Literal["earlier", "later", "quarantine"] = "quarantine"
    hours: Literal["clock", "past_midnight", "service_day"] = "clock"

    @model_validator(mode="after")
    def _one_column_of_times(self) -> Self:
        if self.format is None and len(self.columns) > 1:
            raise ValueError("format is what a time in several columns needs")
        if self.format in NUMBER_FORMATS:
            if len(self.columns) > 1:
                raise ValueError(f"columns names one column where format is {self.format}")
            if self.hours != "clock":
                raise ValueError(f"hours is of patterns, not of format {self.format}")
        return self
