"""Series of cells cleaned: outliers taken out, gaps filled.

Windows are of steps, not of seconds, by the steps' numbers: a day of 23 hours is one step, and
where a frame holds some stretches of a series only, none reaches over from one into another.
"""

from pyspark.sql import Column, DataFrame, Window, functions as F

from gridcontainer.panel.declaration import Cleaning, Interpolation, Outliers
from gridcontainer.panel.schemas import INTERPOLATED, MISSING, OUTLIER

_NORMAL_DEVIATION = 1.4826  # of a normal distribution over its median absolute deviation
_NORMAL_RANGE = 1.349  # interquartile range of a normal distribution over its deviation


def clean(series: DataFrame, cleaning: Cleaning) -> DataFrame:
    """Complete series with outliers taken out and gaps filled, as declared.

    Args:
        series: of ``aggregate.with_status``: each step of a stretch once for each cell.
        cleaning: what to do; nothing where it says nothing.

    Returns:
        The same rows and columns. An outlier has ``cleaned`` and is missing, or interpolated.
    """
    if cleaning.outliers is not None:
        series = series.transform(_without_outliers, cleaning.outliers)
    if cleaning.interpolation is not None:
        series = series.transform(_without_gaps, cleaning.interpolation)
    return series


def _without_outliers(series: DataFrame, rule: Outliers) -> DataFrame:
    around = Window.partitionBy("cell").orderBy("number").rangeBetween(-rule.window, rule.window)
    known = F.array_sort(F.collect_list("value").over(around))
    marked = series.withColumn("_known", known)
    middle = _quantile(F.col("_known"), 0.5)
    if rule.method == "hampel":
        apart = F.array_sort(F.transform("_known", lambda v: F.abs(v - middle)))
        deviation = _quantile(apart, 0.5) * _NORMAL_DEVIATION
    else:
        quartiles = [_quantile(F.col("_known"), share) for share in (0.25, 0.75)]
        deviation = (quartiles[1] - quartiles[0]) / _NORMAL_RANGE
    far = F.abs(F.col("value") - middle) > rule.threshold * deviation
    # Where the neighbours are all the same nothing can be told: a deviation of 0 makes no outlier.
    is_outlier = F.coalesce(far & (deviation > 0), F.lit(False))
    return (
        marked.withColumn("_out", is_outlier)
        .withColumns(
            {
                "value": F.when(~F.col("_out"), F.col("value")),
                "status": F.when(F.col("_out"), MISSING).otherwise(F.col("status")),
                "observations": F.when(F.col("_out"), 0).otherwise(F.col("observations")),
                "cleaned": F.when(F.col("_out"), OUTLIER),
            }
        )
        .drop("_known", "_out")
    )


def _without_gaps(series: DataFrame, rule: Interpolation) -> DataFrame:
    order = Window.partitionBy("cell").orderBy("number")
    before, after = order.rangeBetween(-rule.limit, -1), order.rangeBetween(1, rule.limit)
    known = F.when(F.col("value").isNotNull(), F.struct("number", "value"))
    near = series.withColumns(
        {
            "_before": F.last(known, ignorenulls=True).over(before),
            "_after": F.first(known, ignorenulls=True).over(after),
        }
    )
    if rule.method == "locf":
        filling = F.col("_before.value")
    else:
        gap = F.col("_after.number") - F.col("_before.number")
        passed = F.col("number") - F.col("_before.number")
        slope = (F.col("_after.value") - F.col("_before.value")) / gap
        filling = F.when(gap - 1 <= rule.limit, F.col("_before.value") + slope * passed)
    fills = F.col("value").isNull() & F.col("_filling").isNotNull()
    return (
        near.withColumn("_filling", filling)
        .withColumn("_fills", fills)
        .withColumns(
            {
                "value": F.coalesce("value", "_filling"),
                "status": F.when(F.col("_fills"), INTERPOLATED).otherwise(F.col("status")),
            }
        )
        .drop("_before", "_after", "_filling", "_fills")
    )


def _quantile(ordered: Column, share: float) -> Column:
    """Of an array in order, linear between its elements (as numpy's default); null if empty."""
    place = (F.size(ordered) - 1) * F.lit(share)
    low = F.get(ordered, F.floor(place).cast("int"))
    high = F.get(ordered, F.ceil(place).cast("int"))
    return low + (high - low) * (place - F.floor(place))
