"""What the tables of placements are made of."""

from pyspark.sql import types as T

PLACEMENTS_SCHEMA = T.StructType(
    [
        T.StructField("department", T.StringType(), False),
        T.StructField("dataset", T.StringType(), False),
        T.StructField("object_id", T.StringType(), False),
        T.StructField("lon", T.DoubleType()),
        T.StructField("lat", T.DoubleType()),
        T.StructField("cell", T.LongType()),
        T.StructField("grid_level", T.ByteType()),
        T.StructField("grid_code", T.StringType()),
        T.StructField("method", T.StringType()),
        T.StructField("weight", T.DoubleType()),
        T.StructField("uncertainty_metres", T.DoubleType()),
        T.StructField("evidence", T.ArrayType(T.StringType())),
        T.StructField("reason", T.StringType()),
        T.StructField("run_id", T.StringType(), False),
    ]
)
