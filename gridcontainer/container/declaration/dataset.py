"""One data set, as its department declares it."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.fields import (
    Datum,
    Kind,
    LevelNumber,
    Name,
    Sensitivity,
)
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.numbers import KeyStep, NumberFormat
from gridcontainer.container.declaration.rules import MendingRule, Relation
from gridcontainer.container.declaration.source import Position, Source, Time


class Declaration(Model):
    """One data set.

    Attributes:
        dataset: its name, unique in the city.
        department: who owns it; must be in the city's profile.
        title: a line for people.
        kind: chooses the preset layout and level.
        source: where the rows lie.
        datum: of the source's coordinates; where missing the one that the files themselves say,
            else the city's default.
        accept_ballpark: take positions whose way to WGS 84 PROJ only guesses, or computes without
            a grid that is not installed; they may be some hundred metres off.
        position: how a row says where it is; none for a ``table``.
        time: when a row happened; the rows of ``events``, ``trajectories`` and ``series`` need it.
        key: the columns of the business key; a row that repeats the key of an earlier valid row is
            set aside. Empty: the row number is the key.
        key_normalisation: what is done to key texts before they are compared: ``nfkc`` makes
            full-width and other compatibility characters plain, ``blanks`` makes any run of white
            space one blank and drops it at the ends, ``case`` makes all letters small. Empty: keys
            are compared as they are written.
        totals: a condition on the source's columns that holds for rows that are sums of
            other rows, such as ``name = '合计'``: they are set aside, or a sum would count twice.
        label: the column to show to people.
        object_class: what the things are of which its rows are records, one of the city's classes;
            missing where they are no things, such as events and sums.
        level: at which rows are coded; the city's level for the kind where missing.
        outside_city: ``keep`` keeps rows outside the city's extent.
        keep: which record stays where several have one key, in order of file and row: ``first`` or
            ``last``. Where missing: the first, and a run says so if they are in several files.
        most_removed: share of its rows, in [0, 1], that one delivery may take away from the table;
            one that takes more (and more than one row) is refused until a person agrees. 1 allows
            everything, 0 nothing.
        may_be_empty: a delivery of which no record is sound is expected.
        missing: texts that mean "no value" in a coordinate, key, time or number, beside the empty
            one; white space around them does not matter.
        numbers: how numbers are written, by column of text; plain decimal where not named.
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
    accept_ballpark: bool = False
    position: Position | None = None
    time: Time | None = None
    key: list[str] = []
    key_normalisation: list[KeyStep] = []
    totals: Expression | None = None
    label: str | None = None
    object_class: Name | None = None
    level: LevelNumber | None = None
    outside_city: Literal["set_aside", "keep"] = "set_aside"
    missing: list[str] = ["-", "—", "--", "null", "NULL", "None"]
    keep: Literal["first", "last"] | None = None
    most_removed: Annotated[float, Field(ge=0, le=1)] = 0.2
    may_be_empty: bool = False
    numbers: dict[str, NumberFormat] = {}
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
        if not self.key and self.key_normalisation:
            raise ValueError("key is what key_normalisation is of")
        if not self.key and (self.history or self.absent == "keep"):
            raise ValueError("key is what history and absent: keep need, to know a row again")
        database = self.source.database
        if database is not None and not (database.order or self.key):
            raise ValueError("key is what rows of jdbc need to be numbered, or database.order")
        return self

    @property
    def deletes_absent(self) -> bool:
        """Whether a row goes that the source no longer has."""
        return self.absent == "delete" or (self.absent is None and not self.key)

    def with_columns(self, names: Mapping[str, str]) -> Self:
        """The same declaration over a frame whose columns have other names."""
        position, time = self.position, self.time
        parts = ("lon", "lat", "geometry", "height") if position else ()
        renamed = {p: names[c] for p in parts if (c := getattr(position, p)) is not None}
        times = [names[column] for column in time.columns] if time else []
        to_keys = [
            relation.model_copy(update={"columns": [names[c] for c in relation.columns]})
            for relation in self.relations
        ]
        return self.model_copy(
            update={
                "position": position and position.model_copy(update=renamed),
                "time": time and time.model_copy(update={"columns": times}),
                "key": [names[column] for column in self.key],
                "label": self.label and names[self.label],
                "totals": self.totals and self.totals.renamed(names),
                "mend": [rule.with_columns(names) for rule in self.mend],
                "relations": to_keys,
                "numbers": {names[column]: format for column, format in self.numbers.items()},
                "units": {names[column]: unit for column, unit in self.units.items()},
                "sensitivity": {names[column]: s for column, s in self.sensitivity.items()},
            }
        )

    def over_source(self, names: Mapping[str, str]) -> Self:
        """The same declaration over the source's names, where it names columns as stored.

        Args:
            names: stored name of each source column; those that do not differ may be missing. A
                name that the source has too means the source's column.
        """
        sources = {stored: column for column, stored in names.items() if stored not in names}
        declared = {*self.needed_columns, *self.described_columns}
        read = {name for _, expression in self.expressions for name in expression.columns}
        if sources.keys().isdisjoint(declared | read):
            return self
        return self.with_columns({**{name: name for name in declared}, **sources})

    @property
    def described_columns(self) -> list[str]:
        """The columns that rows can do without, and that must be in the source all the same."""
        related = [column for relation in self.relations for column in relation.columns]
        mended = [column for rule in self.mend for column in rule.set]
        named = [self.label, self.position.height if self.position else None]
        shown = [name for name in named if name is not None]
        return [*shown, *self.sensitivity, *self.units, *self.numbers, *related, *mended]

    @property
    def expressions(self) -> list[tuple[str, Expression]]:
        """Its conditions and expressions, each with its key in the file."""
        keyed = [("totals", self.totals)] if self.totals else []
        for number, rule in enumerate(self.mend):
            keyed += [(f"mend.{number}.{key}", expression) for key, expression in rule.expressions]
        return keyed

    def require_columns(self, present: Collection[str]) -> None:
        """Check that a source has the columns which conditions and expressions read.

        Args:
            present: names of the source's columns; a column may be read by its stored name too.

        Raises:
            DeclarationError: names the key, the missing column and the nearest ones.
        """
        known = dict.fromkeys([*present, *stored_names(list(present)).values()])
        for key, expression in self.expressions:
            expression.require_columns(known, place=f"{self.dataset}: {key}")

    @property
    def needed_columns(self) -> list[str]:
        """The columns without which a row cannot go in: position, time and key."""
        position = self.position
        parts = [position.lon, position.lat, position.geometry] if position else []
        times = self.time.columns if self.time else []
        named = [*self.key, *(name for name in parts if name is not None), *times]
        return list(dict.fromkeys(named))  # one column can hold both coordinates

    @property
    def has_shape(self) -> bool:
        """Whether a row's position is a shape."""
        return self.position is not None and self.position.geometry is not None

    def fingerprint(self) -> str:
        """A digest that changes when the declaration does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
