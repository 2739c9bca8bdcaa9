"""Identities by the million: issued, issued again without a change, linked, and all keys resolved.

python -m benchmarks.identity [--rows 1000000] [--container var/demo]
    [--folder var/benchmark-identity]

Records are those of real data sets in a container, drawn with replacement and moved by a normal
jitter; two departments have a half of them each, and know each thing by a key of their own. They
are stored as the container stores a data set. A tenth of the records are linked to one of the other
department. ``plain write`` is the write of the same rows of objects and keys to Delta tables,
without any identity; ``one key`` is the median of single look-ups without Spark. The last line is
one JSON object: seconds of each step over those of the plain write, and rows a second.
"""

import argparse
import json
import random
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyspark.sql import DataFrame, SparkSession, functions as F
from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_memory
from benchmarks.replicate import read_places, replicate
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.arrange import arrange
from gridcontainer.container.tables.frames import replace_dataset
from gridcontainer.container.tables.layout import Layout
from gridcontainer.identity import (
    IdentityStorage,
    apply_links,
    issue,
    replace_links,
    resolve,
    resolve_one,
)
from gridcontainer.identity.object_ids import record_id
from gridcontainer.spark import build_session, grid_cell, grid_cell_code, grid_parent

LEVEL: Final = 8
PREFIX_LEVEL: Final = 2
LOOKUPS: Final = 30
DATASETS: Final = ("things", "others")
_BATCH: Final = 100_000  # rows of benchmarks.replicate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--container", default="var/demo", help="of real objects: make demo")
    parser.add_argument("--folder", type=Path, default=Path("var/benchmark-identity"))
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    spark = build_session("benchmarks.identity")
    storage = IdentityStorage(Storage(str(options.folder)))
    with peak_memory() as peak:
        rows = store(spark, storage.container, options.container, options.rows)
        seconds = measure(spark, storage, rows)
        write_plainly(spark, storage, options.folder / "warm")
        seconds["plain write"] = timed(
            lambda: write_plainly(spark, storage, options.folder / "plain")
        )
    spark.stop()
    table = Table("step", "seconds", "rows a second", title=f"{rows:,} records")
    for step, value in seconds.items():
        rate = "" if step == "one key" else f"{rows / value:,.0f}"
        table.add_row(step, f"{value:.3f}", rate)
    Console().print(table)
    print(f"{peak[0] / 2**30:.1f} GiB at most")
    plain = seconds["plain write"]
    ratios = {
        f"{step.replace(' ', '_')}_vs_plain_write": round(value / plain, 2)
        for step, value in seconds.items()
        if step not in ("plain write", "one key")
    }
    again = round(seconds["issue again"] / seconds["issue"], 3)
    one = {"one_key_ms": round(1000 * seconds["one key"], 1)}
    print(json.dumps({"rows": rows, **ratios, "again_vs_first": again, **one}))


def measure(spark: SparkSession, storage: IdentityStorage, rows: int) -> dict[str, float]:
    """Seconds of each step."""
    declared = [declaration(name) for name in DATASETS]
    seconds = {"issue": timed(lambda: issue(spark, storage, declared))}
    seconds["issue again"] = timed(lambda: issue(spark, storage, declared))
    edges = links(spark, storage)
    seconds["links"] = timed(lambda: replace_links(spark, storage, "names", edges, "run"))
    seconds["apply"] = timed(lambda: apply_links(spark, storage, "run"))
    seconds["apply again"] = timed(lambda: apply_links(spark, storage, "run"))
    keys = asked(spark, storage)
    found = resolve(spark, storage, keys)
    seconds["resolve"] = timed(lambda: found.write.format("noop").mode("overwrite").save())
    missing = found.where("object_id IS NULL OR reason IS NOT NULL").count()
    assert (found.count(), missing) == (rows, 0)
    some = [f"{row['dataset']}:{row['key']}" for row in keys.limit(20_000).sample(0.1).collect()]
    chosen = random.Random(1).sample(some, LOOKUPS)
    seconds["one key"] = statistics.median(
        timed(lambda key=key: resolve_one(storage, key))  # type: ignore[misc]
        for key in chosen
    )
    return seconds


