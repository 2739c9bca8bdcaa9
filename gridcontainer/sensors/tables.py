"""What the sensors' tables are made of, and where they lie."""

from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, types as T

from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError

SENSORS_SCHEMA: Final = T.StructType(
    [
        T.StructField("sensor_id", T.StringType(), False),
        T.StructField("series", T.StringType(), False),
        T.StructField("station", T.StringType(), False),
        T.StructField("quantity", T.StringType(), False),
        T.StructField("unit", T.StringType(), False),
        T.StructField("dataset", T.StringType(), False),
        T.StructField("department", T.StringType(), False),
        T.StructField("cell", T.LongType(), True),  # null, as all of the place: unplaced
        T.StructField("grid_code", T.StringType(), True),
        T.StructField("grid_level", T.ByteType(), True),
        T.StructField("lon", T.DoubleType(), True),
        T.StructField("lat", T.DoubleType(), True),
        T.StructField("interval_seconds", T.IntegerType(), True),  # null: none is expected
        T.StructField("lateness_seconds", T.IntegerType(), False),
        T.StructField("valid_min", T.DoubleType(), True),
        T.StructField("valid_max", T.DoubleType(), True),
    ]
)
READINGS_SCHEMA: Final = T.StructType(
    [
        T.StructField("sensor_id", T.StringType(), False),
        T.StructField("measured_at", T.TimestampType(), False),
        T.StructField("value", T.DoubleType(), False),
        T.StructField("received_at", T.TimestampType(), False),
        T.StructField("source_file", T.StringType(), False),
        T.StructField("revision", T.IntegerType(), False),
        T.StructField("is_current", T.BooleanType(), False),
        T.StructField("measured_month", T.StringType(), False),
    ]
)
READINGS_PROPERTIES: Final = {
    "delta.dataSkippingStatsColumns": "sensor_id,measured_at",
    "delta.autoOptimize.autoCompact": "true",  # a stream writes a small file a batch
    "delta.enableChangeDataFeed": "true",  # for the cells and the panel
}


def registry_path(storage: Storage) -> str:
    """Table of the sensors."""
    return f"{storage.root}/sensors/registry"


def readings_path(storage: Storage) -> str:
    """Table of the readings."""
    return f"{storage.root}/sensors/readings"


def read_sensors(spark: SparkSession, storage: Storage) -> DataFrame:
    """The registry.

    Raises:
        DatasetError: the container has none.
    """
    return _read(spark, storage, registry_path(storage))


def read_readings(spark: SparkSession, storage: Storage) -> DataFrame:
    """All readings, former revisions too.

    Raises:
        DatasetError: the container has none.
    """
    return _read(spark, storage, readings_path(storage))


def _read(spark: SparkSession, storage: Storage, path: str) -> DataFrame:
    if not DeltaTable.isDeltaTable(spark, path):
        raise DatasetError(f"no sensors in {storage.root}; run: gridcontainer sensors load")
    return DeltaTable.forPath(spark, path).toDF()
