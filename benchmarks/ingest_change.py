"""A dataset of which one row in a hundred is corrected, ingested again."""

import shutil
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.declaration import Declaration, load_city
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.storage import Storage

EVERY, FIRST = 100, 37  # one row in so many is corrected, from this one on: none of the bad ones
_COMPUTE: Final[Any] = pc  # it has no types
_PARQUET: Final[Any] = pq


def measure_change(
    spark: SparkSession, folder: Path, declaration: Declaration, rounds: int
) -> float:
    """Ingest a corrected source into the container that has the first one.

    The source is delivered in turn as it was and corrected; each delivery changes the same rows.

    Args:
        spark: the session.
        folder: folder with the source, ``fixes``, and the ``container`` that has it.
        declaration: declaration of the dataset.
        rounds: number of deliveries that are timed, after the first one.

    Returns:
        Seconds of the fastest one.

    Raises:
        SystemExit: a delivery changed other rows than those that were corrected, or the table is
            not what an ingest of the corrected source into a new container gives.
    """
    corrected = _correct(folder / "fixes", folder / "corrected")
    seconds, done = [], None
    for _ in range(rounds + 1):
        _swap(folder / "fixes", folder / "corrected")
        started = time.perf_counter()
        done = _ingest(spark, folder, declaration, "container")
        seconds.append(time.perf_counter() - started)
        _require_changed(done, corrected)
    _ingest(spark, folder, declaration, "fresh")
    _require_equal(*(_rows(spark, folder, declaration, name) for name in ("container", "fresh")))
    shutil.rmtree(folder / "fresh")
    assert done is not None
    run, best = done.run, min(seconds[1:] or seconds)
    print(
        f"{corrected:,} rows corrected: {best:.1f} s, {run.updated:,} updated, "
        f"{run.inserted:,} inserted, {run.deleted:,} deleted; {run.files_rewritten} of "
        f"{run.files_before} files rewritten; equal to a fresh ingest"
    )
    return best


def _correct(source: Path, target: Path) -> int:
    """Write the source again with other speeds in some rows; returns how many rows these are."""
    target.mkdir()
    count = 0
    for path in sorted(source.glob("*.parquet")):
        rows = _PARQUET.read_table(path)
        chosen = pa.array(np.arange(len(rows)) % EVERY == FIRST)
        speed = _COMPUTE.if_else(chosen, _COMPUTE.add(rows["speed"], 1.5), rows["speed"])
        place = rows.schema.get_field_index("speed")
        rows = rows.set_column(place, rows.schema.field(place), speed)
        # As Spark has written them: other types would be another delivery.
        _PARQUET.write_table(rows, target / path.name, use_deprecated_int96_timestamps=True)
        count += chosen.true_count
    return count


def _swap(first: Path, second: Path) -> None:
    aside = first.with_name("swapped")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def _ingest(
    spark: SparkSession, folder: Path, declaration: Declaration, container: str
) -> Ingested:
    storage = Storage(str(folder / container))
    prepare_container(storage)
    city = load_city(Path("conf/city/shanghai.yaml"))
    return ingest_dataset(lambda: spark, declaration, city=city, sources=folder, storage=storage)


def _require_changed(done: Ingested, corrected: int) -> None:
    """Corrected rows are updated, or deleted and inserted; no others are.

    Some of the corrected rows may be in quarantine, where they stay.
    """
    run = done.run
    touched = run.updated + run.inserted
    is_right = corrected - run.rows_quarantined <= touched <= corrected
    if not is_right or run.inserted != run.deleted:
        raise SystemExit(f"{corrected} rows were corrected, but the ingest told: {run}")


def _rows(spark: SparkSession, folder: Path, declaration: Declaration, container: str) -> DataFrame:
    path = Storage(str(folder / container)).dataset(declaration.department, declaration.dataset)
    return spark.read.format("delta").load(path).drop("run_id")


def _require_equal(ours: DataFrame, whole: DataFrame) -> None:
    differing = ours.exceptAll(whole).count() + whole.exceptAll(ours).count()
    if differing:
        raise SystemExit(f"{differing} rows differ from those of a fresh ingest")
