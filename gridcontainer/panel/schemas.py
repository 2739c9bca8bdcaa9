"""What the panel's tables are made of, and where they lie."""

from typing import Final

from pyspark.sql import types as T

from gridcontainer.container.storage import Storage

NOWHERE: Final = "nowhere"  # code of the row for what has no place, at levels 1 and finer

OBSERVED, INTERPOLATED, ZERO = "observed", "interpolated", "zero"
MISSING, SUPPRESSED = "missing", "suppressed"
OUTLIER: Final = "outlier"

VALUES_SCHEMA: Final = T.StructType(
    [
        T.StructField("indicator", T.StringType(), False),
        T.StructField("grid_level", T.ByteType(), False),
        T.StructField("cell", T.LongType(), False),
        T.StructField("grid_code", T.StringType(), False),
        T.StructField("time", T.TimestampType(), True),  # start of the step; null: static
        T.StructField("step", T.StringType(), False),
        T.StructField("value", T.DoubleType(), True),  # null: missing or suppressed
        T.StructField("status", T.StringType(), False),
        T.StructField("observations", T.LongType(), True),  # null: suppressed
        T.StructField("rejected", T.LongType(), True),  # records: unreadable, or not valid
        T.StructField("cleaned", T.StringType(), True),  # outlier: it was taken out here
        T.StructField("source_version", T.StringType(), False),
        T.StructField("run_id", T.StringType(), False),
    ]
)
VALUES_PROPERTIES: Final = {"delta.dataSkippingStatsColumns": "grid_level,cell,time"}

INDICATORS_SCHEMA: Final = T.StructType(
    [
        T.StructField("indicator", T.StringType(), False),
        T.StructField("title", T.StringType(), False),
        T.StructField("unit", T.StringType(), False),
        T.StructField("department", T.StringType(), False),
        T.StructField("aggregate", T.StringType(), False),
        T.StructField("step", T.StringType(), False),
        T.StructField("time_zone", T.StringType(), False),
        T.StructField("levels", T.ArrayType(T.IntegerType()), False),
        T.StructField("first_time", T.TimestampType(), True),
        T.StructField("last_time", T.TimestampType(), True),
        T.StructField("lineage", T.MapType(T.StringType(), T.LongType()), False),
        T.StructField("source_version", T.StringType(), False),
        T.StructField("cleaning", T.StringType(), False),  # as declared, JSON
        T.StructField("suppress_below", T.IntegerType(), True),
        T.StructField("rows", T.LongType(), False),
        T.StructField("by_status", T.MapType(T.StringType(), T.LongType()), False),
        T.StructField("rejected", T.LongType(), True),  # records, at the level of the city
        T.StructField("outliers", T.LongType(), False),  # values, at the finest level
        T.StructField("interpolated", T.LongType(), False),
        T.StructField("run_id", T.StringType(), False),
    ]
)


def values_path(storage: Storage) -> str:
    """Table of the values, long: a row for each indicator, cell and step."""
    return f"{storage.root}/panel/values"


def indicators_path(storage: Storage) -> str:
    """Table that describes the indicators."""
    return f"{storage.root}/panel/indicators"
