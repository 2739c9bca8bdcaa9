"""The log that is written without Spark: other engines read it, and nothing is lost in it.

delta-rs and DuckDB read every table here; Spark reads and changes some of them.
"""

import json
import multiprocessing
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from delivered import Deliveries, points
from delta.tables import DeltaTable as SparkTable
from deltalake import DeltaTable
from pyspark.sql import functions as F

from gridcontainer.container.files import LocalFiles
from gridcontainer.container.ingest import bring as bring_module, dataset as dataset_module
from gridcontainer.container.ingest.dataset import prepare_container
from gridcontainer.container.quarantine.replace import (
    read_quarantined,
    replace_quarantined,
    write_quarantine_files,
)
from gridcontainer.container.runs import Run, read_runs, record_run
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import layout as layouts, log as log_module
from gridcontainer.container.tables.actions import TableMetadata
from gridcontainer.container.tables.data_files import write_files
from gridcontainer.container.tables.log import commit, read_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.container.tables.schemas import QUARANTINE
from gridcontainer.errors import GridContainerError, StorageError


@pytest.fixture
def made(tmp_path, city):
    def make(**keys) -> Deliveries:
        return Deliveries(tmp_path, city, keys)

    return make


def files_of(path: str) -> list[str]:
    return [str(Path(path, file)) for file in DeltaTable(path).file_uris()]


def write_table(path: str, rows: pa.Table, partition: tuple[str, ...] = ()) -> None:
    """A table of one version, as the container writes it."""
    files = LocalFiles()
    statistics = [name for name in rows.column_names if name not in partition][:1]
    added = write_files(rows, path, files=files, partition=partition, statistics=statistics)
    metadata = TableMetadata(rows.schema, partition, {"delta.enableChangeDataFeed": "true"})
    commit(files, path, [*metadata.actions(), *(file.added() for file in added)], after=None)


# Names and values of any kind


ODD = ["plain", "a b", "a/b", "a=b", "a%b", "a%20b", "上海市", "é", "a'b", 'a"b', "a?b#c", "a:b",
       "a\\b", "{x}", " lead", "trail ", "a&b", "~", ".", "a+b"]  # fmt: skip


def test_partition_values_with_any_characters(spark, tmp_path):
    path = str(tmp_path / "table")
    rows = pa.table({"part": ODD, "value": list(range(len(ODD)))})
    write_table(path, rows, ("part",))
    expected = dict(zip(ODD, range(len(ODD)), strict=True))
    there = read_snapshot(path)
    assert there is not None
    own = read_rows(path, there)
    assert dict(zip(own["part"].to_pylist(), own["value"].to_pylist(), strict=True)) == expected
    other = DeltaTable(path).to_pyarrow_table()
    assert dict(zip(other["part"].to_pylist(), other["value"].to_pylist(), strict=True)) == expected
    found = {row["part"]: row["value"] for row in spark.read.format("delta").load(path).collect()}
    assert found == expected
    for name in ("a%20b", "上海市"):
        chosen = spark.read.format("delta").load(path).where(F.col("part") == name)
        assert [row["value"] for row in chosen.collect()] == [expected[name]]
    gone = [file.removed() for file in there.files if file.partition["part"] != "a%20b"]
    commit(LocalFiles(), path, gone, after=there.version)
    assert DeltaTable(path).to_pyarrow_table()["part"].to_pylist() == ["a%20b"]
    assert [row["part"] for row in spark.read.format("delta").load(path).collect()] == ["a%20b"]


def test_columns_of_any_name(spark, made):
    names = ["名称", "ZIP CODE", "a.b", "a;b", "价格（元）", "x'y", "UPPER", "upper", "select", "é"]
    at = made(key=["id"])
    for round, value in enumerate(("v", "w")):
        at.write(
            f"id,lon,lat,{','.join(names)}\n"
            + "".join(
                f"{i},121.4,31.2,{','.join(f'{value if i == 1 else 0}{n}' for n in range(10))}\n"
                for i in range(4)
            )
        )
        assert at.ingest().run.updated == round
    own = at.rows()
    seen = spark.read.format("delta").load(at.path)
    assert seen.columns == DeltaTable(at.path).to_pyarrow_table().column_names
    stored = [name for name in own.columns if name not in ("id", "source_lon", "source_lat")][-10:]
    row = seen.where("id = '1'").collect()[0]
    assert [row[name] for name in stored] == [f"w{n}" for n in range(10)]
    duck = duckdb.read_parquet(files_of(at.path)).filter("id = '1'").fetchall()
    assert [f"w{n}" in duck[0] for n in range(10)] == [True] * 10


