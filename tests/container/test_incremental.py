"""A changed source changes only what changed: rows, versions and files, by another engine."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from gridcontainer.container.compact import compact_datasets
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import merge as merge_module
from gridcontainer.container.tables.changes import count_changes, find_changes
from gridcontainer.container.tables.layout import Layout
from gridcontainer.container.tables.merge import merge_changes

Rows = dict[str, tuple[str, float, float]]  # by key: name, longitude, latitude
FIRST: Rows = {
    "a": ("Alpha", 121.10, 31.10),
    "b": ("Beta", 121.40, 31.20),
    "c": ("Gamma", 121.47, 31.23),
    "d": ("Delta", 121.90, 30.90),
}


def write(folder: Path, rows: Rows) -> None:
    with (folder / "places.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "name", "lon", "lat"])
        writer.writerows([key, *values] for key, values in rows.items())


def held(folder: Path) -> pd.DataFrame:
    """The table, as delta-rs reads it."""
    return DeltaTable(str(folder / "container/datasets/planning/places")).to_pandas()


def content(rows: pd.DataFrame) -> Rows:
    return {
        row["id"]: (row["name"], float(row["lon"]), float(row["lat"]))
        for row in rows.to_dict("records")
    }


@pytest.fixture
def bring(tmp_path: Path, ingest, declare) -> Callable:
    """Write the rows as the source and ingest it, keyed by ``id``; columns come as texts."""

    def run(rows: Rows, **keys):
        write(tmp_path, rows)
        return ingest(declare(**({"key": ["id"]} | keys)))

    return run


CHANGED: Rows = {
    "a": ("Alpha", 121.10, 31.10),
    "b": ("Beta renamed", 121.40, 31.20),
    "c": ("Gamma", 121.15, 31.15),  # has moved
    "e": ("Epsilon", 121.30, 31.30),  # is new; d is gone
}


def test_the_same_source_again_makes_no_version(bring, tmp_path):
    bring(FIRST)
    before = DeltaTable(str(tmp_path / "container/datasets/planning/places")).version()
    again = bring(FIRST)
    assert not again.changed
    assert DeltaTable(str(tmp_path / "container/datasets/planning/places")).version() == before


def test_a_source_written_in_another_order_makes_no_version(bring, tmp_path):
    first = bring(FIRST)
    again = bring(dict(reversed(FIRST.items())))
    assert again.changed  # the bytes are not the same: they have been looked at
    run = again.run
    assert (run.inserted, run.updated, run.deleted, run.kept) == (0, 0, 0, 0)
    assert again.table.version == first.table.version


def test_rows_are_inserted_updated_moved_and_kept(bring, tmp_path):
    bring(FIRST)
    run = bring(CHANGED).run
    assert (run.inserted, run.updated, run.deleted, run.kept) == (1, 2, 0, 1)
    assert (run.rows_in, run.rows_out) == (4, 4)
    assert content(held(tmp_path)) == CHANGED | {"d": FIRST["d"]}


def test_absent_rows_are_deleted_where_declared(bring, tmp_path):
    bring(FIRST, absent="delete")
    many = {f"x{i}": (f"X{i}", 121.2 + i / 1000, 31.2) for i in range(20)}
    bring(FIRST | many, absent="delete")
    run = bring(CHANGED | many, absent="delete").run
    assert (run.inserted, run.updated, run.deleted, run.kept) == (1, 2, 1, 0)
    assert content(held(tmp_path)) == CHANGED | many


def test_unchanged_rows_keep_the_run_that_wrote_them(bring, tmp_path):
    first = bring(FIRST).run.run_id
    second = bring(CHANGED).run.run_id
    runs = held(tmp_path).set_index("id")["run_id"].to_dict()
    assert runs == {"a": first, "b": second, "c": second, "d": first, "e": second}


def test_history_closes_what_changes_and_opens_it_anew(bring, tmp_path):
    keys = {"history": True, "absent": "delete"}
    began = bring(FIRST, **keys).run.started
    changed = bring(CHANGED, **keys)
    rows = held(tmp_path)
    now = rows[rows["valid_to"].isna()]
    closed = rows[rows["valid_to"].notna()]
    assert content(now) == CHANGED
    assert content(closed) == {key: FIRST[key] for key in "bcd"}
    assert set(closed["valid_from"]) == {pd.Timestamp(began)}
    assert set(closed["valid_to"]) == {pd.Timestamp(changed.run.started)}
    assert changed.table.rows == len(now)
    assert (changed.run.inserted, changed.run.updated, changed.run.deleted) == (1, 2, 1)


def test_history_holds_a_row_that_comes_back(bring, tmp_path):
    keys = {"history": True, "absent": "delete"}
    bring(FIRST, **keys)
    without = {key: FIRST[key] for key in "abc"}
    bring(without, **keys)
    bring(FIRST, **keys)
    rows = held(tmp_path)
    assert content(rows[rows["valid_to"].isna()]) == FIRST
    assert rows["id"].value_counts().to_dict() == {"a": 1, "b": 1, "c": 1, "d": 2}


def test_a_new_column_of_the_source_is_a_new_column_of_the_table(bring, tmp_path, ingest, declare):
    bring(FIRST)
    (tmp_path / "places.csv").write_text("id,name,lon,lat,height\na,Alpha,121.1,31.1,12\n")
    run = ingest(declare(key=["id"])).run
    assert (run.updated, run.kept) == (1, 3)
    heights = held(tmp_path).set_index("id")["height"]
    assert heights["a"] == "12"
    assert heights.drop("a").isna().all()


def test_without_a_key_rows_are_known_by_file_and_number(tmp_path, ingest, declare):
    for name, first in (("p1.csv", 121.1), ("p2.csv", 121.2)):
        lines = [f"{name},{first + i / 100:.2f},31.2" for i in range(8)]
        (tmp_path / name).write_text("\n".join(["name,lon,lat", *lines]) + "\n")
    ingest(declare("p*.csv"))
    text = (tmp_path / "p2.csv").read_text().rstrip("\n").split("\n")
    (tmp_path / "p2.csv").write_text("\n".join([*text[:-1], "new,121.3,31.3"]) + "\n")
    run = ingest(declare("p*.csv")).run
    assert (run.inserted, run.updated, run.deleted) == (0, 1, 0)
    rows = held(tmp_path)
    assert sorted(rows["name"]) == sorted(["p1.csv"] * 8 + ["p2.csv"] * 7 + ["new"])
    assert "object_id" not in rows.columns


def test_when_most_has_changed_the_table_is_written_anew(bring, tmp_path):
    bring(FIRST, absent="delete")
    other = {key: (name.upper(), lon, lat) for key, (name, lon, lat) in FIRST.items()}
    bring(other, absent="delete")
    assert content(held(tmp_path)) == other
    operations = [v["operation"] for v in DeltaTable(
        str(tmp_path / "container/datasets/planning/places")).history()]  # fmt: skip
    assert "MERGE" not in operations


# Files touched


@pytest.fixture(scope="module")
def wide(tmp_path_factory) -> tuple[Path, Storage, pd.DataFrame]:
    """20,000 places, to be a data set of many files."""
    folder = tmp_path_factory.mktemp("wide")
    rng = np.random.default_rng(5)
    places = pd.DataFrame(
        {
            "id": [f"p{i:05}" for i in range(20_000)],
            "name": "place",
            "lon": rng.uniform(121.0, 121.9, 20_000),
            "lat": rng.uniform(30.9, 31.5, 20_000),
        }
    )
    return folder, Storage(str(folder / "container")), places


def test_only_the_files_with_a_change_are_written_anew(spark, city, wide, declare, monkeypatch):
    folder, storage, places = wide
    monkeypatch.setattr("gridcontainer.container.tables.layout.ROWS_PER_FILE", 500)

    def bring(rows: pd.DataFrame):
        rows.to_csv(folder / "places.csv", index=False)
        return ingest_dataset(
            spark, declare(key=["id"]), city=city, sources=folder, storage=storage
        )

    first = bring(places)
    assert first.table.files >= 40
    near = (places["lon"] - 121.47).abs() + (places["lat"] - 31.23).abs() < 0.02
    changed = places.assign(name=places["name"].where(~near, "renamed"))
    assert 3 < near.sum() < 60
    result = bring(changed)
    assert result.run.updated == near.sum()
    # Which files hold such a row, by the paths that Spark gives to the rows themselves.
    path = storage.dataset("planning", "places")
    before = spark.read.format("delta").option("versionAsOf", first.table.version).load(path)
    ids = places["id"][near].tolist()
    holding = before.where(F.col("id").isin(ids)).select("_metadata.file_path").distinct().count()
    assert result.run.files_rewritten == holding
    assert result.run.files_before == first.table.files
    assert holding < first.table.files / 4
    # Compaction does not make the source look changed.
    monkeypatch.setattr("gridcontainer.container.partition_files.ROWS_PER_FILE", 2_000)
    assert compact_datasets(spark, storage)["places"].chosen
    assert not bring(changed).changed


def test_the_literals_leave_few_files_in_reach(spark, wide, monkeypatch):
    _folder, storage, _ = wide
    path = storage.dataset("planning", "places")
    table = spark.read.format("delta").load(path)
    one = table.where("id = 'p00007'")
    new = table.withColumn("name", F.when(F.col("id") == "p00007", "x").otherwise(F.col("name")))
    seen = []
    reach_of = merge_module.reach_of
    monkeypatch.setattr(
        merge_module, "reach_of", lambda changes: seen.append(reach_of(changes)) or seen[-1]
    )
    changes = find_changes(new, table).persist()
    merged = merge_changes(
        changes,
        new,
        path,
        counts=count_changes(changes),
        layout=Layout(2, files=40),
        deletes=True,
    )
    cell, prefix = one.select("cell", "grid_prefix").first()
    assert seen == [f"held.grid_prefix IN ('{prefix}') AND (held.cell BETWEEN {cell} AND {cell})"]
    assert (merged.updated, merged.files_rewritten) == (1, 1)
    assert 1 <= merged.files_in_reach <= 2
