"""The city's own coding standard, as data."""

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import Datum, Kind, LevelNumber, Name, TimeZone
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_model


class Extent(Model):
    """A box in degrees, WGS 84."""

    west: float
    south: float
    east: float
    north: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return self.west, self.south, self.east, self.north

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
        endings: of the areas' names, which people leave out.
    """

    places: list[Name] = []
    areas: list[Name] = []
    endings: list[str] = []


class CityProfile(Model):
    """The city's own coding standard; see ``conf/city/shanghai.yaml``.

    Attributes:
        city: its name.
        title: a line for people.
        extent: outside of which a position is a mistake.
        time_zone: of times that say none.
        datum: of data sets that say none.
        levels: at which an object of a kind is coded.
        prefix_levels: at which a data set may be partitioned.
        departments: who owns data sets.
        classes: what an object can be, such as a building or a sensor.
        references: data sets that a new file's datum is measured against.
    """

    city: Name
    title: str
    extent: Extent
    time_zone: TimeZone
    datum: Datum
    levels: dict[Kind, LevelNumber]
    prefix_levels: list[Literal[1, 2, 3]] = Field(min_length=1)
    departments: dict[Name, str]
    # Classes say nothing of how data are read: what was ingested stays known when one is added.
    classes: dict[Name, str] = Field(default={}, exclude=True)
    tag_classes: dict[Name, str] = Field(default={}, exclude=True)
    references: ReferenceSets | None = None

    @model_validator(mode="after")
    def _a_level_for_each_kind(self) -> Self:
        coded = [kind for kind in get_args(Kind) if kind != "table"]
        if missing := [kind for kind in coded if kind not in self.levels]:
            raise ValueError(f"levels says none for {', '.join(missing)}")
        return self


def load_city(path: Path) -> CityProfile:
    """Read a city's profile.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    return load_model(path, CityProfile)