def test_moments_without_a_zone_and_other_types(spark, made):
    at = made(key=["id"], source={"path": "places.parquet", "format": "parquet"})
    moment = datetime(2024, 1, 1, 8)

    def write(note: str) -> None:
        rows = pa.table(
            {
                "id": pa.array([1, 2], pa.int64()),
                "lon": [121.4, 121.5],
                "lat": [31.2, 31.3],
                "local": pa.array([moment, None], pa.timestamp("us")),
                "instant": pa.array([moment, None], pa.timestamp("ms", "Asia/Shanghai")),
                "day": pa.array([moment.date(), None], pa.date32()),
                "small": pa.array([1, None], pa.int16()),
                "is": [True, None],
                "real": pa.array([1.5, float("nan")], pa.float32()),
                "bytes": [b"\0\xff", None],
                "note": [note, "same"],
            }
        )
        pq.write_table(rows, at.folder / "places.parquet")

    write("one")
    at.ingest()
    write("two")
    assert at.ingest().run.updated == 1
    assert at.ingest().changed is False
    other = DeltaTable(at.path).to_pyarrow_table().sort_by("id").to_pylist()
    rows = spark.read.format("delta").load(at.path).orderBy("id").collect()
    for name in ("id", "day", "small", "is", "note"):
        assert [row[name] for row in rows] == [row[name] for row in other], name
    assert rows[0]["note"] == "two"
    spark.sql(f"UPDATE delta.`{at.path}` SET note = 'three' WHERE id = 1")
    write("four")
    assert at.ingest().run.updated == 1


def test_empty_tables_are_read_by_all(spark, made):
    for kind in ("points", "table"):
        at = made(key=["id"], kind=kind, dataset=f"empty_{kind}")
        at.write("id,lon,lat\n")
        run = at.ingest().run
        path = at.storage.dataset("planning", f"empty_{kind}")
        assert run.rows_in == 0
        assert DeltaTable(path).to_pyarrow_table().num_rows == 0
        assert spark.read.format("delta").load(path).count() == 0
        assert "id" in spark.read.format("delta").load(path).columns


# The change feed


def feed_of(spark, path: str, first: int) -> Counter:
    rows = (
        spark.read.format("delta").option("readChangeFeed", "true")
        .option("startingVersion", first).load(path)
    )  # fmt: skip
    return Counter((row["_change_type"], row["id"], row["name"]) for row in rows.collect())


def named(rows: dict[int, str]) -> str:
    lines = [f"{i},{121.4 + i / 1000},31.2,{name}" for i, name in rows.items()]
    return "\n".join(["id,lon,lat,name", *lines]) + "\n"


@pytest.mark.parametrize("rows_per_file", [500_000, 4])
def test_the_feed_tells_exactly_the_changed_rows(spark, made, monkeypatch, rows_per_file):
    monkeypatch.setattr(layouts, "ROWS_PER_FILE", rows_per_file)
    at = made(key=["id"], absent="delete")
    before = {i: f"n{i}" for i in range(20)}
    at.write(named(before))
    at.ingest()
    after = {i: name for i, name in before.items() if i != 3} | {5: "new", 40: "come"}
    at.write(named(after))
    version = at.ingest().run.table_version
    told = feed_of(spark, at.path, version)
    assert told == Counter(
        [("delete", "3", "n3"), ("update_preimage", "5", "n5"), ("update_postimage", "5", "new"),
         ("insert", "40", "come")]
    )  # fmt: skip
    other = DeltaTable(at.path).load_cdf(starting_version=version).read_all()
    assert Counter(
        zip(*(pa.table(other)[name].to_pylist() for name in ("_change_type", "id", "name")),
            strict=True)
    ) == told  # fmt: skip


