"""The feed of a table: what came and went adds up to the difference of two versions."""

import collections
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from gridcontainer.container.storage import COMPACTED
from gridcontainer.container.tables.feed import SIGN, read_feed
from gridcontainer.container.tables.frames import create_table, read_version

pytestmark = pytest.mark.spark
FED = {"delta.enableChangeDataFeed": "true"}


def make_table(spark: SparkSession, path: Path, **properties: str) -> str:
    rows = spark.createDataFrame([("a", 1), ("b", 2), ("c", 3)], "name string, number long")
    create_table(spark, str(path), rows.schema, properties=properties)
    rows.write.format("delta").mode("append").save(str(path))
    return str(path)


def rows_of(spark: SparkSession, path: str, version: int) -> collections.Counter:
    rows = spark.read.format("delta").option("versionAsOf", version).load(path)
    return collections.Counter(map(tuple, rows.collect()))


def test_what_came_and_went_is_the_difference_of_two_versions(spark: SparkSession, tmp_path: Path):
    path = make_table(spark, tmp_path / "table", **FED)
    since = read_version(spark, path)
    table = DeltaTable.forPath(spark, path)
    table.update("name = 'a'", {"number": "number + 10"})
    table.delete("name = 'b'")
    new = spark.createDataFrame([("d", 4), ("d", 4)], "name string, number long")
    new.write.format("delta").mode("append").save(path)
    until = read_version(spark, path)
    feed = read_feed(spark, path, since, until)
    assert feed is not None
    told = collections.Counter()
    for row in feed.collect():
        told[(row["name"], row["number"])] += row[SIGN]
    difference = rows_of(spark, path, until)
    difference.subtract(rows_of(spark, path, since))
    assert {row: n for row, n in told.items() if n} == {r: n for r, n in difference.items() if n}
    assert read_feed(spark, path, until, until).isEmpty()


def test_a_table_replaced_as_a_whole_or_without_a_feed_tells_nothing(
    spark: SparkSession, tmp_path: Path
):
    fed, silent = make_table(spark, tmp_path / "a", **FED), make_table(spark, tmp_path / "b")
    rows = spark.createDataFrame([("e", 5)], "name string, number long")
    for path, mode in ((fed, "overwrite"), (silent, "append")):
        since = read_version(spark, path)
        rows.write.format("delta").mode(mode).save(path)
        assert read_feed(spark, path, since, read_version(spark, path)) is None


def test_files_written_anew_by_compaction_are_no_change(spark: SparkSession, tmp_path: Path):
    path = make_table(spark, tmp_path / "table", **FED)
    since = read_version(spark, path)
    rows = spark.read.format("delta").load(path).coalesce(1)
    writer = rows.write.format("delta").mode("overwrite").option("dataChange", "false")
    writer.option("userMetadata", COMPACTED).save(path)
    feed = read_feed(spark, path, since, read_version(spark, path))
    assert feed is not None
    assert feed.isEmpty()
