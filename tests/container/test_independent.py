"""Every table of the sample city, read by others: DuckDB over the bare log, and delta-rs.

Codes are judged by ``grid/exact.py``, which shares no code with the package, and by those that the
standard and others have published.
"""

import csv
import runpy
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from gridcontainer.container.storage import Storage

TESTS = Path(__file__).parents[1]
NAMES = sorted(path.stem for path in (TESTS.parent / "conf/sample").glob("*.yaml"))
EXACT = runpy.run_path(str(TESTS / "grid/exact.py"))

each_dataset = pytest.mark.parametrize("name", NAMES)


def live_files(path: str) -> list[str]:
    """What the log says was added and not removed since, without any reader of Delta."""
    log = f"{path}/_delta_log/*.json"
    columns = "columns = {'add': 'STRUCT(path VARCHAR)', 'remove': 'STRUCT(path VARCHAR)'}"
    actions = f"FROM read_json('{log}', {columns}, format = 'newline_delimited')"
    added = f"SELECT add.path {actions} WHERE add IS NOT NULL"
    removed = f"SELECT remove.path {actions} WHERE remove IS NOT NULL"
    with duckdb.connect() as engine:
        found = engine.sql(f"SELECT url_decode(path) FROM ({added} EXCEPT {removed})").fetchall()
    return [f"{path}/{file}" for (file,) in found]


def by_duckdb(path: str, what: str, where: str = "true") -> tuple:
    files = "read_parquet($files, hive_partitioning = true, union_by_name = true)"
    asked = f"SELECT {what} FROM {files} WHERE {where}"
    with duckdb.connect() as engine:
        return engine.execute(asked, {"files": live_files(path)}).fetchone()


def test_no_table_is_missing_and_none_is_more(ingested):
    logs = Path(ingested.storage.root).glob("datasets/*/*/_delta_log")
    assert sorted(log.parent.name for log in logs) == NAMES
    assert len(NAMES) == 14


@each_dataset
def test_every_reader_finds_the_rows_that_the_ledger_says(ingested, spark, name):
    path = ingested.path(name)
    rows_out, runs = by_duckdb(
        ingested.storage.runs, "last(rows_out ORDER BY started), count(*)", f"dataset = '{name}'"
    )
    in_delta = DeltaTable(path).to_pyarrow_table(columns=["source_row"])["source_row"].to_pylist()
    assert (runs, rows_out) == (1, len(in_delta))
    want = (rows_out, sum(in_delta))
    assert by_duckdb(path, "count(*), sum(source_row)") == want
    in_spark = spark.read.format("delta").load(path).agg(F.count("*"), F.sum("source_row"))
    assert tuple(in_spark.first()) == want


@each_dataset
def test_rows_in_are_rows_out_and_the_rows_in_quarantine(ingested, name):
    """The quarantine as delta-rs reads it; a row that was mended is in the data set."""
    (run,) = DeltaTable(ingested.storage.runs).to_pyarrow_table(
        filters=[("dataset", "=", name)]
    ).to_pylist()  # fmt: skip
    aside = ingested.aside(name)
    aside = aside[aside["mended"].isna()]
    assert run["rows_in"] == run["rows_out"] + len(aside)
    assert run["rows_quarantined"] == len(aside)
    assert dict(run["reasons"]) == aside["reason"].value_counts().to_dict()
    placed = [*ingested.rows(name)["source_row"], *aside["source_row"]]
    assert len(set(placed)) == run["rows_in"] == len(placed)


@each_dataset
def test_codes_are_those_of_exact_arithmetic(ingested, name):
    rows = ingested.rows(name)
    lengths = rows["grid_level"].map(EXACT["LENGTHS"])
    finest = map(EXACT["encode"], rows["lon"].tolist(), rows["lat"].tolist())
    want = [code[:length] for code, length in zip(finest, lengths, strict=True)]
    assert rows["grid_code"].tolist() == want
    assert rows["cell"].tolist() == list(map(EXACT["code_to_integer"], want))
    codes = zip(rows["grid_code"], rows["grid_prefix"], strict=True)
    assert all(code.startswith(prefix) and prefix for code, prefix in codes)


def published() -> list[tuple[str, str, str]]:
    """Longitude, latitude and level-10 code of each position that others have published."""
    with (TESTS / "grid/vectors.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["kind"], row["level"]) == ("2d", "10")]
    return [(row["lon"], row["lat"], row["code"]) for row in rows]


def test_published_positions_are_stored_under_their_published_codes(ingest, declare, tmp_path):
    lines = [f"{number},{lon},{lat}" for number, (lon, lat, _) in enumerate(published())]
    (tmp_path / "places.csv").write_text("\n".join(["id,lon,lat", *lines]) + "\n")
    run = ingest(declare(key=["id"], level=10, outside_city="keep")).run
    assert (run.rows_out, run.reasons) == (len(lines), {})
    path = Storage(str(tmp_path / "container")).dataset("planning", "places")
    stored = DeltaTable(path).to_pandas().set_index("id")["grid_code"]
    assert len(stored) >= 22
    for number, (lon, lat, code) in enumerate(published()):
        assert stored[str(number)] == code, f"at {lon}, {lat}"
