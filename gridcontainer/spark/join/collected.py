"""A side that is small enough to be brought to this process and sent to every task."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame, SparkSession, functions as F, types as T

from gridcontainer.spark.join.position_columns import Place, wkb

ID: Final = "__grid_row"


@dataclass(frozen=True)
class Collected:
    """A side that is small enough for every task, brought here.

    Attributes:
        table: its rows as they came, Sedona's geometries as WKB; with ``ID`` numbered from 0.
        schema: of the same as Spark has it.
        wkb: the shapes, or None.
    """

    table: pa.Table
    schema: T.StructType
    wkb: NDArray[np.object_]

    def frame(self, spark: SparkSession) -> DataFrame:
        """The rows with ``ID``."""
        return spark.createDataFrame(self.table, self.schema)


def collect(frame: DataFrame, place: Place) -> Collected:
    """Bring a side here, with the number of each row."""
    rows = frame
    if place.geometry is not None:
        rows = frame.withColumn(place.geometry, wkb(frame, place))
    names = rows.columns
    table = rows.select(*(F.col(f"`{name}`") for name in names)).toArrow()
    table = table.append_column(ID, pa.array(np.arange(table.num_rows, dtype=np.int64)))
    schema = T.StructType([*rows.schema.fields, T.StructField(ID, T.LongType(), False)])
    shapes: NDArray[np.object_] = np.full(table.num_rows, None, dtype=object)
    if place.geometry is not None:
        shapes[:] = table.column(place.geometry).to_pylist()
    return Collected(table, schema, shapes)
