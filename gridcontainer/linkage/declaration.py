"""A linkage as the city declares it: one YAML file in ``conf/links``."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import choose, load_folder
from gridcontainer.errors import DeclarationError

Metres = Annotated[float, Field(gt=0, le=100_000)]


class NameComparison(Model):
    """By what names say: core, parts, addresses in them.

    Attributes:
        generic: endings that say nothing, such as 小区 or 有限公司.
        endings: that say what kind of place it is, such as 花园 and 大厦.
        types: words that, in brackets, tell parts of one place apart, such as 公寓 and 别墅.
    """

    kind: Literal["name"]
    generic: list[str] = []
    endings: list[str] = []
    types: list[str] = []


class PlacesComparison(Model):
    """By the places that names name: a bus stop's both roads, what stands there, the station.

    Attributes:
        generic: endings that say nothing, such as 地铁站.
    """

    kind: Literal["places"]
    generic: list[str] = []


class LatinComparison(Model):
    """By names in Chinese and in English."""

    kind: Literal["latin_name"]


class AddressComparison(Model):
    """By the roads and numbers that stand in names and addresses."""

    kind: Literal["address"]


class DistanceComparison(Model):
    """By how far apart the two are.

    Attributes:
        metres: limits of the levels, upward.
    """

    kind: Literal["distance"]
    metres: Annotated[list[Metres], Field(min_length=1)]

    @model_validator(mode="after")
    def _upward(self) -> Self:
        if sorted(set(self.metres)) != self.metres:
            raise ValueError("metres go upward, each once")
        return self


class SharedLevelsComparison(Model):
    """By how many levels of the grid code the two share; of ``distance`` or this, take one.

    Attributes:
        levels: of the grid, the finest first.
    """

    kind: Literal["shared_levels"]
    levels: Annotated[list[Annotated[int, Field(ge=1, le=10)]], Field(min_length=1)]


class EqualComparison(Model):
    """By whether a value is the same, such as a category or a day.

    Attributes:
        field: of the sources' ``fields``.
    """

    kind: Literal["equal"]
    field: Name


Comparison = Annotated[
    NameComparison
    | PlacesComparison
    | LatinComparison
    | AddressComparison
    | DistanceComparison
    | SharedLevelsComparison
    | EqualComparison,
    Field(discriminator="kind"),
]


class LinkSource(Model):
    """A data set that takes part.

    Attributes:
        dataset: of the container; it must have a business key and a position.
        name: its column of names.
        address: its column of addresses, if it has one.
        fields: its column for each field that is compared for equality: as numbers where a
            source has it in a column of numbers or declares its number format, else as text.
        many: its rows may be several of one object, such as a station's stops of each line.
    """

    dataset: Name
    name: str
    address: str | None = None
    fields: dict[Name, str] = {}
    many: bool = False


class Link(Model):
    """Which data sets have the same things, and how two rows of them are compared.

    Attributes:
        link: its name, unique in the city.
        title: a line for people.
        sources: the data sets; rows of different ones are linked.
        reach: metres; rows further apart are not compared.
        merges: rows that are linked are one thing; where False they only go together, as the stops
            at a station do: each stays an object of its own, and may go with any number.
        compare: how.
        expected_precision: the share of links that the model expects to be right; the threshold
            follows from it.
    """

    link: Name
    title: str
    sources: Annotated[list[LinkSource], Field(min_length=2)]
    reach: Metres
    compare: Annotated[list[Comparison], Field(min_length=1)]
    merges: bool = True
    expected_precision: Annotated[float, Field(gt=0.5, lt=1)] = 0.99

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [source.dataset for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError("sources name a data set twice")
        kinds = [getattr(c, "field", None) or c.kind for c in self.compare]
        if len(set(kinds)) < len(kinds):
            raise ValueError("compare has two comparisons of one kind")
        if {"name", "places"} <= set(kinds):
            raise ValueError("compare has name and places, which both read names: take one")
        if not self.merges and any(source.many for source in self.sources):
            raise ValueError("many is of linkages that merge: without, any number go together")
        for comparison in self.compare:
            if not isinstance(comparison, EqualComparison):
                continue
            if lacking := [s.dataset for s in self.sources if comparison.field not in s.fields]:
                raise ValueError(f"{comparison.field} is not in fields of {', '.join(lacking)}")
        return self

    @property
    def datasets(self) -> list[str]:
        """Their names, in their order."""
        return [source.dataset for source in self.sources]


def load_links(
    directory: Path, datasets: Collection[str], *, only: Sequence[str] = ()
) -> list[Link]:
    """Read all declarations of linkages, in order of name.

    Args:
        directory: of ``*.yaml``.
        datasets: names of the data sets that are declared.
        only: names of linkages; empty for all.

    Raises:
        DeclarationError: a faulty file, two linkages of one name, a data set that is not declared,
            or a name in ``only`` that is not there.
    """
    found = load_folder(directory, Link, "link")
    for path, link in found.values():
        if unknown := [name for name in link.datasets if name not in datasets]:
            raise DeclarationError(
                f"{path}: sources: {', '.join(unknown)} is not a declared data set; declare it, or "
                "correct the name"
            )
    links = {name: link for name, (_, link) in found.items()}
    return choose(links, only, directory, "declarations of linkages")
