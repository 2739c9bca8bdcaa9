"""Facts to cells, cells to their parents: every figure of a cell says how it merges.

A *fact* is a row of a source: department, kind, name and cell, and what the source's figures are
taken from. A *summary* is a row for each of these with count, total, least, greatest, latest and
sketch; summaries of children merge to that of their parent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.container.tables.frames import as_schema
from gridcontainer.reconstruction.schemas import (
    DISTINCT,
    KEY,
    NUMBER,
    SUMMARY,
    UNREADABLE,
)
from gridcontainer.reconstruction.sketch import merged, sketch_of
from gridcontainer.spark.city_cells import CITY_LEVEL, FINEST_LEVEL, at_levels
from gridcontainer.spark.persisted import checkpoint

NEXT_LEVEL: Final = FINEST_LEVEL - 1
COARSER: Final = range(CITY_LEVEL, NEXT_LEVEL)
VALUE: Final = "value"  # the number of a fact that is one
AT: Final = "at"  # its time
MOST: Final = 1e15  # numbers beyond it are unreadable: of them not even tenths are known
_MILLIONTHS: Final = 1_000_000
_LIMB: Final = 2**32
CELL: Final = [*KEY, "grid_level"]
FIGURES: Final = [field.name for field in SUMMARY]


@dataclass(frozen=True)
class Figures:
    """What is summarised of the facts of a source.

    Attributes:
        numbers: columns of numbers; of the i-th the facts have ``number_i`` (double, null where
            there is none) and ``unreadable_i`` (something was written that is no number).
        distincts: columns whose different values are counted; in the facts ``distinct_i``.
        has_value: facts are numbers with a time themselves: ``value`` and ``at``.
    """

    numbers: tuple[str, ...] = ()
    distincts: tuple[str, ...] = ()
    has_value: bool = False

    @property
    def counted(self) -> list[str]:
        """Columns of the facts from which ``count`` takes figures."""
        own = [f"{part}_{i}" for i in range(len(self.numbers)) for part in ("number", "unreadable")]
        return [*own, *((VALUE, AT) if self.has_value else ())]

    @property
    def counted_apart(self) -> dict[str, str]:
        """Columns of the facts whose values ``distinct`` counts, with what each is called."""
        return {f"distinct_{i}": name for i, name in enumerate(self.distincts)}


def summarise(facts: DataFrame, figures: Figures) -> DataFrame:
    """The summary of each cell of the facts of a source."""
    apart = figures.counted_apart.items()
    parts = [count(facts, figures), *(distinct(facts, *each) for each in apart)]
    return reduce(DataFrame.unionByName, parts)


def merge_summaries(summaries: DataFrame, figures: Figures) -> DataFrame:
    """One summary for each key and ``grid_level``, of all that have it.

    Sketches go a way of their own: what has them in it, Spark can only group by sorting.
    """
    if not figures.distincts:
        return _merge_counts(summaries, figures)
    is_distinct = F.col("kind") == DISTINCT
    counts = _merge_counts(summaries.where(~is_distinct), figures)
    return counts.unionByName(_merge_sketches(summaries.where(is_distinct)))


def roll_up(summaries: DataFrame, levels: Sequence[int], figures: Figures) -> DataFrame:
    """Summaries of cells to those of their ancestors at coarser levels, ``grid_level``."""
    return merge_summaries(at_levels(summaries, levels), figures)


def with_ancestors(finest: DataFrame, figures: Figures) -> DataFrame:
    """Summaries of the finest cells and of all their ancestors, with ``grid_level``.

    The coarser ones are made of the next level, not of the finest: a sketch of the city of those
    of all small cells would hold them all in memory at once.

    Args:
        finest: summaries; read twice.
        figures: that they are of.
    """
    finest = finest.withColumn("grid_level", F.lit(FINEST_LEVEL))
    following = checkpoint(roll_up(finest, [NEXT_LEVEL], figures))
    coarser = roll_up(following, COARSER, figures)
    return finest.unionByName(following).unionByName(coarser)


def _merge_counts(summaries: DataFrame, figures: Figures) -> DataFrame:
    newest = [F.max(F.struct("latest_at", "latest")).alias("newest")] if figures.has_value else []
    merged_figures = summaries.groupBy(*CELL).agg(
        F.sum("count").alias("count"),
        F.sum("total").alias("total"),
        F.min("least").alias("least"),
        F.max("greatest").alias("greatest"),
        *newest,
    )
    values = {name: F.col(name) for name in ("count", "total", "least", "greatest")}
    if figures.has_value:
        values |= {name: F.col(f"newest.{name}") for name in ("latest", "latest_at")}
    return merged_figures.select(*CELL, *as_schema(SUMMARY, values, otherwise=F.lit(None)))


def _merge_sketches(summaries: DataFrame) -> DataFrame:
    values = {"count": F.sum("count"), "sketch": merged(F.col("sketch"))}
    found = summaries.groupBy(*CELL).agg(*(v.alias(name) for name, v in values.items()))
    own = {name: F.col(name) for name in values}
    return found.select(*CELL, *as_schema(SUMMARY, own, otherwise=F.lit(None)))


def count(facts: DataFrame, figures: Figures) -> DataFrame:
    """Summaries of rows and numbers, of which one pass makes all; a row for each kind."""
    names = [f"number_{index}" for index in range(len(figures.numbers))]
    unread = [_unread(index) for index in range(len(names))]
    names += [VALUE] if figures.has_value else []
    sums = [aggregate for index, name in enumerate(names) for aggregate in _number(index, name)]
    newest = [F.max(F.struct(AT, VALUE)).alias("newest")] if figures.has_value else []
    grouped = facts.groupBy(*KEY).agg(F.count("*").alias("rows"), *sums, *unread, *newest)
    own: dict[str, Column] = {"count": F.col("rows")}
    if figures.has_value:
        place = len(names) - 1
        newest_values = {"latest": F.col("newest.value"), "latest_at": F.col("newest.at")}
        own |= _figures_of(place) | newest_values | {"count": F.col("rows")}
    rows = [_row(F.col("kind"), F.col("name"), own)]
    for index, name in enumerate(figures.numbers):
        rows.append(_row(F.lit(NUMBER), F.lit(name), _figures_of(index)))
        unreadable = {"count": F.col(f"count_unreadable_{index}")}
        rows.append(_row(F.lit(UNREADABLE), F.lit(name), unreadable))
    exploded = grouped.select("department", "cell", F.inline(F.array(*rows)))
    return exploded.where(F.col("count") > 0).select(*KEY, *FIGURES)


def _number(index: int, name: str) -> Sequence[Column]:
    """Sums are of whole millionths: they are the same in whatever order they are made.

    They are kept in two parts, so that neither a large number nor many of them overflow.
    """
    number = F.col(name)
    millionths = F.round(number * _MILLIONTHS)
    high = F.floor(millionths / _LIMB)
    low = (millionths - high.cast("double") * _LIMB).cast("long")
    return (
        F.count(number).alias(f"count_{index}"),
        F.sum(high).alias(f"high_{index}"),
        F.sum(low).alias(f"low_{index}"),
        F.min(number).alias(f"least_{index}"),
        F.max(number).alias(f"greatest_{index}"),
    )


def _unread(index: int) -> Column:
    return F.count_if(f"unreadable_{index}").alias(f"count_unreadable_{index}")


def _figures_of(index: int) -> dict[str, Column]:
    high, low = (F.col(f"{part}_{index}").cast("decimal(20,0)") for part in ("high", "low"))
    millionths = high * F.lit(_LIMB).cast("decimal(10,0)") + low
    return {
        "count": F.col(f"count_{index}"),
        "total": millionths * F.lit("0.000001").cast("decimal(7,6)"),
        "least": F.col(f"least_{index}"),
        "greatest": F.col(f"greatest_{index}"),
    }


def _row(kind: Column, name: Column, values: dict[str, Column]) -> Column:
    columns = as_schema(SUMMARY, values, otherwise=F.lit(None))
    return F.struct(kind.alias("kind"), name.alias("name"), *columns)


def distinct(facts: DataFrame, column: str, name: str) -> DataFrame:
    """Summaries of a column's values, each of them once before they are collected.

    The hash aggregate keeps memory flat.

    Args:
        facts: facts of a source.
        column: one of ``Figures.counted_apart``.
        name: what it is called in the summaries.
    """
    value, keys = F.col(column), ["department", "cell"]
    known = facts.where(value.isNotNull()).select(*keys, value.alias("item"))
    once = known.groupBy(*keys, "item").agg(F.count("*").alias("count"))
    by_cell = once.groupBy(*keys).agg(
        F.sum("count").alias("count"), sketch_of(F.col("item")).alias("sketch")
    )
    values = {"count": F.col("count"), "sketch": F.col("sketch")}
    own = (F.lit(DISTINCT).alias("kind"), F.lit(name).alias("name"))
    rows = by_cell.select(*keys, *own, *as_schema(SUMMARY, values, otherwise=F.lit(None)))
    return rows.select(*KEY, *FIGURES)
