"""A data set as its department declares it: one YAML file in ``conf/datasets``.

The declaration says where the data lie and how they are written; everything else (cells,
partitions, quarantine) follows from it and from the city's profile.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from gridcontainer.container.fields import (
    Character,
    Datum,
    Encoding,
    Format,
    Kind,
    LevelNumber,
    Name,
    RecordsPath,
    Sensitivity,
    SourcePath,
)
from gridcontainer.container.yaml_file import load_model
from gridcontainer.errors import DeclarationError


class Model(BaseModel):
    """Refuses keys that it does not know: a misspelt key is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Model):
    """Where the rows lie and how they are written.

    Attributes:
        path: a file or a glob, relative to the root of the sources.
        format: ``csv`` also stands for tab-separated and other delimited text; ``.gz`` is
            recognised by its ending.
        encoding: of text; GBK files are best read as ``gb18030``, which contains it.
        separator: one character between columns.
        quote: ``null`` where quotes are plain characters.
        header: the first line names the columns.
        columns: names of the columns where there is no header.
        records: for JSON, the path to the records, such as ``data.stops[]``. A list on the way
            is opened; plain fields met on it come along: ``lines[].stops[]`` gives a stop
            ``outer.lines.name``, the name of its line. ``{address}`` opens an object whose members
            are the records; the member's name becomes the column ``address``.
    """

    path: SourcePath
    format: Format
    encoding: Encoding = "utf-8"
    separator: Character = ","
    quote: Character | None = '"'
    header: bool = True
    columns: list[str] | None = None
    records: RecordsPath | None = None

    @model_validator(mode="after")
    def _header_or_columns(self) -> Self:
        if self.format == "csv" and not self.header and not self.columns:
            raise ValueError("a file without a header needs its names: columns: [a, b, ...]")
        if self.columns is not None and (self.format != "csv" or self.header):
            raise ValueError("columns name those of a csv file without a header: header: false")
        if self.columns is not None and len(set(self.columns)) < len(self.columns):
            raise ValueError("columns holds a name twice")
        if self.records is not None and self.format != "json":
            raise ValueError("records leads to the records of json only")
        return self


class Position(Model):
    """How a row says where it is: two columns of degrees, or one column with a shape.

    Attributes:
        lon: column of longitudes.
        lat: column of latitudes.
        geometry: column with the shape.
        geometry_format: ``rings`` is a list of rings of coordinate pairs.
        axis_order: of the pairs in ``rings``.
    """

    lon: str | None = None
    lat: str | None = None
    geometry: str | None = None
    geometry_format: Literal["geojson", "wkt", "wkb", "rings"] = "geojson"
    axis_order: Literal["lon_lat", "lat_lon"] = "lon_lat"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        columns = self.lon is not None and self.lat is not None
        if columns == (self.geometry is not None) or (self.lon is None) != (self.lat is None):
            raise ValueError("give lon and lat, or geometry")
        return self


class Declaration(Model):
    """One data set.

    Attributes:
        dataset: its name, unique in the city.
        department: who owns it; must be in the city's profile.
        title: a line for people.
        kind: chooses the preset layout and level.
        source: where the rows lie.
        datum: of the source's coordinates; the city's default where missing.
        position: how a row says where it is.
        key: the columns of the business key; a row that repeats the key of an earlier valid row is
            set aside. Empty: the row number is the key.
        label: the column to show to people.
        level: at which rows are coded; the city's level for the kind where missing.
        outside_city: ``keep`` keeps rows outside the city's extent.
        missing: texts that mean "no value" in a coordinate, beside the empty one.
        sensitivity: by column; what is not named is public.
        tags: to find the data set by.
    """

    dataset: Name
    department: Name
    title: str
    kind: Kind
    source: Source
    datum: Datum | None = None
    position: Position
    key: list[str] = []
    label: str | None = None
    level: LevelNumber | None = None
    outside_city: Literal["set_aside", "keep"] = "set_aside"
    missing: list[str] = ["-", "—", "--", "null", "NULL", "None"]
    sensitivity: dict[str, Sensitivity] = {}
    tags: list[str] = []

    def with_columns(self, names: Mapping[str, str]) -> Self:
        """The same declaration over a frame whose columns have other names."""
        position = self.position
        renamed = {
            part: names[column]
            for part in ("lon", "lat", "geometry")
            if (column := getattr(position, part)) is not None
        }
        return self.model_copy(
            update={
                "position": position.model_copy(update=renamed),
                "key": [names[column] for column in self.key],
                "label": self.label and names[self.label],
            }
        )

    def fingerprint(self) -> str:
        """A digest that changes when the declaration does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


class Extent(Model):
    """A box in degrees, WGS 84."""

    west: float
    south: float
    east: float
    north: float

    @model_validator(mode="after")
    def _is_a_box(self) -> Self:
        if not (-180 <= self.west < self.east <= 180 and -90 <= self.south < self.north <= 90):
            raise ValueError("needs -180 <= west < east <= 180 and -90 <= south < north <= 90")
        return self


class ReferenceSets(Model):
    """Data sets whose datum is known, to measure that of a new file against.

    Attributes:
        places: of named points.
        areas: of named polygons.
    """

    places: list[Name] = []
    areas: list[Name] = []


class CityProfile(Model):
    """The city's own coding standard; see ``conf/city/shanghai.yaml``."""

    city: Name
    title: str
    extent: Extent
    time_zone: str
    datum: Datum
    levels: dict[Kind, LevelNumber]
    prefix_level: LevelNumber
    departments: dict[Name, str]
    references: ReferenceSets | None = None

    @model_validator(mode="after")
    def _a_level_for_each_kind(self) -> Self:
        if missing := [kind for kind in get_args(Kind) if kind not in self.levels]:
            raise ValueError(f"levels says none for {', '.join(missing)}")
        return self


def load_city(path: Path) -> CityProfile:
    """Read a city's profile.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    return load_model(path, CityProfile)


def load_declarations(
    directory: Path, city: CityProfile, *, only: Sequence[str] = ()
) -> list[Declaration]:
    """Read all declarations of a directory, in order of name.

    Args:
        directory: of ``*.yaml`` and ``*.yml``.
        city: whose departments the declarations must name.
        only: names of data sets; empty for all.

    Raises:
        DeclarationError: a faulty file, two data sets of one name, an unknown department, or a
            name in ``only`` that is not declared.
    """
    found: dict[str, Declaration] = {}
    for path in sorted([*directory.glob("*.yaml"), *directory.glob("*.yml")]):
        declaration = load_model(path, Declaration)
        if declaration.dataset in found:
            raise DeclarationError(
                f"{path}: dataset: {declaration.dataset} is declared in another file of "
                f"{directory} too; give one of them another name"
            )
        if declaration.department not in city.departments:
            known = ", ".join(city.departments)
            raise DeclarationError(
                f"{path}: department: {declaration.department} is not in the profile of "
                f"{city.city} ({known}); add it there, or correct it"
            )
        found[declaration.dataset] = declaration
    if not found:
        raise DeclarationError(f"{directory} holds no data set declarations (*.yaml)")
    if unknown := [name for name in only if name not in found]:
        raise DeclarationError(
            f"not declared in {directory}: {', '.join(unknown)}; there are {', '.join(found)}"
        )
    return [found[name] for name in found if not only or name in only]
