"""What a container knows about its city's addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, SparkSession

from gridcontainer.addresses.areas import AreaIndex, build_areas
from gridcontainer.addresses.book import AddressBook, GazetteerSource, Report
from gridcontainer.addresses.gazetteer import Gazetteer, located_texts, to_anchors, to_entries
from gridcontainer.addresses.keyed import within_reports
from gridcontainer.addresses.texts import declared_text
from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.query.open_table import column_names_of
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import read_current
from gridcontainer.container.tables.log import require_log
from gridcontainer.errors import AddressError


@dataclass(frozen=True)
class City:
    """A container with what is declared about it.

    Attributes:
        spark: the session.
        storage: the container.
        profile: the city's.
        declarations: of its data sets, by name.
        book: of its addresses.
    """

    spark: SparkSession
    storage: Storage
    profile: CityProfile
    declarations: Mapping[str, Declaration]
    book: AddressBook

    def has(self, dataset: str) -> bool:
        """Whether the container holds a data set."""
        return dataset in {name for _, name, _ in self.storage.find_datasets()}

    def path(self, dataset: str) -> str:
        """Of a data set's table.

        Raises:
            DatasetError: the container has none of that name.
        """
        return self.storage.find_datasets([dataset])[0][2]

    def rows(self, dataset: str) -> DataFrame:
        """Of a data set that are valid now."""
        return read_current(self.spark, self.path(dataset))

    def names(self, dataset: str) -> ColumnNames:
        """Both names of each column of a dataset.

        Raises:
            DatasetError: the container has none of that name.
        """
        return column_names_of(self.storage, dataset)

    def version(self, dataset: str) -> str:
        """A text that changes when a data set's table does; that it is not there is one too."""
        number = require_log(self.path(dataset)).version() if self.has(dataset) else "none"
        return f"{dataset}@{number}"

    @property
    def sources(self) -> list[GazetteerSource]:
        """Those of the gazetteer that the container holds."""
        return [source for source in self.book.gazetteer if self.has(source.dataset)]


@dataclass(frozen=True)
class Knowledge:
    """Names and areas of a city.

    Attributes:
        gazetteer: where names are.
        areas: districts and towns.
    """

    gazetteer: Gazetteer
    areas: AreaIndex


def read_areas(city: City) -> AreaIndex:
    """The city's districts and towns.

    Raises:
        DatasetError: the container does not hold them.
    """
    areas = city.book.areas
    names = [
        city.names(one.dataset).resolve(one.name, one.dataset)
        for one in (areas.districts, areas.towns)
    ]
    return build_areas(
        city.rows(areas.districts.dataset),
        city.rows(areas.towns.dataset),
        names=(names[0], names[1]),
        codes=areas.codes,
        tolerance_metres=areas.tolerance_metres,
    )


def read_located(city: City, areas: AreaIndex) -> DataFrame:
    """Located texts of all sources of the gazetteer; see ``located_texts``.

    Raises:
        AddressError: the container holds none of the sources.
    """
    parts = [_located(city, source, areas) for source in city.sources]
    if not parts:
        names = ", ".join(source.dataset for source in city.book.gazetteer)
        raise AddressError(f"{city.storage.root} holds no source of a gazetteer: {names}")
    return reduce(DataFrame.unionByName, parts)


def build_knowledge(located: DataFrame, areas: AreaIndex) -> Knowledge:
    """The gazetteer of located texts; kept in memory or on disk while it is in use."""
    anchors = located.transform(to_anchors, areas=areas).persist()
    return Knowledge(Gazetteer(anchors, to_entries(anchors).persist()), areas)


def _located(city: City, source: GazetteerSource, areas: AreaIndex) -> DataFrame:
    over = source.model_copy(update={"text": city.names(source.dataset).rename(source.text)})
    located = city.rows(source.dataset).transform(located_texts, source=over)
    report = source.reported_in
    if report is None or not city.has(report.dataset):
        return located
    return located.transform(within_reports, reports=_reports(city, report), areas=areas)


def _reports(city: City, report: Report) -> DataFrame:
    rows, names = city.rows(report.dataset), city.names(report.dataset)
    said = {"text": report.text, "district": report.district}
    return rows.select(
        *(
            declared_text(rows, names.rename(expression), place=f"{report.dataset}: {key}").alias(
                key
            )
            for key, expression in said.items()
        )
    )
