"""Frames that are read several times and computed once.

A cached frame keeps its whole plan, and Spark writes the plans of all frames below anew at each
stage of a query: with frames upon frames that takes longer than the work itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from pyspark import StorageLevel
from pyspark.sql import DataFrame


@contextmanager
def persisted(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame, persisted in memory (what does not fit, on disk) until the block ends."""
    frame = frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield frame
    finally:
        frame.unpersist()


def checkpoint(frame: DataFrame) -> DataFrame:
    """The same rows, computed now; freed when nothing refers to them any more.

    On a cluster there are two copies of each block, so that an executor may be lost.
    """
    alone = (frame.sparkSession.sparkContext.master or "").startswith("local[")
    level = StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2
    return frame.localCheckpoint(eager=True, storageLevel=level)


def persist_until_unused(frame: DataFrame) -> DataFrame:
    """The same rows, persisted when first read; freed when no frame refers to them any more.

    A block that is lost is computed again from the frame below, so the frame must give the same
    rows each time: numbers of rows, random numbers and "any" rows have no place in it. The rows are
    kept as an RDD: Spark's cleaner frees it with the last plan that reads it, where a cached frame
    stays until somebody unpersists it.
    """
    spark = frame.sparkSession
    context = cast(Any, spark.sparkContext)
    level = context._getJavaStorageLevel(StorageLevel.MEMORY_AND_DISK)
    rows = frame._jdf.toDF().toJavaRDD().persist(level)  # of a range: rows, not numbers
    return DataFrame(spark._jsparkSession.createDataFrame(rows, frame._jdf.schema()), spark)