def test_the_feed_of_a_history_and_of_a_table_written_anew_nets_to_the_change(spark, made):
    at = made(key=["id"], history=True)
    at.write(named({1: "a", 2: "b", 3: "c", 4: "d"}))
    at.ingest()
    at.write(named({1: "a", 2: "B", 3: "c", 4: "d"}))
    version = at.ingest().run.table_version
    assert feed_of(spark, at.path, version) == Counter(
        [("update_preimage", "2", "b"), ("update_postimage", "2", "b"), ("insert", "2", "B")]
    )
    whole = made(key=["id"], absent="delete", dataset="whole")
    whole.ingest()
    whole.write(named({1: "a", 2: "x", 3: "y", 4: "z"}))
    version = whole.ingest().run.table_version
    path = whole.storage.dataset("planning", "whole")
    net = Counter()
    for (kind, *row), count in feed_of(spark, path, version).items():
        net[tuple(row)] += count if kind == "insert" else -count
    assert {row: count for row, count in net.items() if count} == {
        ("2", "B"): -1, ("3", "c"): -1, ("4", "d"): -1,
        ("2", "x"): 1, ("3", "y"): 1, ("4", "z"): 1,
    }  # fmt: skip


# Spark afterwards, Spark before


def test_constraints_and_properties_hold_for_spark_afterwards(spark, made):
    at = made(key=["id"], title="It's 100 %")
    at.write(points(5))
    at.ingest()
    table = SparkTable.forPath(spark, at.path)
    properties = table.detail().collect()[0]["properties"]
    assert properties["gridcontainer.title"] == "It's 100 %"
    assert properties["delta.enableChangeDataFeed"] == "true"
    new = spark.read.format("delta").load(at.path).where("id = '1'")
    for wrong in ({"lat": F.lit(91.0)}, {"grid_code": F.lit("S")}):
        rows = new.withColumns(wrong)
        merge = table.alias("h").merge(rows.alias("n"), "h.id = n.id").whenMatchedUpdateAll()
        with pytest.raises(Exception, match="CHECK constraint"):
            merge.execute()
    moved = new.withColumn("lat", F.lit(31.5))
    table.alias("h").merge(moved.alias("n"), "h.id = n.id").whenMatchedUpdateAll().execute()
    table.alias("h").merge(
        moved.withColumn("id", F.lit("99")).alias("n"), "h.id = n.id"
    ).whenNotMatchedInsertAll().execute()
    assert sorted(at.column("lat"))[-2:] == [31.5, 31.5]
    at.ingest(absent="delete", most_removed=1)  # Spark's change is put right
    assert sorted(at.column("id")) == ["1", "2", "3", "4", "5"]
    assert max(at.column("lat")) < 31.3


def test_a_table_that_spark_wrote_is_changed_without_spark(spark, made):
    at = made(key=["id"], absent="delete")
    at.write(named({i: f"n{i}" for i in range(6)}))
    at.ingest()
    rows = spark.read.format("delta").load(at.path).cache()
    rows.count()
    properties = dict(DeltaTable(at.path).metadata().configuration)
    old = made(key=["id"], absent="delete", dataset="old")
    path = old.storage.dataset("planning", "old")
    writer = rows.writeTo(f"delta.`{path}`").using("delta").partitionedBy(F.col("grid_prefix"))
    for name, value in properties.items():
        writer = writer.tableProperty(name, value)
    writer.createOrReplace()
    ids = {row["id"]: row["object_id"] for row in rows.collect()}
    spark.sql(f"UPDATE delta.`{path}` SET object_id = sha2(id, 256)")
    spark.sql(f"DELETE FROM delta.`{path}` WHERE id = '5'")
    old.write(named({i: f"n{i}" for i in range(7)}))
    run = old.ingest(most_removed=1).run
    seen = spark.read.format("delta").load(path)
    assert run.rows_out == seen.count() == 7
    assert len(ids) == 6
    old.write(named({i: f"n{i}" for i in range(7)} | {3: "changed"}))
    assert old.ingest().run.updated == 1
    assert seen.sparkSession.read.format("delta").load(path).where("name = 'changed'").count() == 1


def test_checkpoints_are_read_by_all(spark, made):
    at = made(key=["id"])
    for round in range(13):
        at.write(named({i: f"n{i if i else round}" for i in range(4)}))
        at.ingest()
    log = Path(at.path, "_delta_log")
    assert list(log.glob("*.checkpoint.parquet"))
    assert (log / "_last_checkpoint").is_file()
    expected = ["n12", "n1", "n2", "n3"]
    assert at.column("name") == expected
    for old in range(10):  # only the checkpoint can tell now
        (log / f"{old:020d}.json").unlink()
    seen = spark.read.format("delta").load(at.path).orderBy("source_row").collect()
    assert [row["name"] for row in seen] == expected
    assert at.column("name") == expected
    assert len(read_runs(at.storage)) == 13
    properties = SparkTable.forPath(spark, at.path).detail().collect()[0]["properties"]
    assert properties["gridcontainer.key"] == "id"
    assert "delta.constraints.position" in properties
    at.write(named({i: f"z{i}" for i in range(4)}))
    assert at.ingest().run.updated == 4


