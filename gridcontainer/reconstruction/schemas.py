"""What the table of cells is made of, and where it lies.

<root>/reconstruction/cells   a row for each cell, level, source, department, kind and name

A *source* is a table that the cells are made of: a data set by its name, or one of the container's
own (``identity.objects``, ``identity.links``, ``sensors.readings``).

| kind     | name               | count               | beside it                               |
|----------|--------------------|---------------------|-----------------------------------------|
| records  |                    | rows                |                                         |
| number   | column             | numbers             | total, least, greatest                  |
| unreadable | column           | values that are no number |                                   |
| distinct | column             | values              | distinct, sketch                        |
| objects  | class              | active objects      |                                         |
| links    | departments        | links               |                                         |
| readings | quantity, its unit | current readings    | total, least, greatest, latest          |
| source   | level of its parts | 1, at level 0 only  | settings: a digest of how it was made   |

The table is partitioned by source and *part*: the coarser cells and all of a small source are part
0; the finest cells of a large one are a part for each cell of a coarser level, so that a change of
one place is written by itself.
"""

from typing import Final

from pyspark.sql import types as T

from gridcontainer.container.storage import Storage

RECORDS, NUMBER, UNREADABLE, DISTINCT = "records", "number", "unreadable", "distinct"
OBJECTS, LINKS, READINGS, SOURCE = "objects", "links", "readings", "source"
KEY: Final = ("department", "kind", "name", "cell")

_TEXT, _LONG, _REAL = T.StringType(), T.LongType(), T.DoubleType()
SUMMARY: Final = [
    T.StructField("count", _LONG, False),
    T.StructField("total", T.DecimalType(38, 6), True),
    T.StructField("least", _REAL, True),
    T.StructField("greatest", _REAL, True),
    T.StructField("latest", _REAL, True),
    T.StructField("latest_at", T.TimestampType(), True),
    T.StructField("sketch", T.ArrayType(_LONG, False), True),
]
CELLS_SCHEMA: Final = T.StructType(
    [
        T.StructField("source", _TEXT, False),
        T.StructField("part", _LONG, False),
        T.StructField("department", _TEXT, False),
        T.StructField("kind", _TEXT, False),
        T.StructField("name", _TEXT, False),
        T.StructField("grid_level", T.ByteType(), False),
        T.StructField("cell", _LONG, False),
        T.StructField("grid_code", _TEXT, False),
        *SUMMARY,
        T.StructField("distinct", _LONG, True),
        T.StructField("is_confidential", T.BooleanType(), False),
        T.StructField("source_version", _LONG, False),
        T.StructField("settings", _TEXT, True),
    ]
)
CELLS_PARTITION: Final = ("source", "part")
CELLS_PROPERTIES: Final = {"delta.dataSkippingStatsColumns": "grid_level,cell"}


def cells_path(storage: Storage) -> str:
    """Table of the cells."""
    return f"{storage.root}/reconstruction/cells"
