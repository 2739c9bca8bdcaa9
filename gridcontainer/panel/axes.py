"""The two axes of an indicator: its cells, and the steps of its calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.errors import DeclarationError
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.steps import number_of_day, step_start

MOST_VALUES: Final = 500_000_000  # of the finest level of an indicator
_SCHEMA: Final = "number long, time timestamp"


@dataclass(frozen=True)
class Calendar:
    """Steps from a first to a last one, without a gap.

    Attributes:
        first: number of the step.
        last: number of the step.
        frame: ``number``, ``time`` (UTC) and ``told`` of each.
    """

    first: int
    last: int
    frame: DataFrame

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Extent:
    """Between which cells and steps all of some keys lie, ends included.

    Attributes:
        keys: how many there are.
        cells: first and last, of the indicator's finest level.
        numbers: of the first and last step.
    """

    keys: int
    cells: tuple[int, int]
    numbers: tuple[int, int]

    @classmethod
    def of(cls, keys: DataFrame) -> Self | None:
        """Of keys with ``cell`` and ``number``; None without any."""
        ends = [F.count("*"), F.min("cell"), F.max("cell"), F.min("number"), F.max("number")]
        count, first_cell, last_cell, first, last = keys.agg(*ends).collect()[0]
        return cls(count, (first_cell, last_cell), (first, last)) if count else None


def make_calendar(
    spark: SparkSession, indicator: Indicator, zone: str, records: DataFrame
) -> Calendar:
    """The calendar of an indicator: as declared, else from the source's first step to its last.

    Raises:
        DeclarationError: neither says when it begins or ends.
    """
    step = indicator.step
    first, last = 0, 0
    if step != "static":
        found = records.agg(F.min("number"), F.max("number")).collect()[0]
        first = _end(indicator, indicator.since, found[0], zone, is_last=False)
        last = _end(indicator, indicator.until, found[1], zone, is_last=True)
    numbers = range(first, last + 1)
    frame = spark.createDataFrame([(n, step_start(n, step, zone)) for n in numbers], _SCHEMA)
    if indicator.silent == "missing":
        told = records.select("number").distinct().withColumn("told", F.lit(True))
        frame = frame.join(told, "number", "left")
        return Calendar(first, last, frame.withColumn("told", F.coalesce("told", F.lit(False))))
    return Calendar(first, last, frame.withColumn("told", F.lit(True)))


def _end(
    indicator: Indicator, day: date | None, found: int | None, zone: str, *, is_last: bool
) -> int:
    if day is not None:
        return number_of_day(day, indicator.step, zone, is_last=is_last)
    if found is None:
        raise DeclarationError(
            f"{indicator.indicator}: its source has no record with a time; declare since and until "
            "for a calendar without any, or correct where"
        )
    return int(found)


def all_cells(land: DataFrame, records: DataFrame) -> DataFrame:
    """Column ``cell``: those of the land, and those off it (or nowhere) that have a record."""
    return land.unionByName(records.select("cell")).distinct()


def cross(cells: DataFrame, steps: DataFrame) -> DataFrame:
    """Each cell with each step."""
    return cells.crossJoin(F.broadcast(steps))


def require_bearable(indicator: Indicator, cells: int, steps: int) -> None:
    """Refuse a panel that nobody meant.

    Raises:
        DeclarationError: more than ``MOST_VALUES``.
    """
    if cells * steps > MOST_VALUES:
        raise DeclarationError(
            f"{indicator.indicator}: {cells:,} cells of level {indicator.finest} x {steps:,} steps "
            f"are more than {MOST_VALUES:,} values; leave out the finest level, or take a longer "
            "step"
        )


def numbers_frame(spark: SparkSession, numbers: Sequence[int]) -> DataFrame:
    """Numbers of steps as a column."""
    return spark.createDataFrame([(number,) for number in numbers], "number long")
