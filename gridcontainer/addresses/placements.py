"""The tables of placements: written as a whole, read by whoever needs a cell for these rows."""

from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, functions as F

from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.schemas import PLACEMENTS_SCHEMA
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import create_table, renew_properties
from gridcontainer.errors import DatasetError

_WHERE: Final = ("lon", "lat", "cell", "grid_code", "evidence")


def placements_path(storage: Storage, dataset: str) -> str:
    """Of the table of a data set's placements."""
    return f"{storage.root}/placements/{dataset}"


def write_placements(placements: DataFrame, city: City, dataset: str) -> None:
    """Replace a data set's placements, in the order of cells.

    Args:
        placements: as ``PLACEMENTS_SCHEMA`` has them.
        city: the container.
        dataset: the data set.
    """
    spark, path = placements.sparkSession, placements_path(city.storage, dataset)
    properties = {
        "delta.dataSkippingStatsColumns": "cell,object_id",
        "gridcontainer.confidential": str(is_confidential(city, dataset)),
    }
    if not create_table(spark, path, PLACEMENTS_SCHEMA, properties=properties):
        renew_properties(spark, path, properties)
    ordered = placements.repartitionByRange("cell").sortWithinPartitions("cell", "object_id")
    ordered.write.format("delta").mode("overwrite").save(path)


def read_placements(city: City, dataset: str, *, with_confidential: bool = False) -> DataFrame:
    """A data set's placements: one row for each of its rows, by ``object_id``.

    Args:
        city: the container.
        dataset: the data set.
        with_confidential: where the data set has confidential columns, where its rows are too;
            else only how, and how surely, they were placed.

    Raises:
        DatasetError: it has not been located.
    """
    path = placements_path(city.storage, dataset)
    if not DeltaTable.isDeltaTable(city.spark, path):
        raise DatasetError(f"{dataset} has not been located; run: gridcontainer locate {dataset}")
    rows = city.spark.read.format("delta").load(path)
    shown = with_confidential or not is_confidential(city, dataset)
    return rows if shown else rows.drop(*_WHERE)


def flat(placements: DataFrame) -> DataFrame:
    """The same rows with ``evidence`` as one text, for files that hold no lists."""
    if "evidence" not in placements.columns:
        return placements
    return placements.withColumn("evidence", F.concat_ws(" ", "evidence"))


def is_confidential(city: City, dataset: str) -> bool:
    """Whether a data set has confidential columns: its addresses, and so its places, are too."""
    return "confidential" in city.declarations[dataset].sensitivity.values()


def count_placements(city: City, dataset: str) -> tuple[dict[str, int], dict[str, int]]:
    """Placed rows by method, and the others by reason, most first."""
    table = city.spark.read.format("delta").load(placements_path(city.storage, dataset))
    counted = table.groupBy("method", "reason").agg(F.count("*").alias("rows"))
    most_first = counted.orderBy(F.desc("rows"), "method", "reason").collect()
    methods = {row["method"]: row["rows"] for row in most_first if row["method"] is not None}
    reasons = {row["reason"]: row["rows"] for row in most_first if row["method"] is None}
    return methods, reasons