def timed(step: Callable[[], object]) -> float:
    """Seconds of a step."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def store(spark: SparkSession, storage: Storage, container: str, rows: int) -> int:
    """Write the data sets, and count their records."""
    fixes = replicate(spark, read_places(container), max(_BATCH, rows // _BATCH * _BATCH))
    placed = fixes.select(
        F.monotonically_increasing_id().alias("source_row"),
        grid_cell("lon", "lat", LEVEL).alias("cell"),
        "lon",
        "lat",
    ).where("cell IS NOT NULL AND lon BETWEEN 120 AND 123")
    placed = placed.withColumn("half", F.pmod("source_row", F.lit(2))).localCheckpoint()
    layout = Layout(PREFIX_LEVEL, files=4)
    for half, name in enumerate(DATASETS):
        own = placed.where(F.col("half") == half).withColumn("id", F.col("source_row") - half)
        replace_dataset(
            own.transform(to_dataset, dataset=name).transform(arrange, layout=layout),
            storage.dataset("planning", name),
            layout=layout,
            properties={"gridcontainer.key": "id", "gridcontainer.label": "name"},
        )
    return placed.count()


def to_dataset(rows: DataFrame, *, dataset: str) -> DataFrame:
    """Rows as the container's table of a data set has them."""
    prefix = grid_cell_code(grid_parent("cell", PREFIX_LEVEL), PREFIX_LEVEL)
    return rows.select(
        record_id(F.lit(dataset), F.col("id").cast("string")).alias("object_id"),
        *("cell", "lon", "lat", "source_row"),
        grid_cell_code("cell", LEVEL).alias("grid_code"),
        F.lit(LEVEL).cast("byte").alias("grid_level"),
        prefix.alias("grid_prefix"),
        F.lit("replicated").alias("source_file"),
        F.col("id").cast("string").alias("id"),
        F.concat(F.lit("thing "), F.col("id")).alias("name"),
    )


def declaration(dataset: str) -> Declaration:
    """Of one of the data sets."""
    return Declaration.model_validate(
        {
            "dataset": dataset,
            "department": "planning",
            "title": dataset,
            "kind": "points",
            "source": {"path": "x.parquet", "format": "parquet"},
            "position": {"lon": "lon", "lat": "lat"},
            "key": ["id"],
            "object_class": "facility",
        }
    )


def asked(spark: SparkSession, storage: IdentityStorage) -> DataFrame:
    """All keys, in no order."""
    tables = (spark.read.format("delta").load(storage.container.dataset("planning", name))
              .select(F.lit(name).alias("dataset"), F.col("id").alias("key"))
              for name in DATASETS)  # fmt: skip
    first, second = tables
    return first.unionByName(second).orderBy(F.xxhash64("key", "dataset")).localCheckpoint()


def links(spark: SparkSession, storage: IdentityStorage) -> DataFrame:
    """A link for one in ten things that both departments have under one number."""
    one, other = (
        spark.read.format("delta").load(storage.container.dataset("planning", name))
        .select("id", F.col("object_id").alias(f"record_{side}"))
        for name, side in zip(DATASETS, ("left", "right"), strict=True)
    )  # fmt: skip
    tenth = F.pmod(F.xxhash64("id"), F.lit(10)) == 0
    return one.where(tenth).join(other, "id", how="inner").select(
        *("record_left", "record_right"),
        F.lit(0.95).alias("probability"),
        F.lit(7.5).alias("weight"),
        F.expr("array(struct('name' comparison, 'exact' level, 7.5D weight))").alias("evidence"),
        F.lit("merge").alias("status"),
    )  # fmt: skip


def write_plainly(spark: SparkSession, storage: IdentityStorage, folder: Path) -> None:
    """The same rows of objects and keys, written as two Delta tables."""
    for path in (storage.objects, storage.keys):
        name = str((folder / Path(path).name).resolve())
        spark.read.format("delta").load(path).write.format("delta").save(name)


if __name__ == "__main__":
    main()
