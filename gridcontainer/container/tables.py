"""Delta tables of the container: made with their properties, replaced as a whole, measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, types as T

ROWS_PER_FILE = 2_000_000

_GRID_CONSTRAINTS = {
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

    A table without position is one partition, in the order of its source.

    Args:
        rows: of ``to_dataset``.
        path: of the table; made with its properties if it is not there.
        count: rows, about; chooses the number of files.
        properties: of the table beside those that every data set has.
    """
    spark = rows.sparkSession
    wanted = {**_layout_properties(rows.columns), **properties}
    on_grid = "grid_prefix" in rows.columns
    partition = ["grid_prefix"] if on_grid else []
    if not create_table(spark, path, rows.schema, partition, wanted):
        _renew_properties(spark, path, wanted)
    tasks = max(1, -(-count // ROWS_PER_FILE))
    order = ["cell"] if on_grid else ["source_file", "source_row"]
    (
        rows.repartitionByRange(tasks, *order)
        .sortWithinPartitions(*partition, *order)
        .write.format("delta")
        .mode("overwrite")
        .partitionBy(*partition)
        .option("overwriteSchema", "true")
        .save(path)
    )


def _layout_properties(columns: Sequence[str]) -> dict[str, str]:
    """What a table with these columns is made with.

    Prefix = integer range: minimum and maximum of ``cell`` and of the time are all that skipping
    needs, and shapes and long texts stay out of the statistics.
    """
    skipping = [name for name in ("cell", "event_time") if name in columns] or ["source_row"]
    shared = {
        "delta.enableChangeDataFeed": "true",
        "delta.dataSkippingStatsColumns": ",".join(skipping),
    }
    return shared | _GRID_CONSTRAINTS if "cell" in columns else shared


def replace_partition(rows: DataFrame, path: str, column: str, value: str) -> None:
    """Replace what a table holds of one value of its partition column."""
    create_table(rows.sparkSession, path, rows.schema, [column])
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
    rows = table.toDF()
    prefixes = [name for name in ("grid_prefix",) if name in rows.columns]
    by_prefix = rows.groupBy(*prefixes).count().collect()
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


def create_table(
    spark: SparkSession,
    path: str,
    schema: T.StructType,
    partition: Sequence[str] = (),
    properties: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Make a table, and tell whether it was not there before."""
    if DeltaTable.isDeltaTable(spark, path):
        return False
    builder = DeltaTable.create(spark).location(path).addColumns(schema)
    if partition:
        builder = builder.partitionedBy(*partition)
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
