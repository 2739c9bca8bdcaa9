"""A night: its date, its container, and all that is declared for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from gridcontainer.addresses.book import AddressBook, load_address_book
from gridcontainer.container.declaration import (
    CityProfile,
    Declaration,
    load_city,
    load_declarations,
)
from gridcontainer.container.files import Files, find_version
from gridcontainer.container.hadoop_files import open_files
from gridcontainer.container.runs import digest_of
from gridcontainer.container.storage import Storage
from gridcontainer.identity import IdentityStorage, PlaceMapping, load_mappings
from gridcontainer.linkage import Link, load_links
from gridcontainer.nightly.declaration import Nightly
from gridcontainer.nightly.sessions import Session
from gridcontainer.panel import Indicator, load_indicators
from gridcontainer.reconstruction import Reconstruction, load_reconstruction
from gridcontainer.sensors.declaration import Series, load_all_series


@dataclass(frozen=True)
class Night:
    """All that the steps of one night work with.

    Attributes:
        date: that names the night.
        storage: the container.
        sources: folder of the source files.
        declared: the city's night.
        city: the city's profile.
        datasets: declarations of data sets by name, ``{date}`` replaced.
        session: of Spark.
    """

    date: date
    storage: Storage
    sources: Path
    declared: Nightly
    city: CityProfile
    datasets: dict[str, Declaration]
    session: Session

    @cached_property
    def files(self) -> Files:
        """Small files of the container."""
        return open_files(self.storage.root, self.session.spark)

    @property
    def identities(self) -> IdentityStorage:
        """The tables of identities."""
        return IdentityStorage(self.storage)

    @cached_property
    def book(self) -> AddressBook | None:
        """The address book, if the city has one."""
        return load_address_book(self.declared.addresses) if self.declared.addresses else None

    @cached_property
    def links(self) -> list[Link]:
        """The linkages."""
        return load_links(self.declared.links, self.datasets) if self.declared.links else []

    @cached_property
    def mappings(self) -> list[PlaceMapping]:
        """The mappings by place."""
        folder = self.declared.mappings
        return load_mappings(folder, list(self.datasets)) if folder else []

    @cached_property
    def series(self) -> list[Series]:
        """The series of sensors whose data set is declared."""
        folder = self.declared.sensors
        return load_all_series(folder) if folder else []

    @cached_property
    def reconstruction(self) -> Reconstruction:
        """What is told of cells; without a declaration only counts."""
        declared = self.declared.reconstruction
        return load_reconstruction(declared, self.datasets) if declared else Reconstruction()

    @cached_property
    def indicators(self) -> list[Indicator]:
        """Those of the panel."""
        folder = self.declared.panel
        return load_indicators(folder, self.datasets) if folder else []

    def path(self, dataset: str) -> str:
        """Of a declared data set's table."""
        return self.storage.dataset(self.datasets[dataset].department, dataset)

    def version_of(self, table: str) -> int | None:
        """The newest version of a table by its log; None where there is none."""
        return find_version(self.files, table)

    def versions(self, names: Iterable[str], *others: str) -> str:
        """A digest that changes when one of these data sets does, or one of the other texts."""
        known = sorted(name for name in set(names) if name in self.datasets)
        versions = [f"{name}@{self.version_of(self.path(name))}" for name in known]
        return digest_of(*versions, *others)


def open_night(
    day: date, declared: Nightly, *, sources: Path, container: str, session: Session
) -> Night:
    """Read all declarations of a night, so that what is wrong in them is told before it begins.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    city = load_city(declared.city)
    datasets = [dated(one, day) for one in load_declarations(declared.datasets, city)]
    night = Night(
        date=day,
        storage=Storage(container),
        sources=sources,
        declared=declared,
        city=city,
        datasets={one.dataset: one for one in datasets},
        session=session,
    )
    _ = (
        night.book,
        night.links,
        night.mappings,
        night.series,
        night.reconstruction,
        night.indicators,
    )
    return night


def dated(declaration: Declaration, day: date) -> Declaration:
    """The declaration with the night's date where its source's path says ``{date}``."""
    path = declaration.source.path.replace("{date}", day.isoformat())
    source = declaration.source.model_copy(update={"path": path})
    return declaration.model_copy(update={"source": source})