def test_a_table_with_deletion_vectors_is_refused(spark, made):
    at = made(key=["id"])
    at.write(points(50))
    at.ingest()
    spark.sql(
        f"ALTER TABLE delta.`{at.path}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
    )
    spark.sql(f"DELETE FROM delta.`{at.path}` WHERE id = '7'")
    at.write(points(51))
    before = at.state()
    with pytest.raises(GridContainerError, match=r"(?i)deletion ?vectors") as told:
        at.ingest()
    assert "\n" not in str(told.value)
    assert at.state() == before


# Types that change


def write_typed(at: Deliveries, **columns: pa.Array) -> None:
    count = len(next(iter(columns.values())))
    rows = {"id": [str(i) for i in range(count)], "lon": [121.4] * count, "lat": [31.2] * count}
    pq.write_table(pa.table(rows | columns), at.folder / "places.parquet")


CHANGES = {
    "int to text": (pa.array([1, 2, 3, 4, 5]), pa.array(["1", "2", "x", "4", "5"])),
    "text to int": (pa.array(["1", "b", "3", "4", "5"]), pa.array([1, 2, 3, 4, 5])),
    "int to real": (pa.array([1, 2, 3, 4, 5]), pa.array([1.0, 2.5, 3.0, 4.0, 5.0])),
    "real to int": (pa.array([1.5, 2.0, 3.0, 4.0, 5.0]), pa.array([1, 2, 3, 4, 5])),
    "small to big": (
        pa.array([1, 2, 3, 4, 5], pa.int16()),
        pa.array([1, 2**40, 3, 4, 5], pa.int64()),
    ),
    "time to text": (
        pa.array([datetime(2024, 1, 1)] * 5, pa.timestamp("us")),
        pa.array(["2024-01-01 00:00:00", "later", *["2024-01-01 00:00:00"] * 3]),
    ),
    "bool to int": (pa.array([True, False, True, True, True]), pa.array([1, 0, 7, 1, 1])),
}


@pytest.mark.parametrize("absent", ["keep", "delete"])
@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_column_of_another_type_evolves_or_is_refused_by_its_name(made, old, new, absent):
    at = made(key=["id"], absent=absent, source={"path": "places.parquet", "format": "parquet"})
    write_typed(at, value=old)
    at.ingest()
    before = at.state()
    write_typed(at, value=new)
    try:
        at.ingest()
    except GridContainerError as error:
        said = str(error)
    else:
        texts = [str(value) for value in at.column("value")]
        assert [float(t) if t[0].isdigit() and "-" not in t else t for t in texts] == [
            float(t) if t[0].isdigit() and "-" not in t else t for t in map(str, new.to_pylist())
        ]
        return
    assert "value" in said
    assert str(old.type) in said
    assert str(new.type) in said
    assert at.state() == before


# Writers at the same time


def run_of(dataset: str, number: int) -> Run:
    return Run(f"{dataset}-{number}", "ingest", dataset, "planning", datetime.now(UTC), 0.1,
               "f", 0, 1, 1, 0)  # fmt: skip


def quarantine_rows(dataset: str, count: int) -> pa.Table:
    rows = [
        {"dataset": dataset, "source_file": "f", "source_row": i, "reason": "x", "run_id": "r"}
        for i in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=QUARANTINE)


def write_much(root: str, dataset: str) -> None:
    storage = Storage(root)
    for number in range(6):
        record_run(storage, run_of(dataset, number))
        added = write_quarantine_files(quarantine_rows(dataset, number + 1), storage)
        replace_quarantined(storage, dataset, added)


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    storage = Storage(str(tmp_path))
    prepare_container(storage)
    names = [f"d{i}" for i in range(4)]
    process = multiprocessing.get_context("spawn").Process(
        target=write_much, args=(str(tmp_path), names[0])
    )
    threads = [threading.Thread(target=write_much, args=(str(tmp_path), n)) for n in names[1:]]
    process.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.join()
    assert process.exitcode == 0
    assert {run.run_id for run in read_runs(storage)} == {
        f"{n}-{i}" for n in names for i in range(6)
    }
    for name in names:
        assert read_quarantined(storage, name).num_rows == 6


