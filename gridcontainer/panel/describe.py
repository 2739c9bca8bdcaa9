"""What the panel says of its indicators: lineage, cleaning as declared, and what it did."""

from delta.tables import DeltaTable
from pyspark.sql import Row, SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import create_table
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.schemas import (
    CITY_LEVEL,
    INDICATORS_SCHEMA,
    INTERPOLATED,
    OUTLIER,
    indicators_path,
    values_path,
)
from gridcontainer.panel.state import State


def described(spark: SparkSession, storage: Storage) -> dict[str, str]:
    """The state as of which each indicator is described."""
    path = indicators_path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        return {}
    rows = spark.read.format("delta").load(path).select("indicator", "source_version").collect()
    return {row["indicator"]: row["source_version"] for row in rows}


def describe(
    spark: SparkSession,
    storage: Storage,
    indicator: Indicator,
    state: State,
    *,
    zone: str,
    below: int | None,
    run_id: str,
) -> Row:
    """Describe an indicator by what the panel has of it, and keep that.

    It follows from the values alone, so that one whose description was not written (a run was
    killed in between) is described by the next run.

    Returns:
        As ``INDICATORS_SCHEMA`` has it.
    """
    name = indicator.indicator
    row = _count(spark, storage, indicator)
    told = {
        "indicator": name, "title": indicator.title, "unit": indicator.unit,
        "department": indicator.department, "aggregate": indicator.aggregate,
        "step": indicator.step, "time_zone": zone, "levels": indicator.all_levels,
        "lineage": dict(state.versions), "source_version": str(state),
        "cleaning": indicator.cleaning.model_dump_json(exclude_none=True),
        "suppress_below": below, "run_id": run_id,
    } | row.asDict()  # fmt: skip
    path = indicators_path(storage)
    create_table(spark, path, INDICATORS_SCHEMA)
    values = Row(**{field: told[field] for field in INDICATORS_SCHEMA.names})
    new = spark.createDataFrame([tuple(values)], INDICATORS_SCHEMA)
    merging = DeltaTable.forPath(spark, path).alias("held").merge(
        new.alias("new"), "held.indicator = new.indicator"
    )
    merging.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    return values


def _count(spark: SparkSession, storage: Storage, indicator: Indicator) -> Row:
    values = spark.read.format("delta").load(values_path(storage))
    own = values.where(F.col("indicator") == indicator.indicator)
    is_finest = F.col("grid_level") == indicator.finest
    by_status = own.groupBy("status").agg(
        F.count("*").alias("rows"),
        F.min("time").alias("first_time"),
        F.max("time").alias("last_time"),
        F.sum(F.when(F.col("grid_level") == CITY_LEVEL, F.col("rejected"))).alias("rejected"),
        F.count_if(is_finest & (F.col("cleaned") == OUTLIER)).alias("outliers"),
        F.count_if(is_finest & (F.col("status") == INTERPOLATED)).alias("interpolated"),
    )
    whole = by_status.agg(
        F.sum("rows").alias("rows"),
        F.min("first_time").alias("first_time"),
        F.max("last_time").alias("last_time"),
        F.sum("rejected").alias("rejected"),
        F.sum("outliers").alias("outliers"),
        F.sum("interpolated").alias("interpolated"),
        F.map_from_entries(F.collect_list(F.struct("status", "rows"))).alias("by_status"),
    )
    return whole.collect()[0]
