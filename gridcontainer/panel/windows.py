"""Values of a cell and those before them: on the long table, so that columns do not count.

Spark compiles a stage only while it has at most ``spark.sql.codegen.maxFields`` (100) columns: the
same windows over a wide view of as many indicators fall off that cliff. The panel has no gaps, so
that rows of a cell are its steps; make them wide afterwards.
"""

from pyspark.sql import Column, DataFrame, Window, WindowSpec, functions as F


def add_lag(values: DataFrame, steps: int, *, name: str | None = None) -> DataFrame:
    """The value so many steps before, as ``lag_N``; null before the calendar begins."""
    lagged = F.lag("value", steps).over(_series())
    return values.withColumn(name or f"lag_{steps}", lagged)


def add_difference(values: DataFrame, steps: int = 1, *, name: str | None = None) -> DataFrame:
    """What the value is more than so many steps before, as ``difference_N``."""
    change = F.col("value") - F.lag("value", steps).over(_series())
    return values.withColumn(name or f"difference_{steps}", change)


def add_rolling_mean(
    values: DataFrame, steps: int, *, least: int = 1, name: str | None = None
) -> DataFrame:
    """The mean of the last so many steps, this one included, as ``mean_N``.

    Args:
        values: rows of the panel, all steps of each cell.
        steps: of the window.
        least: known values in it; null where there are fewer.
        name: of the new column.
    """
    window = _series().rowsBetween(1 - steps, 0)
    mean: Column = F.when(F.count("value").over(window) >= least, F.avg("value").over(window))
    return values.withColumn(name or f"mean_{steps}", mean)


def _series() -> WindowSpec:
    return Window.partitionBy("indicator", "grid_level", "cell").orderBy("time")
