"""Only the cells that a source's changes touch, and their ancestors."""

from functools import reduce
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.feed import SIGN, read_feed
from gridcontainer.reconstruction.schemas import (
    CELLS_SCHEMA,
    KEY,
    SOURCE,
    SUMMARY,
)
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import (
    merge_summaries,
    summarise,
)
from gridcontainer.reconstruction.whole import COARSER, NEXT_LEVEL, state_row, to_cells, union
from gridcontainer.spark.city_cells import FINEST_LEVEL, at_levels
from gridcontainer.spark.kept import keep, kept

_PART: Final = "_part"  # what a summary is: of before, of what came, of what went
_BEFORE, _CAME, _WENT = "before", "came", "went"
_STALE: Final = "_stale"
_CELL: Final = [*KEY, "grid_level"]
_FIGURES: Final = [field.name for field in SUMMARY]
_ENDS: Final = ("least", "greatest", "latest_at")  # of what was before, that what went may reach
_LEVELS: Final = [*COARSER, NEXT_LEVEL, FINEST_LEVEL]
_MOST_CHANGED: Final = 0.25  # of the rows; above it all is made anew sooner


def write_changes(spark: SparkSession, source: Source, since: int, path: str) -> int | None:
    """Bring the changes of a source since a version into the table of cells; one commit.

    Counts and totals change by what came and went. What cannot be taken back (the least, the
    greatest, the latest, a sketch) is made anew, but only in cells where what went may have been
    it: in the finest cells from the source's rows, in others from their children.

    Returns:
        Rows of the table of cells that were written; None where the feed cannot tell, or tells of
        so much that the whole is sooner made anew.
    """
    feed = read_feed(spark, source.path, since, source.version)
    if feed is None:
        return None
    with kept(source.facts(feed)) as facts:
        if facts.count() > _MOST_CHANGED * spark.read.format("delta").load(source.path).count():
            return None
        with kept(summarise(_netted(facts), source.figures, apart=[_PART])) as changes:
            held = spark.read.format("delta").load(path)
            held = held.where((F.col("source") == source.name) & (F.col("kind") != SOURCE))
            before = held.select(*_CELL, *_FIGURES)
            with kept(_combine(before, at_levels(changes, _LEVELS))) as combined:
                cells = to_cells(_refresh(spark, source, before, combined), source)
                return _merge(union(cells, state_row(spark, source)), source, path)


def _netted(facts: DataFrame) -> DataFrame:
    """The facts that came and those that went, without those that did both."""
    columns = [F.col(f"`{name}`") for name in facts.columns if name != SIGN]
    net = facts.groupBy(*columns).agg(F.sum(SIGN).alias("net")).where("net != 0")
    part = F.when(F.col("net") > 0, _CAME).otherwise(_WENT)
    copies = F.explode(F.sequence(F.lit(1).cast("long"), F.abs("net")))
    return net.select(*columns, part.alias(_PART), copies.alias("copy")).drop("copy")


def _combine(before: DataFrame, changes: DataFrame) -> DataFrame:
    """The touched cells as they are now, and whether what cannot be taken back may be wrong.

    Of an empty one the count, 0, is all that stays: its parents are to have nothing of it.
    """
    touched = changes.select(*_CELL).distinct()
    old = before.join(touched, _CELL, "left_semi").withColumn(_PART, F.lit(_BEFORE))
    parts = merge_summaries(changes, apart=["grid_level", _PART]).unionByName(old)
    is_went, is_old = F.col(_PART) == _WENT, F.col(_PART) == _BEFORE
    signed = {
        name: F.when(is_went, -F.col(name)).otherwise(F.col(name)) for name in ("count", "total")
    }
    ends = {name: F.when(~is_went, F.col(name)) for name in _FIGURES if name not in signed}
    lost = {f"went_{name}": F.max(F.when(is_went, F.col(name))) for name in _ENDS}
    held = {f"old_{name}": F.max(F.when(is_old, F.col(name))) for name in _ENDS}
    doubt = parts.groupBy(*_CELL).agg(
        *(value.alias(name) for name, value in (lost | held).items()),
        F.count_if(is_went & F.col("sketch").isNotNull()).alias("went_values"),
    )
    now = merge_summaries(parts.withColumns(signed | ends), apart=["grid_level"])
    emptied = {
        name: F.when(F.col("count") > 0, F.col(name)) for name in _FIGURES if name != "count"
    }
    stale = doubt.select(*_CELL, _may_be_lost().alias(_STALE))
    return now.withColumns(emptied).join(stale, _CELL)


def _may_be_lost() -> Column:
    """Whether what went reaches an end of what was before; a sketch has all values in it."""
    reaches = (
        F.col("went_least") <= F.col("old_least"),
        F.col("went_greatest") >= F.col("old_greatest"),
        F.col("went_latest_at") >= F.col("old_latest_at"),
        F.col("went_values") > 0,
    )
    return reduce(Column.__or__, (F.coalesce(reach, F.lit(False)) for reach in reaches))


def _refresh(
    spark: SparkSession, source: Source, before: DataFrame, combined: DataFrame
) -> DataFrame:
    """The combined summaries, those that are stale made anew, the finest first."""
    is_stale = F.col(_STALE) & (F.col("count") > 0)
    counted = combined.where(is_stale).groupBy("grid_level").count().collect()
    levels = {row["grid_level"] for row in counted}
    good = combined.where(~is_stale).select(*_CELL, *_FIGURES)
    if not levels:
        return good
    stale = combined.where(is_stale).select(*_CELL)

    def whole_level(level: int) -> DataFrame:
        """What all cells of a level have now: those that are not touched, and the others."""
        untouched = before.where(F.col("grid_level") == level).join(
            combined.select(*_CELL), _CELL, "left_anti"
        )
        return untouched.unionByName(good.where(F.col("grid_level") == level))

    finest = _from_rows(spark, source, stale.where(F.col("grid_level") == FINEST_LEVEL))
    made = keep(finest) if FINEST_LEVEL in levels else finest.limit(0)
    for children, parents in ((FINEST_LEVEL, [NEXT_LEVEL]), (NEXT_LEVEL, list(COARSER))):
        wanted = stale.where(F.col("grid_level").isin(parents))
        below = made.where(F.col("grid_level") == children)
        ancestors = at_levels(whole_level(children).unionByName(below), parents)
        anew = merge_summaries(ancestors.join(wanted, _CELL, "left_semi"), apart=["grid_level"])
        made = made.unionByName(keep(anew.select(*_CELL, *_FIGURES)))
    return good.unionByName(made)


def _from_rows(spark: SparkSession, source: Source, stale: DataFrame) -> DataFrame:
    cells = F.broadcast(stale.select("cell").distinct())
    facts = source.read(spark).join(cells, "cell", "left_semi")
    anew = summarise(facts, source.figures).withColumn("grid_level", F.lit(FINEST_LEVEL))
    return anew.join(stale, _CELL, "left_semi").select(*_CELL, *_FIGURES)


def _merge(cells: DataFrame, source: Source, path: str) -> int:
    table = DeltaTable.forPath(cells.sparkSession, path)
    same = " AND ".join(f"held.{name} = new.{name}" for name in _CELL)
    columns = {field.name: F.col(f"new.{field.name}") for field in CELLS_SCHEMA}
    with kept(cells) as rows:
        (
            table.alias("held")
            .merge(rows.alias("new"), f"held.source = '{source.name}' AND {same}")
            .whenMatchedDelete("new.count = 0")
            .whenMatchedUpdate(set=dict(columns))
            .whenNotMatchedInsert("new.count > 0", values=dict(columns))
            .execute()
        )
        return rows.count()
