"""What the registry of tags is made of, and where it lies."""

from typing import Final, Literal

from pyspark.sql import types as T

from gridcontainer.container.storage import Storage

Status = Literal["active", "withdrawn", "replaced"]
OBJECT: Final = "object"
CELL: Final = "cell"

REGISTRY_SCHEMA: Final = T.StructType(
    [
        T.StructField("tag_id", T.StringType(), False),
        T.StructField("subject_kind", T.StringType(), False),  # object or cell
        T.StructField("dataset", T.StringType(), True),  # of the object
        T.StructField("object_id", T.StringType(), True),
        T.StructField("tag_class", T.StringType(), False),
        T.StructField("attributes", T.MapType(T.StringType(), T.StringType()), False),
        T.StructField("issuer", T.StringType(), False),
        T.StructField("number", T.IntegerType(), False),
        T.StructField("issued_at", T.TimestampType(), False),
        T.StructField("status", T.StringType(), False),
        T.StructField("replaced_by", T.StringType(), True),
        T.StructField("cell", T.LongType(), True),  # null: of an object without a position
        T.StructField("grid_code", T.StringType(), True),
        T.StructField("grid_level", T.ByteType(), True),
        T.StructField("lon", T.DoubleType(), True),  # of a cell: its middle
        T.StructField("lat", T.DoubleType(), True),
        T.StructField("valid_from", T.TimestampType(), False),
        T.StructField("valid_to", T.TimestampType(), True),  # null: the state that holds now
        T.StructField("run_id", T.StringType(), False),
    ]
)
PROPERTIES: Final = {"delta.dataSkippingStatsColumns": "tag_id,cell,valid_to"}


def registry_path(storage: Storage) -> str:
    """Table of the tags."""
    return f"{storage.root}/tags/registry"
