"""What the panel says of its indicators: lineage, cleaning as declared, and what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Row, SparkSession, functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import create_table
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.schemas import (
    INDICATORS_SCHEMA,
    INTERPOLATED,
    OUTLIER,
    indicators_path,
    values_path,
)
from gridcontainer.panel.state import State
from gridcontainer.spark.city_cells import CITY_LEVEL


@dataclass(frozen=True)
class Counted:
    """What the panel has of an indicator.

    Attributes:
        by_status: rows by status.
        rejected: records that were left out because they are unreadable or not valid; None where
            all of these counts are hidden.
    """

    by_status: Mapping[str, int]
    rejected: int | None


@dataclass(frozen=True)
class Description:
    """What is known of an indicator before its values are counted.

    Attributes:
        indicator: its declaration.
        state: from what it was computed.
        zone: of its steps.
        below: counts that are hidden.
        run_id: of the run that describes it.
    """

    indicator: Indicator
    state: State
    zone: str
    below: int | None
    run_id: str

    def as_row(self, counted: dict[str, Any]) -> tuple[Any, ...]:
        """A row of ``INDICATORS_SCHEMA``."""
        said = self.indicator
        told = counted | {
            "indicator": said.indicator, "title": said.title, "unit": said.unit,
            "department": said.department, "aggregate": said.aggregate, "step": said.step,
            "time_zone": self.zone, "levels": said.all_levels,
            "lineage": dict(self.state.versions), "source_version": str(self.state),
            "cleaning": said.cleaning.model_dump_json(exclude_none=True),
            "suppress_below": self.below, "run_id": self.run_id,
        }  # fmt: skip
        return tuple(told[name] for name in INDICATORS_SCHEMA.names)


def described(spark: SparkSession, storage: Storage) -> dict[str, str]:
    """The state as of which each indicator is described."""
    path = indicators_path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        return {}
    rows = spark.read.format("delta").load(path).select("indicator", "source_version").collect()
    return {row["indicator"]: row["source_version"] for row in rows}


def describe(
    spark: SparkSession, storage: Storage, descriptions: Sequence[Description]
) -> dict[str, Counted]:
    """Describe indicators by what the panel has of them, and keep that.

    It follows from the values alone, so that those whose description was not written (a run was
    killed in between) are described by the next run.

    Returns:
        The counts of each.
    """
    if not descriptions:
        return {}
    counted = {row["indicator"]: row for row in _count(spark, storage, descriptions)}
    rows = [
        said.as_row(counted[said.indicator.indicator].asDict())
        for said in descriptions
        if said.indicator.indicator in counted
    ]
    path = indicators_path(storage)
    create_table(spark, path, INDICATORS_SCHEMA)
    new = spark.createDataFrame(rows, INDICATORS_SCHEMA).coalesce(1)
    merging = (
        DeltaTable.forPath(spark, path)
        .alias("held")
        .merge(new.alias("new"), "held.indicator = new.indicator")
    )
    merging.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    return {name: Counted(row["by_status"], row["rejected"]) for name, row in counted.items()}


def _count(spark: SparkSession, storage: Storage, descriptions: Sequence[Description]) -> list[Row]:
    finest = {said.indicator.indicator: said.indicator.finest for said in descriptions}
    levels = F.create_map(*(F.lit(part) for pair in finest.items() for part in pair))
    is_finest = F.col("grid_level") == levels[F.col("indicator")]
    values = spark.read.format("delta").load(values_path(storage))
    by_status = (
        values.where(F.col("indicator").isin(*finest))
        .groupBy("indicator", "status")
        .agg(
            F.count("*").alias("rows"),
            F.min("time").alias("first_time"),
            F.max("time").alias("last_time"),
            F.sum(F.when(F.col("grid_level") == CITY_LEVEL, F.col("rejected"))).alias("rejected"),
            F.count_if(is_finest & (F.col("cleaned") == OUTLIER)).alias("outliers"),
            F.count_if(is_finest & (F.col("status") == INTERPOLATED)).alias("interpolated"),
        )
    )
    sums = ("rows", "rejected", "outliers", "interpolated")
    return (
        by_status.groupBy("indicator")
        .agg(
            *(F.sum(name).alias(name) for name in sums),
            F.min("first_time").alias("first_time"),
            F.max("last_time").alias("last_time"),
            F.map_from_entries(F.collect_list(F.struct("status", "rows"))).alias("by_status"),
        )
        .collect()
    )
