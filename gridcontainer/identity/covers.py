"""Covers of extended objects: few cells each, at a level that suits the size of each shape."""

from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from pyspark.sql import Column, functions as F, types as T
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.grid.arrays import Float64s, Int64s
from gridcontainer.grid.cover import cover
from gridcontainer.grid.levels import LEVELS, UNITS_PER_DEGREE

MOST_CELLS: Final = 256
_UDF: Final[Any] = pandas_udf  # its types know no plain function
_COVER: Final = T.StructType(
    [
        T.StructField("cells", T.ArrayType(T.LongType(), False)),
        T.StructField("levels", T.ArrayType(T.ByteType(), False)),
    ]
)


def small_cover(geometry: str) -> Column:
    """Cells that cover lines and polygons, interior ones as coarse as they fit.

    Args:
        geometry: column of shapes as WKB, degrees, WGS 84 or CGCS2000.

    Returns:
        A struct of ``cells`` and their ``levels``, at most ``MOST_CELLS``; null for points and
        shapes that cannot be covered.
    """
    found: Column = _UDF(_covers, _COVER)(geometry)
    return F.when(F.size(found["cells"]) > 0, found)


def _covers(shapes: pd.Series) -> pd.DataFrame:
    geometries = shapely.from_wkb(shapes.to_numpy(), on_invalid="ignore")
    cells: list[Int64s] = [np.empty(0, np.int64)] * len(shapes)
    levels: list[Int64s] = [np.empty(0, np.int64)] * len(shapes)
    chosen = _levels(shapely.bounds(geometries))
    chosen[shapely.get_dimensions(geometries) < 1] = 0
    for level in np.unique(chosen[chosen > 0]).tolist():
        rows = np.flatnonzero(chosen == level)
        found = cover(geometries[rows], level, compact=True, on_invalid="mark")
        starts = np.searchsorted(found.geometry, np.arange(len(rows) + 1))
        for row, first, last in zip(rows, starts[:-1], starts[1:], strict=True):
            cells[row] = found.cell[first:last]
            levels[row] = found.level[first:last].astype(np.int64)
    return pd.DataFrame({"cells": cells, "levels": levels})


def _levels(bounds: Float64s) -> Int64s:
    """The finest level at which no more cells meet each box than a cover may have; 0 for none."""
    size = (bounds[:, 2:] - bounds[:, :2]) * UNITS_PER_DEGREE
    chosen = np.zeros(len(bounds), dtype=np.int64)
    for level in LEVELS:
        met = np.prod(np.floor(size / [level.width, level.height]) + 2, axis=1)
        chosen[met <= MOST_CELLS] = level.number
    return chosen
