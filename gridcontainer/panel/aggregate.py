"""Records to values of cells and steps, and these to values of coarser cells."""

from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.schemas import INTERPOLATED, MISSING, OBSERVED, ZERO

KEY: Final = ("grid_level", "cell", "number")


def aggregate(records: DataFrame, indicator: Indicator) -> DataFrame:
    """Values of the cells and steps that have a record.

    Args:
        records: once for each level wanted (``city_cells.at_levels``).
        indicator: says how.

    Returns:
        ``grid_level``, ``cell``, ``number``, ``value``, ``observations`` (records that have a
        value, or a category where categories are asked for) and ``rejected`` (records that are
        unreadable or out of the valid range).
    """
    rejected = F.count_if("rejected").alias("rejected")
    if indicator.aggregate == "diversity":
        of_kind = records.groupBy(*KEY, "category").agg(F.count("*").alias("_n"), rejected)
        known = F.col("category").isNotNull()
        counted = of_kind.withColumn("_n", F.when(known, F.col("_n")))
        return counted.groupBy(*KEY).agg(
            _shannon(F.col("_n")).alias("value"),
            F.coalesce(F.sum("_n"), F.lit(0)).alias("observations"),
            F.sum("rejected").alias("rejected"),
        )
    value, counted_column = {
        "count": (F.count("value").cast("double"), "value"),
        "sum": (F.sum("value"), "value"),
        "mean": (F.avg("value"), "value"),
        "min": (F.min("value"), "value"),
        "max": (F.max("value"), "value"),
        "distinct": (F.countDistinct("category").cast("double"), "category"),
    }[indicator.aggregate]
    observations = F.count(counted_column).alias("observations")
    return records.groupBy(*KEY).agg(value.alias("value"), observations, rejected)


def with_status(found: DataFrame, indicator: Indicator) -> DataFrame:
    """Complete keys with what was found for some of them: each gets a value and a status.

    Args:
        found: ``grid_level``, ``cell``, ``number``, ``time``, ``told`` (whether the source tells
            anything of the step), and ``value``, ``observations``, ``rejected`` or null.
        indicator: says what nothing means.
    """
    counts = {
        name: F.coalesce(F.col(name), F.lit(0)).cast("long")
        for name in ("observations", "rejected")
    }
    is_zero = F.lit(indicator.empty_is_zero) & F.col("told") & (F.col("rejected") == 0)
    status = F.when(F.col("observations") > 0, OBSERVED).when(is_zero, ZERO).otherwise(MISSING)
    value = F.when(F.col("status") == OBSERVED, F.col("value")).when(
        F.col("status") == ZERO, F.lit(0.0)
    )
    return (
        found.withColumns(counts)
        .withColumn("status", status)
        .withColumns({"value": value, "cleaned": F.lit(None).cast("string")})
        .select(*KEY, "time", "value", "status", "observations", "rejected", "cleaned")
    )


def roll_up(finest: DataFrame, indicator: Indicator) -> DataFrame:
    """Values of coarser cells from those of the finest.

    Sums add up. A mean is weighted by observations; where there are only interpolated values it is
    their plain mean.

    Args:
        finest: of ``with_status``, cleaned; once for each coarser level (``city_cells.at_levels``).
        indicator: says how.
    """
    weight = F.col("observations")
    value: Column = {
        "count": F.sum("value"),
        "sum": F.sum("value"),
        "mean": F.coalesce(
            F.try_divide(
                F.sum(F.when(weight > 0, F.col("value") * weight)),
                F.sum(F.when(F.col("value").isNotNull(), weight)),
            ),
            F.avg("value"),
        ),
        "min": F.min("value"),
        "max": F.max("value"),
    }[indicator.aggregate]

    def any_is(status: str) -> Column:
        return F.max(F.col("status") == status)

    status = (
        F.when(any_is(OBSERVED), OBSERVED)
        .when(any_is(INTERPOLATED), INTERPOLATED)
        .when(any_is(ZERO), ZERO)
        .otherwise(MISSING)
    )
    return finest.groupBy(*KEY, "time").agg(
        value.alias("value"), status.alias("status"), F.sum("observations").alias("observations"),
        F.sum("rejected").alias("rejected"), F.lit(None).cast("string").alias("cleaned"),
    )  # fmt: skip


def _shannon(count: Column) -> Column:
    """Minus the sum of p ln p over kinds, as ln N - sum(n ln n) / N; null without any record."""
    whole = F.sum(count)
    return F.ln(whole) - F.sum(count * F.ln(count)) / whole
