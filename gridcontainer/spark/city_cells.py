"""Cells from 4 seconds up to the whole city, and what is somewhere in the city.

The whole city is level 0, with one cell. What has no place lies in a cell of its own at every other
level, so that the cells of a level always add up to the city.
"""

from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.grid.levels import INVALID_CELL, get_level
from gridcontainer.spark.columns import grid_cell_code, grid_parent

CITY_LEVEL: Final = 0
CITY_CELL: Final = 0
FINEST_LEVEL: Final = 5  # 4" x 4"
UNPLACED: Final = INVALID_CELL  # the cell of what has no place


def to_level(cell: Column, level: int) -> Column:
    """The cell of a coarser (or its own) level; what has no place stays so, but in the city.

    Args:
        cell: bigint; null has no place.
        level: 0-5; 0 is the whole city.
    """
    if level == CITY_LEVEL:
        return F.lit(CITY_CELL).cast("long")
    none = F.lit(UNPLACED).cast("long")
    return F.when(cell.isNull() | (cell == none), none).otherwise(grid_parent(cell, level))


def about_cells(cell: Column, ancestors: tuple[int, int], level: int) -> Column:
    """True of all that lies in some cells and of few others; a table can leave out files by it.

    Args:
        cell: bigint, of any level from that one; null has no place.
        ancestors: the first and last of the cells in their order.
        level: of these; 0 is the whole city.
    """
    first, last = ancestors
    if level == CITY_LEVEL:
        return F.lit(first <= CITY_CELL <= last)
    inside = cell.between(first, last + (1 << get_level(level).shift) - 1)
    return inside | cell.isNull() if first <= UNPLACED <= last else inside


def at_levels(frame: DataFrame, levels: Sequence[int]) -> DataFrame:
    """Each row once for each level: with ``grid_level``, and ``cell`` of that level.

    All levels in one pass: a plan with a branch for each of them costs more than its rows.
    """
    cell = F.col("cell")
    places = [
        F.struct(F.lit(level).alias("grid_level"), to_level(cell, level).alias("cell"))
        for level in levels
    ]
    others = [name for name in frame.columns if name not in ("cell", "grid_level")]
    exploded = frame.select(*others, F.explode(F.array(*places)).alias("_at"))
    return exploded.select("_at.grid_level", "_at.cell", *others)


def code_of(cell: Column, level: Column, *, unplaced: str) -> Column:
    """The standard's code of a cell; empty for the whole city.

    A cell of a coarser level is the first of its finest ones, whose code begins with its own.

    Args:
        cell: bigint, of that level.
        level: 0-5.
        unplaced: the code of what has no place.
    """
    lengths = F.array(*(F.lit(get_level(n).code_length) for n in range(1, FINEST_LEVEL + 1)))
    length = F.get(lengths, level.cast("int") - 1)
    code = F.substring(grid_cell_code(cell, FINEST_LEVEL), F.lit(1), length)
    return (
        F.when(level == CITY_LEVEL, F.lit(""))
        .when(cell == UNPLACED, F.lit(unplaced))
        .otherwise(code)
    )
