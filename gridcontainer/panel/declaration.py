"""What an indicator is: its sources, steps, levels, and how its values are cleaned."""

import hashlib
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.fields import Name, TimeZone
from gridcontainer.container.declaration.model import Model
from gridcontainer.sensors.declaration import Range

Step = Literal["hour", "day", "month", "static"]
Aggregate = Literal["count", "sum", "mean", "min", "max", "distinct", "diversity"]
OF_CATEGORIES = ("distinct", "diversity")
OF_NUMBERS = ("sum", "mean", "min", "max")
Level = Annotated[int, Field(ge=0, le=5)]
Steps = Annotated[int, Field(ge=1, le=1000)]


class At(Model):
    """The data set whose rows say where those of the source are.

    Attributes:
        dataset: with positions or polygons; its first row of a key counts.
        by: its column, by the expression over the source that has the same value.
    """

    dataset: Name
    by: Annotated[dict[Expression, str], Field(min_length=1)]


class Spread(Model):
    """How the value of a polygon is moved to its cells; the sum stays the polygon's value.

    Attributes:
        weight: data set of points; a cell gets a share by those in the polygon and the cell. Where
            there are none in a polygon, and without it, shares are by area.
        value: expression for the weight of a point; 1 without it.
    """

    weight: Name | None = None
    value: Expression | None = None


class Source(Model):
    """Where records come from.

    Attributes:
        dataset: of the container.
        readings: or a sensor series: columns ``station``, ``quantity``, ``unit``, ``value``.
        where: condition for the rows that count.
        value: expression for the number that is aggregated. A text is read as its dataset's
            ``numbers`` declares it, else as a plain decimal number; one that cannot be read is
            rejected.
        time: expression for the wall-clock time of a row in the indicator's zone; else
            ``event_time``.
        place: ``own`` its cell, if it has one; ``located`` as ``gridcontainer locate`` found it.
        at: another data set that has the place.
        spread: the place is a polygon, whose value goes to all its cells.
    """

    dataset: Name | None = None
    readings: Name | None = None
    where: Expression | None = None
    value: Expression | None = None
    time: Expression | None = None
    place: Literal["own", "located"] = "own"
    at: At | None = None
    spread: Spread | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.dataset is None) == (self.readings is None):
            raise ValueError("needs dataset or readings, and not both")
        if self.place == "located" and (self.dataset is None or self.at or self.spread):
            raise ValueError("place: located needs dataset, and neither at nor spread")
        return self

    @property
    def named(self) -> list[str]:
        """The data sets that it reads."""
        return [*([self.dataset] if self.dataset else []), *self.others]

    @property
    def others(self) -> list[str]:
        """Of them, those that say where its records are."""
        named = [self.at.dataset if self.at else None, self.spread.weight if self.spread else None]
        return [name for name in named if name is not None]


class Outliers(Model):
    """Which values of a series are taken out: far from the median of their neighbours.

    Attributes:
        method: ``hampel`` by 1.4826 times the median deviation, ``iqr`` by the interquartile range
            divided by 1.349: both are the standard deviation where values are normal.
        window: steps on either side; what stands there counts, the value itself too.
        threshold: so many deviations are far.
    """

    method: Literal["hampel", "iqr"]
    window: Steps
    threshold: Annotated[float, Field(gt=0)]


class Interpolation(Model):
    """How gaps of a series are filled.

    Attributes:
        method: ``linear`` between the neighbours; ``locf`` the last value carried forward.
        limit: longest gap, in steps, that is filled (linear); how far a value is carried (locf).
    """

    method: Literal["linear", "locf"]
    limit: Steps


class Cleaning(Model):
    """What is done to records and to the series of a cell, in this order.

    Attributes:
        valid: lowest and highest value of a record, in the indicator's unit; others are rejected.
        outliers: of the finest cells' series.
        interpolation: of the finest cells' series.
    """

    valid: Range | None = None
    outliers: Outliers | None = None
    interpolation: Interpolation | None = None

    @property
    def reach(self) -> int:
        """How many steps a changed value can change others."""
        window = self.outliers.window if self.outliers else 0
        return window + (self.interpolation.limit if self.interpolation else 0)


