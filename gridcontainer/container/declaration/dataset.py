"""One data set, as its department declares it."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.city import CityProfile
from gridcontainer.container.declaration.fields import (
    Datum,
    Kind,
    LevelNumber,
    Name,
    Sensitivity,
)
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.source import Position, Source, Time
from gridcontainer.container.declaration.yaml_file import load_model
from gridcontainer.errors import DeclarationError


class MendingRule(Model):
    """What to do with rows that were set aside: a rule, so that it holds for the next run too.

    Attributes:
        reason: for which the rows were set aside.
        where: a Spark SQL condition on the source's columns; all rows of the reason where missing.
        set: Spark SQL expressions on the source's columns as they came, by the column to set.
    """

    reason: str
    where: str | None = None
    set: Annotated[dict[str, str], Field(min_length=1)]


class Relation(Model):
    """A foreign key: the values of ``columns`` are a key of another data set.

    Attributes:
        columns: of this data set.
        dataset: the other.
        to: its columns, in the same order.
    """

    columns: Annotated[list[str], Field(min_length=1)]
    dataset: Name
    to: Annotated[list[str], Field(min_length=1)]

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.columns) != len(self.to):
            raise ValueError("columns and to name as many columns")
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
        position: how a row says where it is; none for a ``table``.
        time: when a row happened; the rows of ``events``, ``trajectories`` and ``series`` need it.
        key: the columns of the business key; a row that repeats the key of an earlier valid row is
            set aside. Empty: the row number is the key.
        label: the column to show to people.
        level: at which rows are coded; the city's level for the kind where missing.
        outside_city: ``keep`` keeps rows outside the city's extent.
        missing: texts that mean "no value" in a coordinate, beside the empty one.
        absent: what becomes of a row whose key the source no longer has: ``keep`` or ``delete``.
            Where missing: ``keep`` with a key, ``delete`` without one.
        history: a row that changes is closed (``valid_to``) and a new one opened, and one that is
            to be deleted is closed: the table keeps what was valid when.
        mend: rules for rows that cannot go in as they came.
        relations: to the business keys of other data sets.
        units: of columns, by name, such as ``m`` or ``CNY/m2``.
        owner: whom to ask.
        sensitivity: by column; what is not named is public.
        tags: to find the data set by.
    """

    dataset: Name
    department: Name
    title: str
    kind: Kind
    source: Source
    datum: Datum | None = None
    position: Position | None = None
    time: Time | None = None
    key: list[str] = []
    label: str | None = None
    level: LevelNumber | None = None
    outside_city: Literal["set_aside", "keep"] = "set_aside"
    missing: list[str] = ["-", "—", "--", "null", "NULL", "None"]
    absent: Literal["keep", "delete"] | None = None
    history: bool = False
    mend: list[MendingRule] = []
    relations: list[Relation] = []
    units: dict[str, str] = {}
    owner: str | None = None
    sensitivity: dict[str, Sensitivity] = {}
    tags: list[str] = []

    @model_validator(mode="after")
    def _what_the_kind_needs(self) -> Self:
        if (self.position is None) != (self.kind == "table"):
            raise ValueError("position is what every kind but table needs, and table has none")
        if self.time is None and self.kind in ("events", "trajectories", "series"):
            raise ValueError(f"time is what {self.kind} need: columns, format")
        if not self.key and (self.history or self.absent == "keep"):
            raise ValueError("key is what history and absent: keep need, to know a row again")
        return self

    @property
    def deletes_absent(self) -> bool:
        """Whether a row goes that the source no longer has."""
        return self.absent == "delete" or (self.absent is None and not self.key)

    def with_columns(self, names: Mapping[str, str]) -> Self:
        """The same declaration over a frame whose columns have other names."""
        position, time = self.position, self.time
        parts = ("lon", "lat", "geometry") if position else ()
        renamed = {p: names[c] for p in parts if (c := getattr(position, p)) is not None}
        times = [names[column] for column in time.columns] if time else []
        return self.model_copy(
            update={
                "position": position and position.model_copy(update=renamed),
                "time": time and time.model_copy(update={"columns": times}),
                "key": [names[column] for column in self.key],
                "label": self.label and names[self.label],
            }
        )

    @property
    def has_shape(self) -> bool:
        """Whether a row's position is a shape."""
        return self.position is not None and self.position.geometry is not None

    def fingerprint(self) -> str:
        """A digest that changes when the declaration does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


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
