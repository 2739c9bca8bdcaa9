"""A series from its data set of the container into the table of readings."""

import uuid
from dataclasses import dataclass

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.query.open_table import column_names_of
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
        series = _over_stored(series, column_names_of(storage, series.dataset))
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


def _over_stored(series: Series, names: ColumnNames) -> Series:
    """The same series over the stored names of the dataset's columns."""
    columns = [measure.column for measure in series.measures]
    named = [*columns, *([series.station] if series.station else []), "event_time"]
    stored = {name: names.find(name) for name in named}
    if absent := [name for name, found in stored.items() if found is None]:
        said = names.say_missing(series.dataset, absent, noun="")
        raise DeclarationError(f"series {series.series}: {said}")
    measures = [one.model_copy(update={"column": stored[one.column]}) for one in series.measures]
    station = series.station and stored[series.station]
    return series.model_copy(update={"measures": measures, "station": station})
