"""Cells of the panel: the city's land at each level."""

import numpy as np
import pandas as pd
import shapely
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import read_current
from gridcontainer.grid.cover import cover
from gridcontainer.spark.city_cells import CITY_CELL, CITY_LEVEL
from gridcontainer.spark.join.usable import accept_shapes


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
            table = pd.DataFrame({"cell": found.astype(np.int64)})
            frame = self._spark.createDataFrame(table, "cell long")
            self._levels[level] = frame
        return self._levels[level]

    def _cover(self, level: int) -> np.ndarray:
        ((_, _, path),) = self._storage.find_datasets([self.dataset])
        rows = read_current(self._spark, path, version=self.version).select("geometry").toPandas()
        # A row without a usable shape is no land; of a table without any no cell is.
        shapes = accept_shapes(rows["geometry"].to_list()).shapes
        land = shapely.unary_union(shapes[~shapely.is_missing(shapes)])
        covered = cover([land], level, include_edges=False, on_invalid="mark")
        return np.unique(covered.cell)
