"""Only the cells that a source's changes touch, and their ancestors."""

from collections.abc import Mapping
from functools import reduce
from typing import Final

from pyspark.sql import Column, DataFrame, Row, SparkSession, functions as F

from gridcontainer.container.tables.feed import SIGN, read_feed
from gridcontainer.reconstruction.schemas import KEY, SOURCE, SUMMARY
from gridcontainer.reconstruction.sketch import both
from gridcontainer.reconstruction.sources import Source
from gridcontainer.reconstruction.summary import (
    CELL,
    COARSER,
    FIGURES,
    NEXT_LEVEL,
    Figures,
    count,
    distinct,
    merge_summaries,
    summarise,
    with_ancestors,
)
from gridcontainer.reconstruction.whole import (
    PART_LEVEL,
    part_of,
    replace_cells,
    state_row,
    to_cells,
)
from gridcontainer.spark.city_cells import (
    FINEST_LEVEL,
    UNPLACED,
    about_cells,
    at_levels,
    to_level,
)
from gridcontainer.spark.persisted import checkpoint, persisted

_MOST_CHANGED: Final = 0.25  # of the rows; above it all is made anew sooner
_MOST_RANGES: Final = 64  # of a condition


def write_changes(spark: SparkSession, source: Source, state: Row, path: str) -> int | None:
    """Bring the changes of a source since a version into the table of cells; one commit.

    Counts and totals change by what came and went. What cannot be taken back (the least, the
    greatest, the latest, a sketch) is made anew, but only in cells where what went may have been
    it: in the finest cells from the source's rows, in others from their children.

    Args:
        spark: the session.
        source: at its new version.
        state: its row of kind ``source``.
        path: of the table of cells.

    Returns:
        Rows of the table of cells that changed; None where the feed cannot tell, or tells of so
        much that the whole is sooner made anew.
    """
    feed = read_feed(spark, source.path, state["source_version"], source.version)
    if feed is None:
        return None
    with persisted(source.facts(feed)) as facts:
        if facts.count() > _MOST_CHANGED * spark.read.format("delta").load(source.path).count():
            return None
        is_only_new = facts.where(F.col(SIGN) < 0).isEmpty()
        changes = checkpoint(_changes(facts, source.figures, is_only_new=is_only_new))
    level = int(state["name"])
    part = part_of(F.col("cell"), F.col("grid_level"), level)
    parts = [row["part"] for row in changes.select(part.alias("part")).distinct().collect()]
    where = f"source = '{source.name}' AND part IN ({', '.join(map(str, {0, *parts}))})"
    held = spark.read.format("delta").load(path).where(where).where(F.col("kind") != SOURCE)
    rows = _combine(held, changes)
    if not is_only_new:
        # Not only kept: Spark lets go of what was read from a table when the table is written.
        rows = _refresh(spark, source, checkpoint(rows))
    cells = to_cells(rows.where("count > 0"), source, level)
    new_state = state_row(spark, source, level)
    replace_cells(cells.unionByName(new_state), path, where=where)
    return changes.count()


def _changes(facts: DataFrame, figures: Figures, *, is_only_new: bool) -> DataFrame:
    """Of each touched cell, of all levels, what came and what went: ``came_*``, ``went_*``."""
    if is_only_new:
        came = _named(summarise(facts, figures), figures, "came")
        none = [F.lit(None).cast(f.dataType).alias(f"went_{f.name}") for f in SUMMARY]
        return came.select("*", *none)
    netted = {name: _net(facts, ["department", "cell", name]) for name in figures.counted_apart}
    netted[""] = _net(facts, [*KEY, *figures.counted])
    came, went = (
        _named(_summary_of(netted, sign, figures), figures, part)
        for sign, part in ((1, "came"), (-1, "went"))
    )
    return came.join(went, CELL, "full")


def _named(finest: DataFrame, figures: Figures, part: str) -> DataFrame:
    summaries = with_ancestors(checkpoint(finest), figures)
    return summaries.select(*CELL, *(F.col(name).alias(f"{part}_{name}") for name in FIGURES))


def _net(facts: DataFrame, columns: list[str]) -> DataFrame:
    """By ``net`` how much more often (or less) something is there: what came and went is not."""
    return checkpoint(facts.groupBy(*columns).agg(F.sum(SIGN).alias("net")).where("net != 0"))


