"""Parquet that Spark reads itself: which files, and that their rows are those of the other way."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridcontainer.container.ingest.read import read_source
from gridcontainer.container.ingest.read_parquet import suits_spark

TIME = datetime(2015, 4, 1, 8, 30, 5, tzinfo=UTC)
TABLE = pa.table(
    {
        "name": ["a", None, "c"],
        "count": pa.array([1, 2, None], pa.int8()),
        "lon": [121.5, 121.6, 0.0],
        "lat": [31.2, 31.3, 0.0],
        "measured": pa.array([TIME] * 3, pa.timestamp("us", "UTC")),
    }
)


@pytest.fixture
def fixes(declare):
    return declare("fixes*.parquet", format="parquet")


@pytest.mark.parametrize(
    ("column", "suits"),
    {
        "int8": (pa.array([1], pa.int8()), True),
        "microseconds": (pa.array([TIME], pa.timestamp("us", "UTC")), True),
        "no zone": (pa.array([TIME.replace(tzinfo=None)], pa.timestamp("us")), True),
        "decimal": (pa.array([None], pa.decimal128(9, 2)), True),
        "nanoseconds": (pa.array([TIME], pa.timestamp("ns", "UTC")), False),
        "unsigned": (pa.array([1], pa.uint32()), False),
        "list": (pa.array([[1]]), False),
        "struct": (pa.array([{"x": 1, "y": 2}]), False),
        "bytes": (pa.array([b"x"]), False),
    }.values(),
)
def test_what_spark_has_no_type_for_is_read_the_other_way(tmp_path, fixes, column, suits):
    path = tmp_path / "fixes.parquet"
    pq.write_table(pa.table({"lon": [121.5], "other": column}), path)
    assert suits_spark([path], fixes) is suits


def test_files_that_differ_are_read_the_other_way(tmp_path, fixes):
    paths = [tmp_path / "fixes1.parquet", tmp_path / "fixes2.parquet"]
    pq.write_table(TABLE, paths[0])
    pq.write_table(TABLE.drop(["count"]), paths[1])
    assert not suits_spark(paths, fixes)
    pq.write_table(TABLE, paths[1])
    assert suits_spark(paths, fixes)


def test_what_spark_itself_writes_suits_it(spark, tmp_path, fixes):
    """Its timestamps are INT96, which Arrow shows as nanoseconds."""
    path = tmp_path / "fixes.parquet"
    pq.write_table(TABLE, path)
    spark.read.parquet(str(path)).coalesce(1).write.parquet(str(tmp_path / "spark"))
    [written] = (tmp_path / "spark").glob("*.parquet")
    assert pq.ParquetFile(written).schema.column(4).physical_type == "INT96"
    assert suits_spark([written], fixes)


@pytest.mark.parametrize("int96", [True, False])
def test_both_ways_give_the_same_rows(spark, tmp_path, fixes, monkeypatch, int96):
    pq.write_table(
        TABLE, tmp_path / "fixes.parquet", use_deprecated_int96_timestamps=int96, row_group_size=2
    )
    natively, names = read_source(spark, tmp_path, fixes)
    assert natively.inputFiles()
    monkeypatch.setattr(
        "gridcontainer.container.ingest.read.suits_spark", lambda files, declared: False
    )
    as_text, the_same = read_source(spark, tmp_path, fixes)
    assert not as_text.inputFiles()
    assert names == the_same
    own = ["_file", "_row", "_fault", "name", "count"]
    both = [
        [
            tuple(None if value is None else str(value) for value in row)
            for row in frame.select(own).orderBy("_row").collect()
        ]
        for frame in (natively, as_text)
    ]
    assert both[0] == both[1]
    assert both[0][1] == ("fixes.parquet", "2", None, None, "2")
    assert natively.select("measured").first()[0] == TIME.replace(tzinfo=None)
