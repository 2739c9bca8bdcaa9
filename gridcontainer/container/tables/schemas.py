"""What the container's tables are made of."""

from pyspark.sql import types as T

OBJECT_COLUMN = T.StructField("object_id", T.StringType(), False)
GRID_COLUMNS = T.StructType(
    [
        T.StructField("cell", T.LongType(), False),
        T.StructField("grid_code", T.StringType(), False),
        T.StructField("grid_level", T.ByteType(), False),
        T.StructField("grid_prefix", T.StringType(), False),
        T.StructField("lon", T.DoubleType(), False),
        T.StructField("lat", T.DoubleType(), False),
    ]
)
TIME_COLUMN = T.StructField("event_time", T.TimestampType(), False)
ORIGIN_COLUMNS = T.StructType(
    [
        T.StructField("source_file", T.StringType(), False),
        T.StructField("source_row", T.LongType(), False),
        T.StructField("run_id", T.StringType(), False),
    ]
)
HISTORY_COLUMNS = T.StructType(
    [
        T.StructField("valid_from", T.TimestampType(), False),
        T.StructField("valid_to", T.TimestampType(), True),
    ]
)
MONTH_COLUMN = T.StructField("event_month", T.StringType(), False)
GEOMETRY_COLUMN = T.StructField("geometry", T.BinaryType(), False)

QUARANTINE_SCHEMA = T.StructType(
    [
        T.StructField("dataset", T.StringType(), False),
        T.StructField("source_file", T.StringType(), False),
        T.StructField("source_row", T.LongType(), False),
        T.StructField("reason", T.StringType(), False),
        T.StructField("detail", T.StringType(), True),
        T.StructField("row", T.StringType(), True),
        T.StructField("mended", T.StringType(), True),
        T.StructField("run_id", T.StringType(), False),
    ]
)

RUNS_SCHEMA = T.StructType(
    [
        T.StructField("run_id", T.StringType(), False),
        T.StructField("job", T.StringType(), False),
        T.StructField("dataset", T.StringType(), False),
        T.StructField("department", T.StringType(), False),
        T.StructField("started", T.TimestampType(), False),
        T.StructField("seconds", T.DoubleType(), False),
        T.StructField("fingerprint", T.StringType(), False),
        T.StructField("table_version", T.LongType(), False),
        T.StructField("rows_in", T.LongType(), False),
        T.StructField("rows_out", T.LongType(), False),
        T.StructField("rows_quarantined", T.LongType(), False),
        T.StructField("reasons", T.MapType(T.StringType(), T.LongType()), False),
        T.StructField("mended", T.MapType(T.StringType(), T.LongType()), True),
        T.StructField("inserted", T.LongType(), True),
        T.StructField("updated", T.LongType(), True),
        T.StructField("deleted", T.LongType(), True),
        T.StructField("kept", T.LongType(), True),
        T.StructField("files_before", T.LongType(), True),
        T.StructField("files_rewritten", T.LongType(), True),
    ]
)
