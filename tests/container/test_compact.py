"""Compaction and layout: the same rows in few files, in order, for readers that read on."""

import itertools

import duckdb
import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from gridcontainer.container import partition_files
from gridcontainer.container.compact import compact_datasets
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import layout as layout_module
from gridcontainer.container.tables.layout import ROWS_PER_FILE, choose_prefix_level
from gridcontainer.errors import DatasetError
from gridcontainer.grid import LEVELS, lonlat_to_cell
from gridcontainer.spark.predicates import PREFIX_LEVELS

ROWS = 3_000


def place_rows() -> pd.DataFrame:
    """Most of them in a dense centre, some at the edge of the city."""
    rng = np.random.default_rng(3)
    centre, edge = ROWS * 9 // 10, ROWS // 10
    lon = [*rng.normal(121.47, 0.01, centre), *rng.uniform(121.2, 121.7, edge)]
    lat = [*rng.normal(31.23, 0.01, centre), *rng.uniform(31.1, 31.4, edge)]
    return pd.DataFrame({"id": range(ROWS), "lon": lon, "lat": lat})


@pytest.fixture(scope="module")
def compacted(spark, city, declare, tmp_path_factory):
    """A data set that came in many small appends without order: its plans and versions."""
    folder = tmp_path_factory.mktemp("compact")
    place_rows().to_csv(folder / "places.csv", index=False)
    storage = Storage(str(folder / "container"))
    options = {"city": city, "sources": folder, "storage": storage}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition_files, "ROWS_PER_FILE", 500)
        patch.setattr(layout_module, "ROWS_PER_FILE", 500)
        first = ingest_dataset(lambda: spark, declare(key=["id"]), **options)
        path = storage.dataset("planning", "places")
        rows = spark.read.format("delta").load(path)
        rows.repartition(12, F.rand(1)).write.format("delta").mode("overwrite").save(path)
        messy = DeltaTable(path)
        reader = spark.read.format("delta").load(path)  # opened before, read after
        planned = compact_datasets(spark, storage, dry_run=True)["places"]
        after_dry_run = DeltaTable(path).version()
        done = compact_datasets(spark, storage)["places"]
        tidy = DeltaTable(path)
        again = compact_datasets(spark, storage)["places"]
        read_on = reader.count()
        ingested_again = ingest_dataset(lambda: spark, declare(key=["id"]), **options)
    return {
        "first": first, "messy": messy, "tidy": tidy, "planned": planned, "done": done,
        "again": again, "after_dry_run": after_dry_run, "reader": read_on,
        "ingested_again": ingested_again, "last": DeltaTable(path),
    }  # fmt: skip


def files_of(table: DeltaTable) -> list[str]:
    return table.file_uris()


def test_a_dry_run_tells_and_changes_nothing(compacted):
    planned = compacted["planned"]
    assert planned.files[0] == len(files_of(compacted["messy"]))
    assert planned.chosen
    assert compacted["after_dry_run"] == compacted["messy"].version()


def test_the_rows_are_the_same(compacted):
    """Compared by DuckDB, over the files of both versions."""
    before, after = (
        duckdb.read_parquet(files_of(compacted[name]), hive_partitioning=True).fetchdf()
        for name in ("messy", "tidy")
    )
    columns = sorted(before.columns)
    before, after = (rows[columns].sort_values("id", ignore_index=True) for rows in (before, after))
    pd.testing.assert_frame_equal(before, after)


def test_files_are_about_as_many_as_the_rows_are_worth(compacted):
    partitions = pd.Series(file.split("/")[-2] for file in files_of(compacted["tidy"]))
    rows = {next(iter(p.values.values())): p.rows for p in compacted["done"].partitions}
    for partition, files in partitions.value_counts().items():
        assert files <= 2 * -(-rows[str(partition).removeprefix("grid_prefix=")] // 500)
    assert len(partitions) < len(files_of(compacted["messy"])) / 3


def test_files_are_sorted_and_do_not_reach_over_each_other(compacted):
    ranges = []
    for file in files_of(compacted["tidy"]):
        cells = duckdb.read_parquet(file).fetchdf()["cell"].to_numpy()
        assert (np.diff(cells) >= 0).all()
        ranges.append((cells[0], cells[-1]))
    ranges.sort()
    assert all(last < first for (_, last), (first, _) in itertools.pairwise(ranges))


def test_a_second_compaction_finds_nothing_to_do(compacted):
    assert compacted["again"].chosen == ()


def test_no_change_is_told_to_those_who_follow_the_table(compacted):
    """Delta's log says of each new file that it brings no change."""
    assert compacted["reader"] == ROWS
    version = compacted["tidy"].version()
    actions = compacted["tidy"].get_add_actions(flatten=True)
    assert pd.DataFrame({"rows": actions["num_records"].to_pylist()})["rows"].sum() == ROWS
    for number in range(compacted["messy"].version() + 1, version + 1):
        log = f"{compacted['tidy'].table_uri}/_delta_log/{number:020}.json"
        adds = duckdb.read_json(log, columns={"add": "JSON"}).fetchdf()["add"].dropna()
        assert all('"dataChange":false' in text for text in adds)


def test_a_table_that_somebody_else_wrote_is_looked_at_by_the_next_ingest(compacted):
    """As in this fixture: compaction does not hide it; there is nothing to change."""
    assert compacted["ingested_again"].changed
    run = compacted["ingested_again"].run
    assert (run.inserted, run.updated, run.kept) == (0, 0, 0)
    assert compacted["last"].version() == compacted["tidy"].version()


def test_an_unknown_data_set_is_told(spark, ingested):
    with pytest.raises(DatasetError, match="no data set nowhere"):
        compact_datasets(spark, ingested.storage, only=["nowhere"], dry_run=True)


# Layout


def brute_force_level(cells: np.ndarray, count: int) -> int:
    """By counting every partition in a loop."""
    best = 1
    for level in (2, 3):
        parts: dict[int, int] = {}
        for cell in (cells >> LEVELS[level - 1].shift).tolist():
            parts[cell] = parts.get(cell, 0) + 1
        rows = [n * count / len(cells) for n in parts.values()]
        small = sum(n for n in rows if n < ROWS_PER_FILE / 2)
        best = level if small <= count / 10 else best
    return best


@pytest.mark.parametrize("count", [10**5, 10**6, 10**7, 10**8])
@pytest.mark.parametrize("spread", [0.01, 0.1, 0.5])
def test_the_prefix_level_is_as_fine_as_partitions_stay_worth_a_file(count, spread):
    rng = np.random.default_rng(1)
    lon = np.clip(rng.normal(121.47, spread, 20_000), 120.85, 122.2)
    lat = np.clip(rng.normal(31.23, spread, 20_000), 30.6, 31.88)
    cells = lonlat_to_cell(lon, lat, 8)
    chosen = choose_prefix_level(cells, count, levels=PREFIX_LEVELS)
    assert chosen == brute_force_level(cells, count)
    assert choose_prefix_level(cells, count, levels=[1, 2]) == min(chosen, 2)
    assert choose_prefix_level(cells, count, levels=[3]) == 3


def test_more_rows_never_make_coarser_partitions():
    rng = np.random.default_rng(2)
    cells = lonlat_to_cell(rng.uniform(120.9, 122, 5_000), rng.uniform(30.7, 31.8, 5_000), 8)
    levels = [choose_prefix_level(cells, 10**power, levels=PREFIX_LEVELS) for power in range(4, 11)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (1, 3)
