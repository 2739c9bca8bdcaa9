"""Which values a change of the source touches: cells, steps, and those that these reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, functions as F

from gridcontainer.panel.axes import Calendar, cross, numbers_frame
from gridcontainer.panel.declaration import Indicator
from gridcontainer.spark.city_cells import CITY_CELL, at_levels
from gridcontainer.spark.persisted import checkpoint


@dataclass(frozen=True)
class Touched:
    """Keys at the finest level; all have ``cell``, ``number``, ``time``, ``told``.

    Attributes:
        keys: whose values are to be computed anew.
        inputs: whose records these need: their neighbours in time as well.
        gone: of cells that the panel is to have no more, at each step of the calendar.
        head: of the indicator's first step.
        cells: that the panel has, and is to have.
        steps: of the calendar.
    """

    keys: DataFrame
    inputs: DataFrame
    gone: DataFrame
    head: DataFrame
    cells: "Cells"
    steps: DataFrame

    def vanished(self, levels: Sequence[int]) -> DataFrame:
        """``grid_level`` and ``cell`` of cells that the panel is to have no more."""
        removed, now = (
            at_levels(frame, levels).distinct() for frame in (self.cells.removed, self.cells.now)
        )
        return removed.join(now, ["grid_level", "cell"], "left_anti")


@dataclass(frozen=True)
class Cells:
    """Cells of the panel at the finest level, as a column each.

    Attributes:
        now: that it is to have.
        added: of them, those that it has not.
        removed: that it has, and is not to have.
    """

    now: DataFrame
    added: DataFrame
    removed: DataFrame


def find_touched(
    indicator: Indicator,
    feed: DataFrame,
    records: DataFrame,
    *,
    land: DataFrame,
    held: DataFrame,
    held_steps: DataFrame,
    calendar: Calendar,
    is_suppressed: bool,
) -> Touched:
    """What is to be computed anew.

    Args:
        indicator: its declaration.
        feed: records that came or went.
        records: all that there are now; of one cell and step, one is enough.
        land: cells of the city.
        held: values of the finest level that the panel has, with ``number``.
        held_steps: ``number`` of the steps that the panel has, and ``was_told``.
        calendar: of the records that there are now.
        is_suppressed: what is hidden in a step depends on all its cells.
    """
    spark = feed.sparkSession
    fed = checkpoint(feed.select("cell", "number").distinct())
    cells = find_cells(fed, records, land, held)
    whole = checkpoint(_whole_steps(indicator, fed, records, held_steps, calendar))
    if is_suppressed:
        moved = not (cells.added.isEmpty() and cells.removed.isEmpty())
        first = numbers_frame(spark, [calendar.first])
        steps = calendar.frame.select("number") if moved else fed.select("number").union(first)
        whole = whole.union(steps).distinct()
    changed = (
        fed.join(cells.now, "cell", "left_semi")
        .union(cells.added.crossJoin(calendar.frame.select("number")).select("cell", "number"))
        .union(cells.now.crossJoin(whole).select("cell", "number"))
    )
    head = _head(calendar)
    if indicator.finest == 0:
        changed = changed.union(head.select("cell", "number"))
    reach = indicator.cleaning.reach
    keys = checkpoint(_widen(changed, reach, calendar))
    inputs = checkpoint(_widen(keys.select("cell", "number"), reach, calendar)) if reach else keys
    gone = cross(cells.removed, calendar.frame)
    return Touched(keys, inputs, gone, head, cells, calendar.frame)


def find_cells(fed: DataFrame, records: DataFrame, land: DataFrame, held: DataFrame) -> Cells:
    """Cells off the land are in the panel while they have a record."""
    off = checkpoint(fed.select("cell").distinct().join(land, "cell", "left_anti"))
    present = records.select("cell").join(off, "cell", "left_semi").distinct()
    known = held.select("cell").distinct()
    added = checkpoint(present.join(known, "cell", "left_anti"))
    gone = known.join(off, "cell", "left_semi").join(present, "cell", "left_anti")
    removed = checkpoint(gone)
    return Cells(known.join(removed, "cell", "left_anti").union(added), added, removed)


def _whole_steps(
    indicator: Indicator,
    fed: DataFrame,
    records: DataFrame,
    held_steps: DataFrame,
    calendar: Calendar,
) -> DataFrame:
    """Steps of which every cell is touched: the calendar got or lost them, or their silence."""
    now = calendar.frame.select("number")
    moved = now.join(held_steps, "number", "left_anti")
    if indicator.cleaning.reach:  # what is gone is no neighbour any more
        moved = moved.union(held_steps.select("number").join(now, "number", "left_anti"))
    if indicator.silent == "missing":
        told = records.join(fed, "number", "left_semi").select("number").distinct()
        was = held_steps.where("was_told").select("number").join(fed, "number", "left_semi")
        moved = moved.union(told.join(was, "number", "left_anti"))
        moved = moved.union(was.join(told, "number", "left_anti"))
    return moved.distinct()


def _widen(keys: DataFrame, reach: int, calendar: Calendar) -> DataFrame:
    """Keys and their neighbours in time, of the calendar, each once."""
    if reach:
        steps = F.explode(F.sequence(F.col("number") - reach, F.col("number") + reach))
        keys = keys.select("cell", steps.alias("number"))
    return (
        keys.distinct()
        .join(F.broadcast(calendar.frame), "number")
        .select("cell", "number", "time", "told")
    )


def _head(calendar: Calendar) -> DataFrame:
    first = calendar.frame.where(F.col("number") == calendar.first)
    return first.select(F.lit(CITY_CELL).cast("long").alias("cell"), "number", "time", "told")
