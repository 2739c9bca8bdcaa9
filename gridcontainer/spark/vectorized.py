"""Column functions that an expression can't give: Arrow batches through the numpy core.

A row that has no answer (a null, a position without a cell, a faulty code) is null, as with the
native columns.
"""

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import Column, functions as F, types as T
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.grid import (
    INVALID_CELL,
    Negative,
    Reading,
    code_to_cell,
    get_level,
    is_valid_cell,
    lonlat_to_code3d,
)
from gridcontainer.grid.cell import cell_bounds
from gridcontainer.grid.height_digits import HeightScheme
from gridcontainer.spark.columns import ColumnOrName, as_column

EDGES: Final = ("west", "south", "east", "north")
BOUNDS_TYPE: Final = T.StructType([T.StructField(edge, T.DoubleType()) for edge in EDGES])


def grid_code3d(
    lon: ColumnOrName,
    lat: ColumnOrName,
    height: ColumnOrName,
    level: int,
    *,
    reading: Reading = "A",
    negative: Negative = "sign-magnitude",
) -> Column:
    """3D codes of the cells that hold the positions, ``lonlat_to_code3d``.

    Args:
        lon: degrees, CGCS2000 or WGS 84.
        lat: degrees.
        height: metres above the ellipsoid.
        level: 1-10.
        reading: of the height digits, ``"A"``, ``"B"`` or ``"C"``.
        negative: form of heights below the ellipsoid.

    Returns:
        string; null where a position has no cell.

    Raises:
        CodeError: no such level or reading.
    """
    number = get_level(level).number
    HeightScheme(reading, negative)

    def encode(lon: pd.Series, lat: pd.Series, height: pd.Series) -> pd.Series:
        return _codes3d(lon, lat, height, number, reading, negative)

    degrees = (as_column(value).cast("double") for value in (lon, lat, height))
    return _vectorized(encode, T.StringType())(*degrees)


def grid_bounds(cell: ColumnOrName, level: int) -> Column:
    """Edges of cells in degrees, ``cell_to_bounds``.

    Args:
        cell: bigint, cells of that level.
        level: 1-10.

    Returns:
        struct of doubles ``west``, ``south``, ``east``, ``north``; null where the integer is no
        cell of that level.

    Raises:
        CodeError: no such level.
    """
    number = get_level(level).number

    def bounds(cell: pd.Series) -> pd.DataFrame:
        return _bounds(cell.to_numpy(np.int64), np.full(len(cell), number))

    # pandas would hold a batch with nulls as doubles, which lose the last bits of a cell.
    cells = F.coalesce(as_column(cell).cast("long"), F.lit(INVALID_CELL))
    return _null_if_empty(_vectorized(bounds, BOUNDS_TYPE)(cells))


def grid_code_bounds(code: ColumnOrName) -> Column:
    """Edges of codes of any mix of levels in degrees, ``code_to_bounds``.

    Returns:
        struct of doubles ``west``, ``south``, ``east``, ``north``; null where the code is faulty.
    """
    return _null_if_empty(_vectorized(bounds_of_codes, BOUNDS_TYPE)(as_column(code)))


def grid_code_cell(code: ColumnOrName) -> Column:
    """Cells of codes of any mix of levels, ``code_to_cell``.

    Returns:
        bigint; null where the code is faulty. The level is told by the length of the code.
    """
    return _vectorized(cells_of_codes, T.LongType())(as_column(code))


def code3d_by_level(
    lon: pd.Series, lat: pd.Series, height: pd.Series, level: pd.Series
) -> pd.Series:
    """``grid_code3d`` of reading A with a level for each row, for SQL.

    Raises:
        CodeError: no such level.
    """
    codes = pd.Series([None] * len(lon), dtype=object, index=lon.index)
    for number in level.dropna().unique():
        chosen = level == number
        codes[chosen] = _codes3d(
            lon[chosen], lat[chosen], height[chosen], int(number), "A", "sign-magnitude"
        )
    return codes


def bounds_by_level(cell: pd.Series, level: pd.Series) -> pd.DataFrame:
    """``grid_bounds`` with a level for each row and no null among the cells, for SQL.

    Raises:
        CodeError: no such level.
    """
    return _bounds(cell.to_numpy(np.int64), level.fillna(1).to_numpy(np.int64))


def _vectorized(function: Callable[..., Any], returns: T.DataType) -> Callable[..., Column]:
    return cast(Callable[..., Column], cast(Any, pandas_udf)(function, returns))


def _null_if_empty(bounds: Column) -> Column:
    """Null in place of a struct of nulls, which is what a batch can give."""
    return F.when(bounds["west"].isNotNull(), bounds)


def _codes3d(
    lon: pd.Series,
    lat: pd.Series,
    height: pd.Series,
    level: int,
    reading: Reading,
    negative: Negative,
) -> pd.Series:
    codes = lonlat_to_code3d(
        lon.to_numpy(np.float64),
        lat.to_numpy(np.float64),
        height.to_numpy(np.float64),
        level,
        reading=reading,
        negative=negative,
        on_invalid="mark",
    )
    return pd.Series(codes, index=lon.index, dtype=object).replace("", None)


def _bounds(cells: NDArray[np.int64], levels: NDArray[np.int64]) -> pd.DataFrame:
    edges = np.full((len(cells), 4), np.nan)
    for level in np.unique(levels).tolist():
        chosen = (levels == level) & is_valid_cell(cells, level)
        edges[chosen] = cell_bounds(cells[chosen], level)
    return pd.DataFrame(edges, columns=list(EDGES))


def bounds_of_codes(code: pd.Series) -> pd.DataFrame:
    """``grid_code_bounds`` of a batch."""
    cells, levels = code_to_cell(code.to_numpy(dtype=object), on_invalid="mark")
    return _bounds(np.asarray(cells), np.maximum(levels, 1))


def cells_of_codes(code: pd.Series) -> pd.Series:
    """``grid_code_cell`` of a batch."""
    cells, _ = code_to_cell(code.to_numpy(dtype=object), on_invalid="mark")
    return pd.Series(cells).astype("Int64").mask(cells == INVALID_CELL)
