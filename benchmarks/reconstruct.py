"""The cells of a city after a change: only what it touched, against making all anew.

python -m benchmarks.reconstruct [--rows 20000000] [--container var/demo]

The rows are fixes of a taxi feed (see ``benchmarks.replicate``), ingested; of each cell from 4" to
the city the number of fixes, the speeds and the different vehicles are told. Then one row in a
hundred changes, in four ways; after each the cells are brought up to date by the change feed,
and made anew, and both must be equal. ``NAME_share`` is the first time over the second.
"""

import json
import tempfile
import time
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from benchmarks.changes import (
    everywhere,
    in_one_place,
    measure_changes,
    parse,
    print_shares,
    shares,
)
from benchmarks.ingest import FIXES
from benchmarks.memory import peak_memory
from benchmarks.replicate import read_places, replicate
from gridcontainer.container.declaration import load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import ingest_dataset
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


def main() -> None:
    """Measure, compare, print."""
    options = parse(__doc__)
    places = read_places(options.container)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, peak_memory() as peak:
        spark = build_session("benchmarks.reconstruct")
        replicate(spark, places, options.rows).write.parquet(f"{folder}/fixes")
        storage = Storage(f"{folder}/container")
        prepare_container(storage)
        city = load_city(Path("conf/city/shanghai.yaml"))
        ingest_dataset(lambda: spark, FIXES, city=city, sources=Path(folder), storage=storage)
        seconds = measure_changes(
            DeltaTable.forPath(spark, storage.dataset("traffic", "fixes")),
            {**everywhere(), "one_place": in_one_place},
            lambda whole: bring_cells(spark, storage, whole=whole),
            lambda: _cells(spark, storage),
        )
        spark.stop()
    print_shares(f"{options.rows:,} rows, one in a hundred changed", "cells", seconds)
    ratios = shares(seconds) | {"peak_gib": peak[0] / 2**30}
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


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


if __name__ == "__main__":
    main()
