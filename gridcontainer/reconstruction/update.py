"""Only the cells that a source's changes touch, and their ancestors."""

from functools import reduce
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.feed import SIGN, read_feed
from gridcontainer.reconstruction.schemas import (
    CELLS_SCHEMA,
    FINEST_LEVEL,
    KEY,
    SOURCE,
    SUMMARY,
)
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import (
    merge_summaries,
    parent_of,
    summarise,
    to_parents,
)
from gridcontainer.reconstruction.whole import COARSER, state_row, to_cells, union
from gridcontainer.spark.kept import kept

_PART: Final = "_part"  # what a summary is: of before, of what came, of what went
_BEFORE, _CAME, _WENT = "before", "came", "went"
_STALE: Final = "_stale"
_MOST_CHANGED: Final = 0.25  # of the rows; above it all is made anew sooner


def write_changes(spark: SparkSession, source: Source, since: int, path: str) -> int | None:
    """Bring the changes of a source since a version into the table of cells; one commit.

    Counts and totals change by what came and went. What cannot be taken back (the least, the
    greatest, the latest, a sketch) is made anew from the source's rows, but only in cells where
    what went may have been it.

    Returns:
        Rows of the table of cells that were written; None where the feed cannot tell, or tells of
        so much that the whole is sooner made anew.
    """
    feed = read_feed(spark, source.path, since, source.version)
    if feed is None:
        return None
    with kept(source.facts(feed)) as facts:
        count = facts.count()
        if count > _MOST_CHANGED * spark.read.format("delta").load(source.path).count():
            return None
        came, went = _netted(facts)
        changes = union(
            summarise(came, source.figures).withColumn(_PART, F.lit(_CAME)),
            summarise(went, source.figures).withColumn(_PART, F.lit(_WENT)),
        )
        with kept(changes) as changes:
            return _write(spark, source, changes, path)


def _netted(facts: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The facts that came and those that went, without those that did both."""
    plus = facts.where(F.col(SIGN) > 0).drop(SIGN)
    minus = facts.where(F.col(SIGN) < 0).drop(SIGN)
    return plus.exceptAll(minus), minus.exceptAll(plus)


def _write(spark: SparkSession, source: Source, changes: DataFrame, path: str) -> int:
    held = spark.read.format("delta").load(path).where(F.col("source") == source.name)
    held = held.where(F.col("kind") != SOURCE)
    before = {level: _of_level(held, level) for level in (FINEST_LEVEL, *COARSER)}
    touched = changes.select(*KEY).distinct()
    old = before[FINEST_LEVEL].join(touched, [*KEY], "left_semi").withColumn(_PART, F.lit(_BEFORE))
    with kept(_combine(union(old, changes))) as combined:
        finest = _refreshed(source.read(spark), source, combined)
        with kept(finest) as children:
            levels = {FINEST_LEVEL: children}
            for level in COARSER:
                parents = _parents(levels[level + 1], before[level + 1], level).localCheckpoint()
                levels[level] = parents
            cells = union(*(to_cells(levels[level], level, source) for level in levels))
            return _merge(union(cells, state_row(spark, source)), source, path)


def _of_level(held: DataFrame, level: int) -> DataFrame:
    return held.where(F.col("grid_level") == level).select(*KEY, *(f.name for f in SUMMARY))


def _combine(parts: DataFrame) -> DataFrame:
    """One summary for each key, and whether what cannot be taken back may be wrong in it."""
    is_went = F.col(_PART) == _WENT
    stays = parts.withColumns(
        {
            "count": F.when(is_went, -F.col("count")).otherwise(F.col("count")),
            "total": F.when(is_went, -F.col("total")).otherwise(F.col("total")),
            **{
                name: F.when(~is_went, F.col(name))
                for name in ("least", "greatest", "latest", "latest_at", "sketch")
            },
        }
    )
    before = parts.where(F.col(_PART) == _BEFORE).select(*KEY, *_ends("before"))
    lost = parts.where(is_went).select(*KEY, *_ends("went"))
    stale = lost.join(before, [*KEY]).select(*KEY, _may_be_lost().alias(_STALE))
    return merge_summaries(stays).join(stale, [*KEY], "left")


def _ends(prefix: str) -> list[Column]:
    names = ("least", "greatest", "latest_at", "sketch")
    return [F.col(name).alias(f"{prefix}_{name}") for name in names]


def _may_be_lost() -> Column:
    """Whether what went reaches an end of what was before; a sketch has all values in it."""
    reaches = (
        F.col("went_least") <= F.col("before_least"),
        F.col("went_greatest") >= F.col("before_greatest"),
        F.col("went_latest_at") >= F.col("before_latest_at"),
        F.col("went_sketch").isNotNull(),
    )
    return reduce(Column.__or__, (F.coalesce(reach, F.lit(False)) for reach in reaches))


def _refreshed(facts: DataFrame, source: Source, combined: DataFrame) -> DataFrame:
    """The combined summaries, those that are stale made anew from the source."""
    is_stale = F.coalesce(F.col(_STALE), F.lit(False)) & (F.col("count") > 0)
    columns = [F.col(name) for name in (*KEY, *(field.name for field in SUMMARY))]
    stale = combined.where(is_stale).select(*KEY).localCheckpoint()
    good = combined.where(~is_stale).select(*columns)
    if stale.isEmpty():
        return good
    cells = F.broadcast(stale.select("cell").distinct())
    anew = summarise(facts.join(cells, "cell", "left_semi"), source.figures)
    return union(good, anew.join(stale, [*KEY], "left_semi").select(*columns))


def _parents(children: DataFrame, before: DataFrame, level: int) -> DataFrame:
    """The parents of touched cells, of these and of their sisters; without children count is 0."""
    parent = parent_of(F.col("cell"), level).alias("cell")
    others = [name for name in KEY if name != "cell"]
    wanted = children.select(*others, parent).distinct()
    sisters = (
        before.join(children.select(*KEY), [*KEY], "left_anti")
        .transform(to_parents, level=level)
        .join(wanted, [*KEY], "left_semi")
    )
    own = children.transform(to_parents, level=level)
    return merge_summaries(union(own, sisters))


def _merge(cells: DataFrame, source: Source, path: str) -> int:
    table = DeltaTable.forPath(cells.sparkSession, path)
    same = " AND ".join(f"held.{name} = new.{name}" for name in (*KEY, "grid_level"))
    condition = f"held.source = '{source.name}' AND {same}"
    columns = {field.name: F.col(f"new.{field.name}") for field in CELLS_SCHEMA}
    with kept(cells) as rows:
        (
            table.alias("held")
            .merge(rows.alias("new"), condition)
            .whenMatchedDelete("new.count = 0")
            .whenMatchedUpdate(set=dict(columns))
            .whenNotMatchedInsert("new.count > 0", values=dict(columns))
            .execute()
        )
        return rows.count()