def test_somebody_who_wrote_the_table_meanwhile_is_told_and_nothing_is_lost(made, monkeypatch):
    at = made(key=["id"])
    at.write(points(5))
    at.ingest()
    real = bring_module.read_rows

    def slow(*arguments: Any, **options: Any) -> pa.Table:
        rows = real(*arguments, **options)
        monkeypatch.setattr(bring_module, "read_rows", real)
        at.write(points(6))
        at.ingest()
        at.write(points(7))
        return rows

    monkeypatch.setattr(bring_module, "read_rows", slow)
    at.write(points(7))
    with pytest.raises(StorageError, match="somebody else"):
        at.ingest()
    assert len(at.rows()) == 6
    assert at.ingest().run.rows_out == 7


# Killed between two steps


class Killed(BaseException):
    """As if the process had been killed here."""


def kill(monkeypatch, module: Any, name: str, *, after: bool) -> None:
    real = getattr(module, name)

    def killed(*arguments: Any, **options: Any) -> Any:
        if after:
            real(*arguments, **options)
        raise Killed

    monkeypatch.setattr(module, name, killed)


STEPS = {
    "before a file": ("table", "write_files", False),
    "after files": ("table", "write_files", True),
    "before the commit": ("table", "commit", False),
    "after the commit": ("table", "commit", True),
    "after files of the quarantine": (
        "bring", "write_quarantine_files", True,
    ),
    "before the quarantine": ("dataset", "replace_quarantined", False),
    "after the quarantine": ("dataset", "replace_quarantined", True),
    "before the ledger": ("dataset", "record_run", False),
}  # fmt: skip
KEYS = {
    "keyed": {"key": ["id"], "absent": "delete"},
    "history": {"key": ["id"], "history": True},
    "without a key": {},
}
FIRST = points(9) + "x,,\n"
SECOND = points(8).replace("121.401000", "121.501000") + "y,,\nz,-,\n"


@pytest.mark.parametrize("at_first", [True, False], ids=["first", "changed"])
@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_anywhere_is_put_right_by_the_next(
    made, monkeypatch, tmp_path, city, step, keys, at_first
):
    at = made(**keys)
    other = Deliveries(tmp_path / "other", city, keys)
    other.folder.mkdir()
    if not at_first:
        for one in (at, other):
            one.write(FIRST)
            one.ingest()
    module, name, after = STEPS[step]
    module = f"gridcontainer.container.ingest.{module}"
    at.write(SECOND)
    with monkeypatch.context() as patch:
        kill(patch, __import__(module, fromlist=["x"]), name, after=after)
        with pytest.raises(Killed):
            at.ingest()
    again = at.ingest()
    other.write(SECOND)
    right = other.ingest()
    for one in ("rows_in", "rows_out", "rows_quarantined", "reasons"):
        assert getattr(again.run, one) == getattr(right.run, one)
    shown = [
        name for name in other.rows().columns if name not in ("run_id", "valid_from", "valid_to")
    ]
    assert sorted(at.rows()[shown].to_numpy().tolist()) == sorted(
        other.rows()[shown].to_numpy().tolist()
    )
    assert at.reasons() == other.reasons()
    assert at.ingest().changed is False
    DeltaTable(at.path).to_pyarrow_table()


def test_half_a_line_of_a_log_is_never_seen(tmp_path, monkeypatch):
    """A version appears whole or not at all, and a draft that a kill left is no version."""
    path = str(tmp_path / "table")
    write_table(path, pa.table({"a": [1]}))
    Path(path, "_delta_log", f".{1:020d}.json.draft").write_text('{"commitInfo"')
    there = read_snapshot(path)
    assert there is not None
    assert there.version == 0
    assert commit(LocalFiles(), path, [file.removed() for file in there.files], after=0) == 1
    with pytest.raises(log_module.ConflictError):
        commit(LocalFiles(), path, [], after=0)
    last = json.loads(Path(path, "_delta_log", f"{1:020d}.json").read_text().splitlines()[0])
    assert last["commitInfo"]["engineInfo"].startswith("gridcontainer/")


def test_a_failure_that_is_none_of_ours_leaves_the_ledger_true(made, monkeypatch):
    at = made(key=["id"])
    at.write(points(3))
    at.ingest()
    kill(monkeypatch, dataset_module, "find_state", after=True)
    at.write(points(4))
    with pytest.raises(Killed):
        at.ingest()
    monkeypatch.undo()
    assert [run.rows_in for run in read_runs(at.storage)] == [3]
    assert at.ingest().run.rows_in == 4
