"""Frames that are used several times: computed once, with a plan of one node.

A cached frame would keep its whole plan, and Spark writes the plans of all frames below anew at
each stage of a query: with frames upon frames that took longer than the work itself.
"""

from pyspark import StorageLevel
from pyspark.sql import DataFrame


def keep(frame: DataFrame) -> DataFrame:
    """The same rows, computed now; freed when nothing refers to them any more.

    On a cluster there are two copies of each block, so that an executor may be lost.
    """
    alone = (frame.sparkSession.sparkContext.master or "").startswith("local[")
    level = StorageLevel.MEMORY_AND_DISK if alone else StorageLevel.MEMORY_AND_DISK_2
    return frame.localCheckpoint(eager=True, storageLevel=level)
