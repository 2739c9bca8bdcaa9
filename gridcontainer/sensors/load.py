"""A series from its data set of the container into the table of readings."""

import uuid
from dataclasses import dataclass

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import first_line, read_current
from gridcontainer.errors import DatasetError, DeclarationError, StorageError
from gridcontainer.sensors.accept import Accepted, accept
from gridcontainer.sensors.candidates import dataset_candidates, without_missing
from gridcontainer.sensors.declaration import Series
from gridcontainer.sensors.registry import register


@dataclass(frozen=True)
class Loaded:
    """What a load found.

    Attributes:
        series: its name.
        sensors: of the series.
        placed: of them, those of which the place is known.
        missing: cells of the data set in which nothing was measured.
        accepted: what became of the others.
    """

    series: str
    sensors: int
    placed: int
    missing: int
    accepted: Accepted


def load_series(
    spark: SparkSession, series: Series, *, city: CityProfile, storage: Storage
) -> Loaded:
    """Bring the sensors and the readings of a data set into the container.

    The same data set again changes nothing. Of a changed one the new readings are added, and other
    values of known times become revisions; a reading that the data set no longer has stays.

    Raises:
        DatasetError: the container does not have the data set, or the one that places the stations.
        DeclarationError: the data set lacks a column that the series names, or has no times.
        StorageError: Spark cannot read or write the tables.
        ConservationError: readings were lost.
    """
    ((department, _, path),) = storage.find_datasets([series.dataset])
    if not DeltaTable.isDeltaTable(spark, storage.runs):
        raise DatasetError(f"{storage.root} has no ledger of runs; run: gridcontainer ingest")
    try:
        rows = read_current(spark, path)
        _require_columns(rows, series)
        level = city.levels["points"]
        sensors = register(rows, series, department=department, storage=storage, level=level)
        runs = spark.read.format("delta").load(storage.runs)
        cells = dataset_candidates(rows, series, runs)
        accepted = accept(
            without_missing(cells, missing=series.missing),
            sensors,
            series=series,
            department=department,
            storage=storage,
            run_id=uuid.uuid4().hex,
            job="sensors load",
            name=f"sensors.{series.series}",
            replaces="true",
        )
        known, placed = sensors.agg(F.count("*"), F.count("cell")).collect()[0]
        missing = rows.count() * len(series.measures) - accepted.run.rows_in
    except (PySparkException, Py4JJavaError) as error:
        raise StorageError(
            f"{series.series}: Spark failed: {first_line(error)}. The next run does again what "
            "this one left undone"
        ) from error
    return Loaded(series.series, known, placed, missing, accepted)


def _require_columns(rows: DataFrame, series: Series) -> None:
    named = [*(measure.column for measure in series.measures), "event_time"]
    if series.station is not None:
        named.append(series.station)
    if absent := [name for name in named if name not in rows.columns]:
        raise DeclarationError(
            f"series {series.series}: {series.dataset} has no {', '.join(absent)}; it has "
            f"{', '.join(rows.columns)}"
        )
