"""The cells of a city after a change: only what it touched, against making all anew.

python -m benchmarks.reconstruct [--rows 20000000] [--container var/demo]

The rows are fixes of a taxi feed (see ``benchmarks.replicate``), ingested; of each cell from 4" to
the city the number of fixes, the speeds and the different vehicles are told. Then one row in a
hundred changes, in four ways; after each the cells are brought up to date by the change feed,
and made anew, and both must be equal. ``NAME_share`` is the first time over the second.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.ingest import FIXES
from benchmarks.memory import peak_memory
from benchmarks.replicate import read_places, replicate
from gridcontainer.container.declaration import load_city
from gridcontainer.container.ingest import ingest_dataset, prepare_container
from gridcontainer.container.storage import Storage
from gridcontainer.reconstruction import Measure, Reconstruction, reconstruct
from gridcontainer.reconstruction.schemas import cells_path
from gridcontainer.spark import build_session

DECLARED = Reconstruction(
    measures=[
        Measure(dataset="fixes", number="speed"),
        Measure(dataset="fixes", distinct="vehicle"),
    ]
)
SHARE = 0.01
Change = Callable[[DeltaTable], None]


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--container", default="var/demo", help="of real objects: make demo")
    parser.add_argument("--folder", help="for the tables; a temporary one where missing")
    options = parser.parse_args()
    places = read_places(options.container)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, peak_memory() as peak:
        spark = build_session("benchmarks.reconstruct")
        replicate(spark, places, options.rows).write.parquet(f"{folder}/fixes")
        storage = Storage(f"{folder}/container")
        prepare_container(spark, storage)
        city = load_city(Path("conf/city/shanghai.yaml"))
        ingest_dataset(spark, FIXES, city=city, sources=Path(folder), storage=storage)
        seconds = _measure(spark, storage)
        spark.stop()
    _print(f"{options.rows:,} rows, one in a hundred changed", seconds)
    ratios = {f"{name}_share": ours / whole for name, (ours, whole) in seconds.items()}
    ratios["peak_gib"] = peak[0] / 2**30
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


def _measure(spark: SparkSession, storage: Storage) -> dict[str, tuple[float, float]]:
    path = storage.dataset("traffic", "fixes")
    bring_cells(spark, storage, whole=True)
    found = {}
    for name, change in changes().items():
        change(DeltaTable.forPath(spark, path))
        ours = bring_cells(spark, storage, whole=False)
        after = _cells(spark, storage).localCheckpoint()
        found[name] = (ours, bring_cells(spark, storage, whole=True))
        print(f"{name}: {ours:.1f} s, made anew {found[name][1]:.1f} s", file=sys.stderr)
        _require_equal(after, _cells(spark, storage), name)
    return found


def changes() -> Mapping[str, Change]:
    """Ways in which a hundredth of the rows changes."""

    def chosen(seed: int) -> Column:
        drawn = F.pmod(F.xxhash64("vehicle", "measured", "source_file", F.lit(seed)), F.lit(10_000))
        return drawn < int(10_000 * SHARE)

    def add(table: DeltaTable) -> None:
        path = table.detail().collect()[0]["location"]
        rows = table.toDF().where(chosen(1)).withColumn("source_file", F.lit("new.parquet"))
        rows.write.format("delta").mode("append").save(path)

    def correct(table: DeltaTable) -> None:
        table.update(chosen(2), {"speed": F.col("speed") + 1.5})

    def one_place(table: DeltaTable) -> None:
        """Rows that lie together, as those of one town: half corrected, half gone."""
        ends = table.toDF().approxQuantile("cell", [0.50, 0.505, 0.51], 0.0005)
        low, middle, high = (int(end) for end in ends)
        table.update(F.col("cell").between(low, middle), {"speed": F.col("speed") + 1.5})
        table.delete(F.col("cell").between(middle + 1, high))

    def gone(table: DeltaTable) -> None:
        table.delete(chosen(3))

    return {"new": add, "corrected": correct, "one_place": one_place, "gone": gone}


def bring_cells(spark: SparkSession, storage: Storage, *, whole: bool) -> float:
    """Make the cells anew, or follow the changes; the seconds that it took."""
    started = time.perf_counter()
    outcome = reconstruct(spark, storage, DECLARED, whole=whole)
    (result,) = outcome.results
    wanted = "made anew" if whole else "changes"
    if outcome.failures or result.way != wanted:
        raise SystemExit(f"not as wanted: {outcome}")
    return time.perf_counter() - started


def _cells(spark: SparkSession, storage: Storage) -> DataFrame:
    cells = spark.read.format("delta").load(cells_path(storage))
    return cells.where("kind != 'source'").drop("source_version", "settings", "part")


def _require_equal(changed: DataFrame, whole: DataFrame, name: str) -> None:
    differing = changed.exceptAll(whole).count() + whole.exceptAll(changed).count()
    if differing:
        raise SystemExit(f"{name}: {differing} rows differ from the cells made anew")


def _print(title: str, seconds: Mapping[str, tuple[float, float]]) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("change", "touched cells", "made anew", "share"):
        table.add_column(name, justify="left" if name == "change" else "right")
    for name, (ours, whole) in seconds.items():
        table.add_row(name, f"{ours:.1f} s", f"{whole:.1f} s", f"{ours / whole:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
