"""A sensor series as the city declares it: one YAML file in ``conf/sensors``."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from gridcontainer.container.declaration.fields import Name, TimeZone
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import choose, load_folder


def _is_a_range(valid: tuple[float, float]) -> tuple[float, float]:
    if not valid[0] <= valid[1]:
        raise ValueError("needs the lowest value before the highest")
    return valid


Range = Annotated[tuple[float, float], AfterValidator(_is_a_range)]
LonLat = tuple[
    Annotated[float, Field(ge=-180, le=180)],
    Annotated[float, Field(gt=-88, lt=88)],  # cells of points end there
]


class Measure(Model):
    """One column of readings.

    Attributes:
        column: column of the dataset, by its name in the source or the stored one.
        quantity: what is measured, such as ``pm25``.
        unit: of the values.
        station: whose readings they are, where the series has no column of stations.
        valid: lowest and highest value that can be; others are set aside.
    """

    column: str
    quantity: Name
    unit: str
    station: str | None = None
    valid: Range | None = None


class Place(Model):
    """Where the stations are; a station that it does not place is known as unplaced.

    Attributes:
        dataset: with positions, whose rows are the stations; it may be that of the readings. Of
            several positions of a station the last in time counts.
        key: its column with the stations.
        stations: longitude and latitude by station, WGS 84, instead.
    """

    dataset: Name | None = None
    key: str | None = None
    stations: dict[str, LonLat] = Field(default={})

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.dataset is None) != (self.key is None) or bool(self.dataset) == bool(
            self.stations
        ):
            raise ValueError("needs dataset and key, or stations; not both")
        return self


class Series(Model):
    """Readings of one data set; see ``conf/sensors``.

    Attributes:
        series: its name.
        title: for people.
        dataset: of the container, with ``event_time``.
        measures: the columns of readings.
        station: column of the stations (long form); else each measure names its station (wide).
        missing: texts that say that nothing was measured; a null always does.
        interval_seconds: from one reading to the next; None where none is expected, so that nothing
            can be missing.
        lateness_seconds: how long after its time a reading may still come before it is missed. One
            that comes later still counts.
        place: None where it is not known.
        time_zone: of times in arriving files that do not say theirs; else the city's.
    """

    series: Name
    title: str
    dataset: Name
    measures: list[Measure] = Field(min_length=1)
    station: str | None = None
    missing: list[str] = Field(default=[])
    interval_seconds: Annotated[int, Field(gt=0)] | None
    lateness_seconds: Annotated[int, Field(ge=0)] = 0
    place: Place | None = None
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _each_sensor_once(self) -> Self:
        named = [measure.station is not None for measure in self.measures]
        if any(named) if self.station else not all(named):
            raise ValueError("needs a column of stations, or a station in each measure; not both")
        sensors = [(measure.station, measure.quantity) for measure in self.measures]
        if len(set(sensors)) < len(sensors):
            raise ValueError("two measures have the same station and quantity")
        return self

    @property
    def quantities(self) -> list[str]:
        """What is measured, each once."""
        return list(dict.fromkeys(measure.quantity for measure in self.measures))

    def fingerprint(self) -> str:
        """A digest that changes when the declaration does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_all_series(directory: Path, *, only: Sequence[str] = ()) -> list[Series]:
    """Read all series of a directory, in order of name.

    Args:
        directory: of ``*.yaml``.
        only: names of series; empty for all.

    Raises:
        DeclarationError: a faulty file, two series of one name, or a name in ``only`` that is not
            declared.
    """
    found = load_folder(directory, Series, "series")
    series = {name: declared for name, (_, declared) in found.items()}
    return choose(series, only, directory, "declarations of sensor series")
