"""The column functions for SQL: ``SELECT grid_code(lon, lat, 5)``.

Native functions become SQL functions of the session, which Spark inlines, so that a query runs
without a Python worker; the others are pandas UDFs. The SQL text of a native function is what Spark
writes for the column itself: there is one definition of each. SQL functions call one another to
give a name to what stands more than once, since an argument is computed once.
"""

from typing import Any, cast

from pyspark.sql import Column, SparkSession, functions as F, types as T
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.grid.levels import INVALID_CELL, LEVELS, MAX_LEVEL
from gridcontainer.spark.columns import (
    grid_cell_code,
    latitude_units,
    longitude_units,
    ordinary_cell,
    polar_cell,
)
from gridcontainer.spark.vectorized import (
    BOUNDS_TYPE,
    bounds_by_level,
    bounds_of_codes,
    cells_of_codes,
    code3d_by_level,
)

_POSITION = "lon DOUBLE, lat DOUBLE"
_BOUNDS = BOUNDS_TYPE.simpleString()
_UNITS = f"{_POSITION}, x BIGINT, y BIGINT"


def register_functions(spark: SparkSession) -> None:
    """Register the column functions for the SQL of a session.

    They are ``grid_cell``, ``grid_code``, ``grid_cell_code``, ``grid_parent``, ``grid_code3d``,
    ``grid_bounds``, ``grid_code_bounds`` and ``grid_code_cell``. Arguments stand in the order of
    the Python functions, the level last. A level that does not exist is an error of the query.
    """
    lon, lat, x, y = (F.col(name) for name in ("lon", "lat", "x", "y"))
    finest = _text(spark, ordinary_cell(lon, lat, x, y, MAX_LEVEL), _UNITS)
    caps = [_text(spark, polar_cell(lon, lat, x, y, number), _UNITS) for number in (1, 2)]
    mask = _by_level([f"{level.mask}L" for level in LEVELS])
    length = _by_level([str(level.code_length) for level in LEVELS])
    cell_of_units = (
        f"coalesce({finest} & {mask}, CASE level WHEN 1 THEN {caps[0]} WHEN 2 THEN {caps[1]} END)"
    )
    x_of, y_of = (_text(spark, u, _POSITION) for u in (longitude_units(lon), latitude_units(lat)))
    code = _text(spark, grid_cell_code(F.col("cell"), MAX_LEVEL), "cell BIGINT")
    native = {
        f"_grid_cell_of_units({_UNITS}, level INT) RETURNS BIGINT": cell_of_units,
        f"grid_cell({_POSITION}, level INT) RETURNS BIGINT": (
            f"_grid_cell_of_units(lon, lat, {x_of}, {y_of}, level)"
        ),
        "grid_cell_code(cell BIGINT, level INT) RETURNS STRING": f"left({code}, {length})",
        f"_grid_bounds_or_null(bounds {_BOUNDS}) RETURNS {_BOUNDS}": (
            "CASE WHEN bounds.west IS NOT NULL THEN bounds END"
        ),
        f"grid_bounds(cell BIGINT, level INT) RETURNS {_BOUNDS}": (
            f"_grid_bounds_or_null(_grid_bounds(coalesce(cell, {INVALID_CELL}L), level))"
        ),
        f"grid_code_bounds(code STRING) RETURNS {_BOUNDS}": (
            "_grid_bounds_or_null(_grid_code_bounds(code))"
        ),
        f"grid_code({_POSITION}, level INT) RETURNS STRING": (
            "grid_cell_code(grid_cell(lon, lat, level), level)"
        ),
        "grid_parent(cell BIGINT, level INT) RETURNS BIGINT": f"cell & {mask}",
    }
    vectorized = {
        "grid_code3d": (code3d_by_level, T.StringType()),
        "_grid_bounds": (bounds_by_level, BOUNDS_TYPE),
        "_grid_code_bounds": (bounds_of_codes, BOUNDS_TYPE),
        "grid_code_cell": (cells_of_codes, T.LongType()),
    }
    for name, (function, returns) in vectorized.items():
        spark.udf.register(name, cast(Any, pandas_udf)(function, returns))
    for signature, body in native.items():
        spark.sql(f"CREATE OR REPLACE TEMPORARY FUNCTION {signature} RETURN {body}")


def _text(spark: SparkSession, column: Column, arguments: str) -> str:
    """The SQL of a column over the arguments of a function."""
    frame = spark.createDataFrame([], arguments).select(column.alias("result"))
    alias = frame._jdf.queryExecution().analyzed().expressions().head()
    return f"({alias.child().sql()})"


def _by_level(values: list[str]) -> str:
    cases = " ".join(f"WHEN {number} THEN {value}" for number, value in enumerate(values, start=1))
    said = f"concat('level ', CAST(level AS STRING), ' is not 1 to {MAX_LEVEL}')"
    return f"(CASE level {cases} ELSE raise_error({said}) END)"
