"""The panel, long as it is kept or wide as it is looked at."""

from collections.abc import Sequence
from datetime import datetime

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, QueryError
from gridcontainer.panel.schemas import indicators_path, values_path

_KEY = ("grid_level", "cell", "grid_code", "step", "time")


def read_panel(
    spark: SparkSession,
    storage: Storage,
    indicators: Sequence[str] = (),
    *,
    level: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DataFrame:
    """Values of the panel, as ``schemas.VALUES_SCHEMA`` has them.

    Args:
        spark: the session.
        storage: the container.
        indicators: their names; all where empty.
        level: of the cells, 0 for the whole city; all where None.
        since: first time that counts; rows without a time (static) always do.
        until: first time that does not count.

    Raises:
        DatasetError: there is no panel.
        QueryError: one of the indicators has not been built.
    """
    known = {row[0] for row in read_indicators(spark, storage).select("indicator").collect()}
    if unknown := [name for name in indicators if name not in known]:
        raise QueryError(
            f"no indicator {', '.join(unknown)} in the panel; there are {', '.join(sorted(known))}"
        )
    values = DeltaTable.forPath(spark, values_path(storage)).toDF()
    if indicators:
        values = values.where(F.col("indicator").isin(*indicators))
    if level is not None:
        values = values.where(F.col("grid_level") == level)
    if since is not None:
        values = values.where(F.col("time").isNull() | (F.col("time") >= F.lit(since)))
    if until is not None:
        values = values.where(F.col("time").isNull() | (F.col("time") < F.lit(until)))
    return values


def read_indicators(spark: SparkSession, storage: Storage) -> DataFrame:
    """What the panel says of its indicators.

    Raises:
        DatasetError: there is no panel.
    """
    path = indicators_path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        raise DatasetError(f"{storage.root} has no panel; run: gridcontainer panel build")
    return DeltaTable.forPath(spark, path).toDF()


def read_wide(
    spark: SparkSession,
    storage: Storage,
    indicators: Sequence[str],
    *,
    level: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DataFrame:
    """Values of indicators of one step at one level, a column for each; see ``widen``.

    Raises:
        DatasetError: there is no panel.
        QueryError: one of the indicators has not been built, has not that level, or another step.
    """
    values = read_panel(spark, storage, indicators, level=level, since=since, until=until)
    about = read_indicators(spark, storage).where(F.col("indicator").isin(*indicators))
    rows = about.select("indicator", "step", "levels").collect()
    if without := sorted(row["indicator"] for row in rows if level not in row["levels"]):
        raise QueryError(f"{', '.join(without)}: not built at level {level}; add it to its levels")
    if len({row["step"] for row in rows}) > 1:
        said = ", ".join(sorted(f"{row['indicator']} ({row['step']})" for row in rows))
        raise QueryError(f"a wide view is of one step; these have several: {said}")
    return widen(values, indicators)


def widen(values: DataFrame, indicators: Sequence[str], *, column: str = "value") -> DataFrame:
    """A row for each cell and step, a column for each indicator.

    Windows (``windows``) come before, on the long table.

    Args:
        values: of ``read_panel``, of one step.
        indicators: columns of the result, in their order.
        column: whose values they hold: ``value``, ``status``, or one that a window has added.
    """
    pivoted = values.groupBy(*_KEY).pivot("indicator", list(indicators))
    return pivoted.agg(F.first(column, ignorenulls=True))
