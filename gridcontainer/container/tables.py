"""Delta tables of the container: made with their properties, replaced as a whole, measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, types as T

ROWS_PER_FILE = 2_000_000

# Prefix = integer range: minimum and maximum of ``cell`` are all that skipping needs, and shapes
# and long texts stay out of the statistics.
_DATASET_PROPERTIES = {
    "delta.enableChangeDataFeed": "true",
    "delta.dataSkippingStatsColumns": "cell",
    "delta.constraints.position": "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90",
    "delta.constraints.prefix_of_code": "startswith(grid_code, grid_prefix)",
}


@dataclass(frozen=True)
class TableState:
    """What a table holds, read back from the table itself.

    Attributes:
        version: of the table.
        rows: in it.
        partitions: that have rows.
        files: of this version.
        bytes: of these files.
    """

    version: int
    rows: int
    partitions: int
    files: int
    bytes: int


def replace_dataset(
    rows: DataFrame, path: str, *, count: int, properties: Mapping[str, str]
) -> None:
    """Replace a data set's table: partitioned by ``grid_prefix``, each file sorted by ``cell``.

    Args:
        rows: of ``to_dataset``.
        path: of the table; made with its properties if it is not there.
        count: rows, about; chooses the number of files.
        properties: of the table beside those that every data set has.
    """
    spark = rows.sparkSession
    wanted = {**_DATASET_PROPERTIES, **properties}
    if not _create(spark, path, rows.schema, "grid_prefix", wanted):
        _renew_properties(spark, path, wanted)
    tasks = max(1, -(-count // ROWS_PER_FILE))
    (
        rows.repartitionByRange(tasks, "cell")
        .sortWithinPartitions("grid_prefix", "cell")
        .write.format("delta")
        .mode("overwrite")
        .partitionBy("grid_prefix")
        .option("overwriteSchema", "true")
        .save(path)
    )


def replace_partition(rows: DataFrame, path: str, column: str, value: str) -> None:
    """Replace what a table holds of one value of its partition column."""
    _create(rows.sparkSession, path, rows.schema, column, {})
    (
        rows.coalesce(1)
        .write.format("delta")
        .mode("overwrite")
        .option("replaceWhere", f"{column} = {_quoted(value)}")
        .save(path)
    )


def read_state(spark: SparkSession, path: str) -> TableState:
    """Count what a data set's table holds."""
    table = DeltaTable.forPath(spark, path)
    version = table.history(1).collect()[0]["version"]
    detail = table.detail().collect()[0]
    by_prefix = table.toDF().groupBy("grid_prefix").count().collect()
    return TableState(
        version=version,
        rows=sum(row["count"] for row in by_prefix),
        partitions=len(by_prefix),
        files=detail["numFiles"],
        bytes=detail["sizeInBytes"],
    )


def find_state(spark: SparkSession, path: str) -> TableState | None:
    """What a data set's table holds; None where there is no table."""
    return read_state(spark, path) if DeltaTable.isDeltaTable(spark, path) else None


def append(rows: DataFrame, path: str) -> None:
    """Append to a table, which is made if it is not there."""
    rows.coalesce(1).write.format("delta").mode("append").save(path)


def _create(
    spark: SparkSession,
    path: str,
    schema: T.StructType,
    partition: str,
    properties: Mapping[str, str],
) -> bool:
    """Make a table, and tell whether it was not there before."""
    if DeltaTable.isDeltaTable(spark, path):
        return False
    builder = DeltaTable.create(spark).location(path).addColumns(schema).partitionedBy(partition)
    for name, value in properties.items():
        builder = builder.property(name, value)
    builder.execute()
    return True


def _renew_properties(spark: SparkSession, path: str, wanted: Mapping[str, str]) -> None:
    present = DeltaTable.forPath(spark, path).detail().collect()[0]["properties"]
    if changed := {name: value for name, value in wanted.items() if present.get(name) != value}:
        pairs = ", ".join(f"'{name}' = {_quoted(value)}" for name, value in changed.items())
        spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({pairs})")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
