"""A city's night as it is declared: which steps there are, and what each comes after."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_model

DELTA_HOURS: Final = 168  # Delta itself refuses to remove files that went out of use later


class Step(Model):
    """One step of the night.

    Attributes:
        step: its name.
        after: steps that it comes after.
    """

    step: Name
    after: list[Name] = Field(default=[])


class Reader(Model):
    """Somebody who reads the tables for long.

    Attributes:
        reader: a name for people.
        hours: for which one reading may last, at most.
    """

    reader: str
    hours: Annotated[float, Field(gt=0)]


class Retention(Model):
    """For how long what is no longer current is kept.

    Attributes:
        hours: since a file went out of use.
        readers: that must not lose what they read; ``hours`` covers the longest.
    """

    hours: Annotated[int, Field(ge=DELTA_HOURS)] = DELTA_HOURS
    readers: list[Reader] = Field(default=[])

    @model_validator(mode="after")
    def _covers_readers(self) -> Self:
        longest = max(self.readers, key=lambda reader: reader.hours, default=None)
        if longest is not None and longest.hours > self.hours:
            raise ValueError(
                f"hours: {self.hours} are fewer than {longest.reader} reads for "
                f"({longest.hours:g}); give at least as many"
            )
        return self


class Nightly(Model):
    """A city's night: one YAML file, such as ``conf/nightly.yaml``.

    Paths are relative to the folder of the file; what a city does not have is left out.

    Attributes:
        title: a line for people.
        city: the city's profile.
        datasets: folder of the data sets' declarations.
        addresses: the city's address book.
        links: folder of the linkages.
        mappings: folder of the mappings by place.
        sensors: folder of the series.
        reconstruction: what is told of cells.
        panel: folder of the indicators.
        steps: of the night.
        at_once: data sets that are ingested at a time.
        lock_minutes: after which a lock whose owner gives no sign of life is taken over.
        retention: of what is no longer current.
    """

    title: str = "The night"
    city: Path
    datasets: Path
    addresses: Path | None = None
    links: Path | None = None
    mappings: Path | None = None
    sensors: Path | None = None
    reconstruction: Path | None = None
    panel: Path | None = None
    steps: Annotated[list[Step], Field(min_length=1)]
    at_once: Annotated[int, Field(ge=1)] = 2
    lock_minutes: Annotated[float, Field(gt=0)] = 15
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _is_a_graph(self) -> Self:
        names = [step.step for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError("steps name a step twice")
        for step in self.steps:
            if unknown := [name for name in step.after if name not in names]:
                raise ValueError(f"{step.step} comes after {', '.join(unknown)}, which is no step")
        try:
            self.order()
        except CycleError as error:
            raise ValueError(
                f"steps that wait for each other: {' after '.join(error.args[1])}"
            ) from None
        return self

    def order(self) -> list[str]:
        """The steps, each after those that it comes after; else as they are written."""
        sorter = TopologicalSorter({step.step: step.after for step in self.steps})
        place = {step.step: number for number, step in enumerate(self.steps)}
        sorter.prepare()
        found: list[str] = []
        ready = list(sorter.get_ready())
        while ready:
            first = min(ready, key=place.__getitem__)
            ready.remove(first)
            found.append(first)
            sorter.done(first)
            ready += sorter.get_ready()
        return found

    def since(self, step: str) -> list[str]:
        """A step and all that come after it, in order."""
        after = {one.step: one.after for one in self.steps}
        found = {step}
        for name in self.order():
            if found & set(after[name]):
                found.add(name)
        return [name for name in self.order() if name in found]


def load_nightly(path: Path) -> Nightly:
    """Read a city's night; its paths come back as they are from here.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    nightly = load_model(path, Nightly)
    named = (
        *("city", "datasets", "addresses", "links", "mappings", "sensors"),
        *("reconstruction", "panel"),
    )
    given = {name: getattr(nightly, name) for name in named}
    return nightly.model_copy(
        update={name: path.parent / to for name, to in given.items() if to is not None}
    )
