"""The panel after a change: only the cells and steps that it touched, against making all anew.

python -m benchmarks.panel [--rows 20000000] [--container var/demo]

The rows are fixes of a taxi feed (see ``benchmarks.replicate``), each vehicle every five minutes,
ingested beside the city's towns; the panel tells how many there are and how fast, by the hour. Then
one row in a hundred changes, in three ways; after each the panel is brought up to date by the
change feed, and made anew, and both must be equal. ``NAME_share`` is the first time over the
second.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, functions as F

from benchmarks.changes import (
    SHARE,
    Change,
    append,
    everywhere,
    in_one_place,
    measure_changes,
    parse,
    print_shares,
    shares,
)
from benchmarks.ingest import FIXES
from benchmarks.memory import peak_memory
from benchmarks.replicate import BEGIN, read_places, replicate
from gridcontainer.container.declaration import CityProfile, load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.panel import Indicator, build_panel
from gridcontainer.panel.declaration import Source
from gridcontainer.panel.schemas import values_path
from gridcontainer.spark import build_session

SECONDS_APART = 300  # fixes of a vehicle; of ``replicate`` they are one
_SHARED = {
    "department": "traffic",
    "step": "hour",
    "levels": [2, 3, 4],
    "sources": [Source(dataset="fixes", value="speed")],
}
INDICATORS = [
    Indicator(indicator="taxi_fixes", title="Fixes", unit="fix", aggregate="count", **_SHARED),
    Indicator(indicator="taxi_speed", title="Speed", unit="km/h", aggregate="mean", **_SHARED),
]


def main() -> None:
    """Measure, compare, print."""
    options = parse(__doc__)
    places = read_places(options.container)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, peak_memory() as peak:
        spark = build_session("benchmarks.panel")
        fixes = replicate(spark, places, options.rows)
        fixes.transform(_slower).write.parquet(f"{folder}/fixes")
        storage = Storage(f"{folder}/container")
        prepare_container(storage)
        city = load_city(Path("conf/city/shanghai.yaml"))
        ingest_dataset(lambda: spark, FIXES, city=city, sources=Path(folder), storage=storage)
        towns = Storage(options.container).dataset("planning", "towns")
        shutil.copytree(towns, storage.dataset("planning", "towns"))
        seconds = measure_changes(
            DeltaTable.forPath(spark, storage.dataset("traffic", "fixes")),
            changes(),
            lambda whole: _bring(spark, storage, city, whole=whole),
            lambda: _values(spark, storage),
        )
        spark.stop()
    print_shares(f"{options.rows:,} rows, one in a hundred changed", "values", seconds)
    ratios = shares(seconds) | {"peak_gib": peak[0] / 2**30}
    print(json.dumps({name: round(ratio, 4) for name, ratio in ratios.items()}))


def changes() -> Mapping[str, Change]:
    """Ways in which a hundredth of the rows changes."""

    def later(table: DeltaTable) -> None:
        """The newest rows of all, as those of a new day."""
        rows = table.toDF()
        first, last = rows.agg(F.min("event_time"), F.max("event_time")).collect()[0]
        span = (last - first) * SHARE
        newest = rows.where(F.col("event_time") > F.lit(last - span))
        append(table, newest.withColumn("event_time", F.col("event_time") + F.lit(span)))

    return {"new": later, "one_place": in_one_place, "corrected": everywhere()["corrected"]}


def _slower(fixes: DataFrame) -> DataFrame:
    measured = F.unix_timestamp("measured")
    apart = BEGIN + (measured - BEGIN) * SECONDS_APART
    return fixes.withColumn("measured", F.timestamp_seconds(apart))


def _bring(spark: SparkSession, storage: Storage, city: CityProfile, *, whole: bool) -> float:
    started = time.perf_counter()
    outcome = build_panel(spark, storage, INDICATORS, city=city, declarations=[FIXES], full=whole)
    wanted = "full" if whole else "incremental"
    if outcome.failures or any(built.how != wanted for built in outcome.results):
        raise SystemExit(f"not as wanted: {outcome}")
    return time.perf_counter() - started


def _values(spark: SparkSession, storage: Storage) -> DataFrame:
    values = spark.read.format("delta").load(values_path(storage))
    # A mean depends in its last digits on the order in which its values come; no mean of tenths
    # lies between two of these steps.
    return values.drop("source_version", "run_id").withColumn(
        "value", F.round(F.col("value") + 3e-8, 6)
    )


if __name__ == "__main__":
    main()
