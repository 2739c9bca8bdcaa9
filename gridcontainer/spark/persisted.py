"""Frames that are read several times, made once: for a block, or with a plan of one node.

A cached frame keeps its whole plan, and Spark writes the plans of all frames below anew at each
stage of a query: with frames upon frames that takes longer than the work itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark import StorageLevel
from pyspark.sql import DataFrame


@contextmanager
def kept(frame: DataFrame) -> Iterator[DataFrame]:
    """The frame, kept in memory (what does not fit, on disk) until the block ends."""
    frame = frame.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield frame
    finally:
        frame.unpersist()


def keep(frame: DataFrame) -> DataFrame:
    """The same rows, computed now; freed when nothing refers to them any more.

    On a cluster there are two copies of each block, so that an executor may be lost.
    """
    alone = (frame.sparkSession.sparkContext.master or "").startswith("local[")
    level = StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2
    return frame.localCheckpoint(eager=True, storageLevel=level)
