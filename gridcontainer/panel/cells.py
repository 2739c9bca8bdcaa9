"""Cells of the panel: the city's land at each level, and how a finer cell falls into a coarser."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import shapely
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import read_current
from gridcontainer.grid.cover import cover
from gridcontainer.grid.levels import INVALID_CELL, get_level
from gridcontainer.panel.schemas import CITY_CELL, CITY_LEVEL, NOWHERE
from gridcontainer.spark.columns import grid_cell_code, grid_parent

FINEST: Final = 5  # level of cells that a panel can have
NO_PLACE: Final = INVALID_CELL  # the cell of the row for what has no place


def to_level(cell: Column, level: int) -> Column:
    """The cell of a coarser (or its own) level; what has no place stays so, but in the city.

    Args:
        cell: bigint; null has no place.
        level: 0-5; 0 is the whole city.
    """
    if level == CITY_LEVEL:
        return F.lit(CITY_CELL).cast("long")
    none = F.lit(NO_PLACE).cast("long")
    return F.when(cell.isNull() | (cell == none), none).otherwise(grid_parent(cell, level))


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


def code_of(cell: Column, level: Column) -> Column:
    """The standard's code of a cell; empty for the whole city, ``nowhere`` where it has none.

    A cell of a coarser level is the first of its finest ones, whose code begins with its own.
    """
    lengths = F.array(*(F.lit(get_level(n).code_length) for n in range(1, FINEST + 1)))
    length = F.get(lengths, level.cast("int") - 1)
    code = F.substring(grid_cell_code(cell, FINEST), F.lit(1), length)
    return (
        F.when(level == CITY_LEVEL, F.lit(""))
        .when(cell == NO_PLACE, F.lit(NOWHERE))
        .otherwise(code)
    )


class Land:
    """The cells that have a share of the city's land, by level; each level is made once."""

    def __init__(self, spark: SparkSession, storage: Storage, dataset: str, version: int) -> None:
        """Nothing is read before the first level is asked for.

        Args:
            spark: the session.
            storage: the container.
            dataset: whose polygons, put together, are the land.
            version: of its table.
        """
        self.dataset, self.version = dataset, version
        self._spark, self._storage = spark, storage
        self._levels: dict[int, DataFrame] = {}

    def cells(self, level: int) -> DataFrame:
        """Column ``cell``: cells of a level that share area with the land.

        Raises:
            DatasetError: the container does not have the data set of the land.
        """
        if level not in self._levels:
            found = self._cover(level) if level != CITY_LEVEL else np.array([CITY_CELL])
            frame = self._spark.createDataFrame(pd.DataFrame({"cell": found.astype(np.int64)}))
            self._levels[level] = frame
        return self._levels[level]

    def _cover(self, level: int) -> np.ndarray:
        ((_, _, path),) = self._storage.find_datasets([self.dataset])
        rows = read_current(self._spark, path, version=self.version).select("geometry").toPandas()
        shapes = shapely.make_valid(shapely.from_wkb(rows["geometry"].to_numpy()))
        covered = cover([shapely.unary_union(shapes)], level, include_edges=False)
        return np.unique(covered.cell)