def _summary_of(netted: Mapping[str, DataFrame], sign: int, figures: Figures) -> DataFrame:
    """The summary of what is there more often, or less, by what it is netted: rows, or a column."""

    def copies(net: DataFrame) -> DataFrame:
        wanted = net.withColumn("net", F.col("net") * sign).where("net > 0")
        return wanted.withColumn("net", F.explode(F.sequence(F.lit(1).cast("long"), "net")))

    parts = [
        distinct(copies(net), name, figures.counted_apart[name])
        if name
        else count(copies(net), figures)
        for name, net in netted.items()
    ]
    return reduce(DataFrame.unionByName, parts)


def _combine(held: DataFrame, changes: DataFrame) -> DataFrame:
    """All rows of the parts as they are now, and whether they may be ``_stale``.

    Of an empty cell the count, 0, is all that stays: its parents are to have nothing of it.
    """
    together = held.join(changes.hint("shuffle_hash"), CELL, "full")
    came, went = ({name: F.col(f"{part}_{name}") for name in FIGURES} for part in ("came", "went"))
    zero = F.lit(0).cast("long")
    nothing = F.lit(0).cast("decimal(38,6)")
    total, added, taken = (
        F.coalesce(value, nothing) for value in (F.col("total"), came["total"], went["total"])
    )
    ends = ("latest_at", "latest")
    newest = F.greatest(F.struct(*ends), F.struct(*(came[name].alias(name) for name in ends)))
    now = {
        "count": F.coalesce("count", zero)
        + F.coalesce(came["count"], zero)
        - F.coalesce(went["count"], zero),
        "total": F.when(
            F.coalesce("total", came["total"]).isNotNull(),
            (total + added - taken).cast("decimal(38,6)"),
        ),
        "least": F.least("least", came["least"]),
        "greatest": F.greatest("greatest", came["greatest"]),
        "latest": newest["latest"],
        "latest_at": newest["latest_at"],
        "sketch": both(F.col("sketch"), came["sketch"]),
    }
    emptied = {
        name: value if name == "count" else F.when(now["count"] > 0, value)
        for name, value in now.items()
    }
    return together.select(
        *CELL,
        *(emptied[name].alias(name) for name in FIGURES),
        (_may_be_lost(went) & (now["count"] > 0)).alias("_stale"),
    )


def _may_be_lost(went: dict[str, Column]) -> Column:
    """Whether what went reaches an end of what was before; a sketch has all values in it."""
    reaches = (
        went["least"] <= F.col("least"),
        went["greatest"] >= F.col("greatest"),
        went["latest_at"] >= F.col("latest_at"),
        went["sketch"].isNotNull(),
    )
    return reduce(Column.__or__, (F.coalesce(reach, F.lit(False)) for reach in reaches))


def _refresh(spark: SparkSession, source: Source, rows: DataFrame) -> DataFrame:
    """The cells, those that are stale made anew, the finest first."""
    counted = rows.where("_stale").groupBy("grid_level").count().collect()
    levels = {row["grid_level"] for row in counted}
    sound = rows.where("NOT _stale").select(*CELL, *FIGURES)
    if not levels:
        return sound
    stale = rows.where("_stale").select(*CELL)
    if FINEST_LEVEL in levels:
        finest = stale.where(F.col("grid_level") == FINEST_LEVEL)
        sound = sound.unionByName(checkpoint(_from_rows(spark, source, finest)))
    for children, parents in ((FINEST_LEVEL, [NEXT_LEVEL]), (NEXT_LEVEL, list(COARSER))):
        if levels.isdisjoint(parents):
            continue
        below = at_levels(sound.where(F.col("grid_level") == children), parents)
        anew = merge_summaries(below.join(stale, CELL, "left_semi"), source.figures)
        sound = sound.unionByName(checkpoint(anew.select(*CELL, *FIGURES)))
    return sound


def _from_rows(spark: SparkSession, source: Source, stale: DataFrame) -> DataFrame:
    cells = checkpoint(stale.select("cell").distinct())
    block = to_level(F.col("cell"), PART_LEVEL).alias("block")
    blocks = [row["block"] for row in cells.select(block).distinct().collect()]
    is_few = len(blocks) <= _MOST_RANGES and UNPLACED not in blocks
    among = (about_cells(F.col("cell"), (block, block), PART_LEVEL) for block in blocks)
    facts = source.read(spark, among=reduce(Column.__or__, among) if is_few else None)
    anew = summarise(facts.join(F.broadcast(cells), "cell", "left_semi"), source.figures)
    anew = anew.withColumn("grid_level", F.lit(FINEST_LEVEL))
    return anew.join(stale, CELL, "left_semi").select(*CELL, *FIGURES)
