"""Parquet: columns of plain types keep them, all others come as text, and no value differs."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridcontainer.container.sources import open_source, read_piece, split

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


def rows_of(root, declaration) -> list[dict]:
    source = open_source(root, declaration)
    return [
        row
        for piece in split(source, declaration, target_bytes=1)
        for batch in read_piece(piece, source, declaration)
        for row in batch.to_pylist()
    ]


@pytest.mark.parametrize(
    ("column", "keeps"),
    {
        "int8": (pa.array([1], pa.int8()), True),
        "microseconds": (pa.array([TIME], pa.timestamp("us", "UTC")), True),
        "no zone": (pa.array([TIME.replace(tzinfo=None)], pa.timestamp("us")), True),
        "decimal": (pa.array([None], pa.decimal128(9, 2)), True),
        "nanoseconds": (pa.array([TIME], pa.timestamp("ns", "UTC")), False),
        "unsigned": (pa.array([1], pa.uint32()), False),
        "list": (pa.array([[1]]), False),
        "bytes": (pa.array([b"x"]), False),
    }.values(),
)
def test_plain_types_are_kept_and_others_come_as_text(tmp_path, fixes, column, keeps):
    table = pa.table({"lon": [121.5], "lat": [31.2], "other": column})
    pq.write_table(table, tmp_path / "fixes.parquet")
    schema = open_source(tmp_path, fixes).schema
    assert pa.types.is_string(schema.field("other").type) is not keeps
    if keeps:
        assert schema.field("other").type == column.type
        assert schema.field("lon").type == pa.float64()


def test_files_that_differ_come_as_text(tmp_path, fixes):
    pq.write_table(TABLE, tmp_path / "fixes1.parquet")
    pq.write_table(TABLE.drop(["count"]), tmp_path / "fixes2.parquet")
    assert open_source(tmp_path, fixes).schema.field("lon").type == pa.string()
    pq.write_table(TABLE, tmp_path / "fixes2.parquet")
    assert open_source(tmp_path, fixes).schema.field("lon").type == pa.float64()


@pytest.mark.parametrize("int96", [True, False])
def test_rows_are_those_of_the_file_by_row_groups_too(tmp_path, fixes, int96):
    """INT96, which Spark and Hive write, is a time in UTC."""
    pq.write_table(
        TABLE, tmp_path / "fixes.parquet", use_deprecated_int96_timestamps=int96, row_group_size=2
    )
    rows = rows_of(tmp_path, fixes)
    assert [row["_row"] for row in rows] == [1, 2, 3]
    assert {row["_file"] for row in rows} == {"fixes.parquet"}
    found = [{name: row[name] for name in TABLE.column_names} for row in rows]
    assert found == TABLE.to_pylist()