class Shared(Model):
    """What the indicators of a file share, and each of them can say otherwise.

    Attributes:
        step: of time.
        time_zone: of the steps; the city's where missing.
        since: first local day of the calendar; else the source's own.
        until: last local day; else the source's own.
        silent: what a step is in which the source tells nothing of the whole city: ``zero`` where
            it would have told, ``missing`` where it may not have watched.
        levels: of cells; the whole city, level 0, is always there.
        absent: what a cell is without a record: ``zero`` or ``missing``; zero for counts.
        factor: from the source's unit to the indicator's.
        cleaning: of values.
        suppress_below: counts that are hidden; 5 where a data set has confidential columns.
    """

    step: Step = "static"
    time_zone: TimeZone | None = None
    since: date | None = None
    until: date | None = None
    silent: Literal["zero", "missing"] = "zero"
    levels: list[Level] = Field(default=[0])
    absent: Literal["zero", "missing"] | None = None
    factor: float = 1.0
    cleaning: Cleaning = Cleaning()
    suppress_below: Annotated[int, Field(ge=2)] | None = None


class Indicator(Shared):
    """One indicator, with all that its file says for it.

    Attributes:
        indicator: its name.
        title: for people.
        unit: of its values.
        department: whose it is.
        aggregate: of the records of a cell and step. ``diversity`` is Shannon's, in nats.
        category: expression for the category that ``distinct`` and ``diversity`` count.
        where: condition for the rows that count, beside the source's own condition.
        value: instead of the sources'.
        sources: whose records are put together.
    """

    indicator: Name
    title: str
    unit: str
    department: Name
    aggregate: Aggregate
    category: Expression | None = None
    where: Expression | None = None
    value: Expression | None = None
    sources: list[Source] = Field(min_length=1)

    @model_validator(mode="after")
    def _what_the_aggregate_needs(self) -> Self:
        by_category = self.aggregate in OF_CATEGORIES
        if by_category != (self.category is not None):
            raise ValueError(f"{self.indicator}: category is what distinct and diversity need")
        valued = all(self.value or source.value or source.readings for source in self.sources)
        if self.aggregate in OF_NUMBERS and not valued:
            raise ValueError(f"{self.indicator}: value is what {self.aggregate} needs")
        if self.aggregate != "sum" and any(source.spread for source in self.sources):
            raise ValueError(f"{self.indicator}: only a sum can be spread over cells")
        reaches = self.cleaning.reach > 0
        if reaches and (self.step == "static" or by_category or self.aggregate == "count"):
            raise ValueError(
                f"{self.indicator}: outliers and interpolation need a series of sum, mean, min, max"
            )
        if self.absent == "zero" and self.aggregate in ("mean", "min", "max", "diversity"):
            raise ValueError(f"{self.indicator}: {self.aggregate} of nothing is missing, not zero")
        return self

    @property
    def all_levels(self) -> list[int]:
        """From the whole city to the finest."""
        return sorted({0, *self.levels})

    @property
    def finest(self) -> int:
        """The level at which records are put together first."""
        return self.all_levels[-1]

    @property
    def empty_is_zero(self) -> bool:
        """Whether a cell without a record is zero rather than missing."""
        if self.absent is None:
            return self.aggregate in ("count", "distinct")
        return self.absent == "zero"

    @property
    def rolls_up(self) -> bool:
        """Whether a coarser cell follows from its finest ones, without the records."""
        return self.aggregate not in OF_CATEGORIES

    @property
    def is_costly(self) -> bool:
        """Whether its records take so long to place that they are not read twice."""
        return any(source.place == "located" or source.spread for source in self.sources)

    def digest(self) -> str:
        """Changes when the declaration does, but for what people read."""
        said = self.model_dump_json(exclude={"title", "unit", "department"})
        return hashlib.sha256(said.encode()).hexdigest()[:16]
