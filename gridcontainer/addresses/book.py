"""Which data sets teach where addresses are, and which are to be located: ``conf/addresses``."""

from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from gridcontainer.addresses.address import KEY_KINDS, KeyKind
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_model

Method = Literal[
    "key", "address", "lane", "neighbours", "crossing", "near_crossing", "place", "village",
    "road", "town", "district",
]  # fmt: skip
METHODS: tuple[Method, ...] = get_args(Method)
Metres = Annotated[float, Field(gt=0)]


class AreaSet(Model):
    """Polygons with names.

    Attributes:
        dataset: that holds them.
        name: column of their names.
    """

    dataset: Name
    name: str


class Areas(Model):
    """Districts, and the towns in them.

    Attributes:
        districts: polygons.
        towns: polygons.
        codes: the district that a row's code means, for codes that no polygon has today.
        tolerance_metres: a place this near to an area counts as in it: outlines are simplified.
    """

    districts: AreaSet
    towns: AreaSet
    codes: dict[str, str] = Field(default_factory=dict)
    tolerance_metres: Metres = 400


class GazetteerSource(Model):
    """Located objects whose texts say where an address is.

    Attributes:
        dataset: with positions.
        text: an expression on its columns: the address or name.
        uncertainty_metres: of its positions.
        kinds: the keys of its texts that are to be believed; all where missing.
        reported_in: what says in which district its rows must be, if anything does: rows that lie
            elsewhere are left out.
        along: metres between the points taken from lines; only the given position where missing.
    """

    dataset: Name
    text: Expression
    uncertainty_metres: Metres
    kinds: list[KeyKind] = Field(default_factory=lambda: list(KEY_KINDS))
    reported_in: "Report | None" = None
    along: Metres | None = None


class Report(Model):
    """A data set that tells for each text the district it is in.

    Attributes:
        dataset: without positions.
        text: expression that equals the source's text.
        district: expression for the district's name.
    """

    dataset: Name
    text: Expression
    district: Expression


class Records(Model):
    """A data set without positions.

    Attributes:
        dataset: with a business key.
        text: an expression on its columns: the address; none for rows that have but a key.
        district: an expression: name or code of the district, where the row knows it.
    """

    dataset: Name
    text: Expression | None = None
    district: Expression | None = None


class Calibration(Model):
    """How far a method's reckoning can be trusted, measured on hidden addresses.

    Attributes:
        scale: stated uncertainty over reckoned metres.
        weight: share of places that lie within the stated uncertainty.
    """

    scale: Annotated[float, Field(gt=0)] = 1.0
    weight: Annotated[float, Field(ge=0, le=1)] = 0.5


class AddressBook(Model):
    """A city's addresses.

    Attributes:
        areas: districts and towns.
        gazetteer: what teaches where addresses are.
        records: what is to be located.
        ambiguous_metres: places of one name that lie further apart are not one place.
        calibration: by method; see ``docs/addresses.md``.
    """

    areas: Areas
    gazetteer: Annotated[list[GazetteerSource], Field(min_length=1)]
    records: list[Records]
    ambiguous_metres: Metres = 2000
    calibration: dict[Method, Calibration] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _each_record_once(self) -> Self:
        names = [records.dataset for records in self.records]
        if len(set(names)) < len(names):
            raise ValueError("records names a data set twice")
        return self

    def calibrated(self, method: Method) -> Calibration:
        """The method's calibration; the default where none was measured."""
        return self.calibration.get(method, Calibration())


def load_address_book(path: Path) -> AddressBook:
    """Read a city's address book.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    return load_model(path, AddressBook)
