"""Candidates into the container: readings to their table, the others aside, and all is counted.

Each step can be repeated: what is aside replaces what this source had aside, readings are merged as
a set, and the run's row in the ledger replaces the one of the same run. After a kill between any
two of them the same candidates again give what an unbroken run gives.
"""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.quarantine.frames import set_aside
from gridcontainer.container.runs import Run
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import create_table, read_version
from gridcontainer.container.tables.spark_schemas import RUNS_SCHEMA
from gridcontainer.sensors.candidates import judge
from gridcontainer.sensors.declaration import Series
from gridcontainer.sensors.merge import Received, receive
from gridcontainer.sensors.tables import read_readings, readings_path

_SAID: Final = ("sensor_id", "measured_at", "value")


@dataclass(frozen=True)
class Accepted:
    """What became of candidates.

    Attributes:
        run: the ledger's row: candidates in, readings out, set aside by reason.
        received: what the readings were to the table.
        late: readings that came later than the series allows; they count nevertheless.
    """

    run: Run
    received: Received
    late: int


def accept(
    candidates: DataFrame,
    sensors: DataFrame,
    *,
    series: Series,
    department: str,
    storage: Storage,
    run_id: str,
    job: str,
    name: str,
    replaces: str,
) -> Accepted:
    """Bring candidates into the container.

    Args:
        candidates: see ``gridcontainer.sensors.candidates``; without missing values.
        sensors: of the series, from the registry.
        series: whose readings they are.
        department: owner of the readings.
        storage: the container.
        run_id: of this run; the same again for the same candidates after a kill.
        job: what runs, for the ledger.
        name: under which the ledger and the quarantine know the candidates.
        replaces: which rows of this name in the quarantine those of this run replace, as SQL.

    Raises:
        ConservationError: candidates were lost.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    spark = candidates.sparkSession
    judged = candidates.transform(judge, sensors).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        rows_in, late = _count(judged, series.lateness_seconds)
        sound = judged.where("reason IS NULL").select(*_SAID, "received_at", "source_file")
        received = receive(sound, readings_path(storage))
        detail = F.concat_ws(" ", "station", "quantity")
        aside = judged.where("reason IS NOT NULL").withColumn("detail", detail)
        reasons = set_aside(aside, storage, name=name, run_id=run_id, replaces=replaces)
        rows_out = _count_held(sound, spark, storage)
    finally:
        judged.unpersist()
    run = Run(
        run_id=run_id,
        job=job,
        dataset=name,
        department=department,
        started=started,
        seconds=time.perf_counter() - clock,
        fingerprint=series.fingerprint(),
        table_version=read_version(spark, readings_path(storage)),
        rows_in=rows_in,
        rows_out=rows_out,
        rows_quarantined=sum(reasons.values()),
        reasons=reasons,
        inserted=received.added,
        updated=received.corrections,
    )
    run.require_conservation()
    ledger = spark.createDataFrame([asdict(run)], RUNS_SCHEMA)
    _replace_where(ledger, storage.runs, f"run_id = '{run_id}'")
    return Accepted(run, received, late)


def _count(judged: DataFrame, lateness_seconds: int) -> tuple[int, int]:
    waited = F.col("received_at").cast("long") - F.col("measured_at").cast("long")
    late = F.col("reason").isNull() & (waited > lateness_seconds)
    rows, late_rows = judged.agg(F.count("*"), F.count_if(late)).collect()[0]
    return rows, late_rows


def _count_held(sound: DataFrame, spark: SparkSession, storage: Storage) -> int:
    """Readings of the batch that the table has, read back from it."""
    held = read_readings(spark, storage).select(*_SAID)
    return sound.join(held, list(_SAID), how="left_semi").count()


def _replace_where(rows: DataFrame, path: str, predicate: str) -> None:
    create_table(rows.sparkSession, path, rows.schema)
    writer = rows.coalesce(1).write.format("delta").mode("overwrite")
    writer.option("mergeSchema", "true").option("replaceWhere", predicate).save(path)
