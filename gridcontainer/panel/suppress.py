"""Small counts of confidential sources hidden, so that no sum gives them away.

Of each step, from the city downwards. A cell with fewer than ``below`` records, but with some, is
hidden. Its siblings, with the cell above them known, would give it away: so the hidden ones of a
family must be two or more, and have so many records together that each of them could have
``below - 1`` more than one. Where they have not, the smallest of the others is hidden too, and
where there are no others, the empty ones as well. All below a hidden cell is hidden.

So what is told is a parting of the city: each part has no record or ``below`` and more, nothing is
told of its inside, and every sum of told numbers is a sum of such parts.
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.panel.schemas import SUPPRESSED
from gridcontainer.spark.city_cells import to_level
from gridcontainer.spark.persisted import checkpoint


def suppress(values: DataFrame, levels: Sequence[int], below: int) -> DataFrame:
    """Complete values of all levels, with the small ones and their covers hidden.

    Args:
        values: all cells of each step, at all levels.
        levels: from the city to the finest.
        below: smallest number of records that is told.

    Returns:
        The same rows; the hidden have no value, no counts and the status ``suppressed``.
    """
    told: list[DataFrame] = []
    for number, level in enumerate(levels):
        rows = values.where(F.col("grid_level") == level)
        if number == 0:
            marked = rows.withColumn("_hidden", _is_small(below))
        else:
            above = told[-1].select("cell", "number", "_hidden")
            marked = _hide_in_families(rows, levels[number - 1], above, below)
        told.append(checkpoint(marked))
    return reduce(DataFrame.unionByName, told).transform(_hide)


def _is_small(below: int) -> Column:
    return (F.col("observations") > 0) & (F.col("observations") < below)


def _hide_in_families(rows: DataFrame, upper: int, above: DataFrame, below: int) -> DataFrame:
    parents = above.select(
        F.col("cell").alias("_parent"), "number", F.col("_hidden").alias("_parent_hidden")
    )
    with_parent = rows.withColumn("_parent", to_level(F.col("cell"), upper)).join(
        parents, ["_parent", "number"], "left"
    )
    family = Window.partitionBy("_parent", "number")
    count = F.col("observations")
    large = count >= below
    small = {
        "_small": _is_small(below),
        "_members": F.sum(_is_small(below).cast("long")).over(family),
        "_together": F.sum(F.when(_is_small(below), count).otherwise(0)).over(family),
        "_large": F.sum(large.cast("long")).over(family),
        # The large ones come first, the smallest of them the very first.
        "_rank": F.row_number().over(family.orderBy(F.desc(large), count, "cell")),
    }
    members, together = F.col("_members"), F.col("_together")
    given_away = (members > 0) & ((members < 2) | (together < members + below - 1))
    cover = F.when(F.col("_large") > 0, F.col("_rank") == 1).otherwise(True)
    hidden = F.coalesce("_parent_hidden", F.lit(False)) | F.col("_small") | (given_away & cover)
    return (
        with_parent.withColumns(small)
        .withColumn("_hidden", hidden)
        .drop(*small, "_parent", "_parent_hidden")
    )


def _hide(marked: DataFrame) -> DataFrame:
    hidden = F.col("_hidden")
    kept = {name: F.when(~hidden, F.col(name)) for name in ("value", "observations", "rejected")}
    status = F.when(hidden, SUPPRESSED).otherwise(F.col("status"))
    return marked.withColumns(kept | {"status": status}).drop("_hidden")
