"""Ingest and boxes: our layout against a plain Delta table and against Delta's own Z-order.

python -m benchmarks.ingest [--rows 20000000] [--rounds 3] [--container var/demo] [--no-zorder]
                            [--format csv]

The rows are fixes of a taxi feed (see ``benchmarks.replicate``) in Parquet: the real objects in
``--container`` (what ``make demo`` made) replicated with jitter. ``vs_plain_write`` is the time
of a whole ingest (fingerprint, validate, encode, cluster, write, quarantine, ledger) over that of
a plain Delta write of the same rows, and ``vs_plain_and_zorder`` over that write and Delta's own
``OPTIMIZE ... ZORDER BY``, which is what a user would do instead. With ``--format csv`` the rows
are one CSV file, and ``csv_vs_spark`` is the time of a whole ingest over that of Spark's
``read.csv`` with a schema and a plain Delta write; boxes are not asked then. ``box_vs_plain`` and
``box_vs_zorder`` are times of the same 1 km boxes round places of the city, asked through Spark,
and ``fast_box_vs_plain`` that of the same answers by ``gridcontainer query``, which needs no
Spark; ``files_read_share`` is the share of our files that a box reads. Give ``--rows 100000000``
for the share that matters. ``change_vs_plain_write`` is the time of an ingest after one row in a
hundred was corrected, all over the source, over that of a plain write of all rows.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

from benchmarks.ingest_boxes import make_zorder, measure_boxes
from benchmarks.ingest_change import measure_change
from benchmarks.memory import peak_memory
from benchmarks.replicate import read_places, replicate
from benchmarks.rounds import best_of, print_values
from gridcontainer.container.declaration import Declaration, Source, Time, load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.spark import build_session

FIXES = Declaration.model_validate(
    {
        "dataset": "fixes",
        "department": "traffic",
        "title": "Fixes of a taxi feed",
        "kind": "trajectories",
        "source": {"path": "fixes/*.parquet", "format": "parquet"},
        "position": {"lon": "lon", "lat": "lat"},
        "time": {"columns": ["measured"]},
    }
)
FIXES_CSV = FIXES.model_copy(
    update={
        "source": Source(path="csv/fixes.csv", format="csv"),
        "time": Time(columns=["measured"], format="yyyy-MM-dd HH:mm:ss", zone="UTC"),
    }
)
_TIME = "%Y-%m-%d %H:%M:%S"


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--container", default="var/demo", help="of real objects: make demo")
    parser.add_argument("--folder", help="for the tables; a temporary one where missing")
    parser.add_argument("--no-zorder", action="store_true")
    parser.add_argument("--no-change", action="store_true")
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    options = parser.parse_args()
    places = read_places(options.container)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        spark = build_session("benchmarks.ingest")
        source = Path(folder) / "fixes"
        replicate(spark, places, options.rows).write.parquet(str(source))
        if options.format == "csv":
            seconds = measure_csv(spark, Path(folder), options.rows, options.rounds)
            ratios = {"csv_vs_spark": seconds["ingest"] / seconds["Spark read.csv and write"]}
        else:
            seconds = measure_write(spark, Path(folder), options.rows, options.rounds)
            ratios = {"vs_plain_write": seconds["ingest"] / seconds["plain Delta write"]}
            if not options.no_zorder:
                zorder = make_zorder(spark, Path(folder) / "plain", Path(folder) / "zorder")
                ratios["vs_plain_and_zorder"] = seconds["ingest"] / zorder
            ratios |= measure_boxes(
                spark, Path(folder), places, options.rounds, zorder=not options.no_zorder
            )
        ratios["peak_gib"] = seconds["peak_gib"]
        if options.format == "parquet" and not options.no_change:
            change = measure_change(spark, Path(folder), FIXES, options.rounds)
            ratios["change_vs_plain_write"] = change / seconds["plain Delta write"]
        spark.stop()
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


def measure_write(spark: SparkSession, folder: Path, rows: int, rounds: int) -> dict[str, float]:
    """A whole ingest against a plain write; both from the same Parquet files."""

    def plain() -> None:
        rows_of = spark.read.parquet(str(folder / "fixes"))
        rows_of.write.format("delta").mode("overwrite").save(str(folder / "plain"))

    return _measure(spark, folder, FIXES, {"plain Delta write": plain}, rows, rounds)


def measure_csv(spark: SparkSession, folder: Path, rows: int, rounds: int) -> dict[str, float]:
    """A whole ingest of one CSV file against Spark's reader of it and a plain write."""
    schema = spark.read.parquet(str(folder / "fixes")).schema
    (folder / "csv").mkdir()
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            f"COPY (SELECT * REPLACE (strftime(received, '{_TIME}') AS received, "
            f"strftime(measured, '{_TIME}') AS measured) "
            f"FROM read_parquet('{folder}/fixes/*.parquet')) TO '{folder}/csv/fixes.csv' (HEADER)"
        )

    def plain() -> None:
        reader = spark.read.schema(schema).option("header", "true")
        rows_of = reader.option("timestampFormat", "yyyy-MM-dd HH:mm:ss").csv(
            str(folder / "csv/fixes.csv")
        )
        rows_of.write.format("delta").mode("overwrite").save(str(folder / "plain"))

    return _measure(spark, folder, FIXES_CSV, {"Spark read.csv and write": plain}, rows, rounds)


def _measure(
    spark: SparkSession,
    folder: Path,
    declaration: Declaration,
    others: dict[str, Callable[[], None]],
    rows: int,
    rounds: int,
) -> dict[str, float]:
    results: list[Ingested] = []
    city = load_city(Path("conf/city/shanghai.yaml"))

    def empty() -> None:
        shutil.rmtree(folder / "container", ignore_errors=True)
        shutil.rmtree(folder / "plain", ignore_errors=True)

    def ours() -> None:
        storage = Storage(str(folder / "container"))
        prepare_container(storage)
        results.append(
            ingest_dataset(lambda: spark, declaration, city=city, sources=folder, storage=storage)
        )

    with peak_memory() as peak:
        seconds = best_of({**others, "ingest": ours}, rounds, before=empty)
    run, table = results[-1].run, results[-1].table
    if run.rows_in != rows or run.rows_out + run.rows_quarantined != rows:
        raise SystemExit(f"rows were lost: {run}")
    print_values(
        f"{rows:,} rows, {run.rows_quarantined:,} quarantined, {table.files} files", seconds, "s"
    )
    return seconds | {"peak_gib": peak[0] / 2**30}


if __name__ == "__main__":
    main()
