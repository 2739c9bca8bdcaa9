"""The sensors of a series: found in its data set, placed, and kept in the registry."""

from collections.abc import Mapping
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession, functions as F

from gridcontainer.container.query.open_table import column_names_of
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import as_schema, create_table, read_current
from gridcontainer.grid import cell_to_code, lonlat_to_cell
from gridcontainer.sensors.declaration import Place, Series
from gridcontainer.sensors.tables import SENSORS_SCHEMA, registry_path

_SEPARATOR: Final = "\x1f"  # ASCII unit separator: in no name
_POSITION: Final = ("cell", "grid_code", "grid_level", "lon", "lat")
_POSITIONS: Final = "station string, cell long, grid_code string, grid_level byte, lon double, \
lat double"


def register(
    readings: DataFrame,
    series: Series,
    *,
    department: str,
    storage: Storage,
    level: int,
) -> DataFrame:
    """Bring the sensors of a series into the registry; sensors that are known stay.

    Args:
        readings: rows of the series' data set.
        series: its declaration.
        department: owner of the data set.
        storage: the container.
        level: of the cells of stations that the declaration places itself.

    Returns:
        The series' sensors as the registry has them.

    Raises:
        DatasetError: the container does not have the data set that places the stations.
    """
    spark = readings.sparkSession
    path = registry_path(storage)
    create_table(spark, path, SENSORS_SCHEMA)
    positions = find_positions(spark, storage, series.place, level=level)
    found = sensors_of(readings, series, positions, department=department)
    table = DeltaTable.forPath(spark, path)
    changed = found.exceptAll(table.toDF()).localCheckpoint()
    if not changed.isEmpty():
        merging = table.alias("held").merge(
            changed.alias("found"), "held.sensor_id = found.sensor_id"
        )
        merging.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    return table.toDF().where(F.col("series") == series.series)


def find_positions(
    spark: SparkSession, storage: Storage, place: Place | None, *, level: int
) -> DataFrame:
    """Cell, code, level, longitude and latitude by ``station``; one row a station.

    Raises:
        DatasetError: the container does not have the data set that places the stations.
        ColumnError: that dataset has no such column.
    """
    if place is None:
        return spark.createDataFrame([], _POSITIONS)
    if place.dataset is None:
        return spark.createDataFrame(_given(place.stations, level), _POSITIONS)
    ((_, _, path),) = storage.find_datasets([place.dataset])
    rows = read_current(spark, path)
    time = F.col("event_time") if "event_time" in rows.columns else F.lit(None)
    last = F.max(F.struct(time, *_POSITION)).alias("last")
    key = column_names_of(storage, place.dataset).resolve(place.key or "", place.dataset)
    station = _text(key).alias("station")
    placed = rows.groupBy(station).agg(last).where("station IS NOT NULL")
    return placed.select("station", *(f"last.{name}" for name in _POSITION))


def sensors_of(
    readings: DataFrame, series: Series, positions: DataFrame, *, department: str
) -> DataFrame:
    """The sensors of a series: each station that reads or is placed, with each of its quantities.

    Args:
        readings: rows of the series' data set.
        series: its declaration.
        positions: of ``find_positions``.
        department: owner of the data set.

    Returns:
        ``SENSORS_SCHEMA``.
    """
    spark = readings.sparkSession
    measures = spark.createDataFrame(
        [(m.station, m.quantity, m.unit, *(m.valid or (None, None))) for m in series.measures],
        "named string, quantity string, unit string, valid_min double, valid_max double",
    )
    if series.station is None:
        sensors = measures.withColumn("station", F.col("named"))
    else:
        reading = readings.select(_text(series.station).alias("station"))
        stations = reading.union(positions.select("station")).distinct()
        sensors = stations.where("station IS NOT NULL").crossJoin(measures)
    values: dict[str, Column] = {
        "sensor_id": sensor_id(series.dataset),
        "series": F.lit(series.series),
        "dataset": F.lit(series.dataset),
        "department": F.lit(department),
        "interval_seconds": F.lit(series.interval_seconds),
        "lateness_seconds": F.lit(series.lateness_seconds),
    }
    placed = sensors.join(positions, "station", how="left")
    return placed.select(*as_schema(SENSORS_SCHEMA, values))


def sensor_id(dataset: str) -> Column:
    """A digest of data set, ``station`` and ``quantity``: the same on every run, opaque."""
    whole = F.concat_ws(_SEPARATOR, F.lit("sensor"), F.lit(dataset), "station", "quantity")
    return F.substring(F.sha2(whole, 256), 1, 32)


def _text(column: str) -> Column:
    """A column of keys as text: trimmed, null where empty."""
    trimmed = F.trim(F.col(f"`{column}`").cast("string"))
    return F.when(trimmed != "", trimmed)


def _given(
    stations: Mapping[str, tuple[float, float]], level: int
) -> list[tuple[str, int, str, int, float, float]]:
    rows = []
    for station, (lon, lat) in stations.items():
        cell = int(lonlat_to_cell(lon, lat, level))
        rows.append((station, cell, str(cell_to_code(cell, level)), level, lon, lat))
    return rows
