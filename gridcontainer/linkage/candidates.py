"""Which records are compared: pairs of different data sets that lie within a linkage's reach."""

import functools
from collections.abc import Mapping
from itertools import combinations

from pyspark.sql import DataFrame, functions as F

from gridcontainer.linkage.declaration import Link
from gridcontainer.spark.join import grid_join


def find_candidates(records: Mapping[str, DataFrame], link: Link) -> DataFrame:
    """All pairs of records that lie within ``link.reach`` metres of each other.

    The grid join looks in a record's own cells and in their neighbours, and is exact: a record on
    the edge of a cell loses no partner.

    Args:
        records: of ``linkage_records``, by data set, in the order of the linkage.
        link: how far.

    Returns:
        A row for each pair: ``dataset_left``, ``record_left``, ``dataset_right``, ``record_right``,
        left's data set standing before right's in the linkage.
    """
    pairs = [
        _within(records[left], records[right], link.reach).withColumns(
            {"dataset_left": F.lit(left), "dataset_right": F.lit(right)}
        )
        for left, right in combinations(link.datasets, 2)
    ]
    return functools.reduce(DataFrame.unionByName, pairs)


def _within(left: DataFrame, right: DataFrame, metres: float) -> DataFrame:
    here = left.select(F.col("record_id").alias("record_left"), "lon", "lat")
    there = right.select(F.col("record_id").alias("record_right"), "lon", "lat")
    pairs = grid_join(here, there, "within_distance", distance=metres)
    return pairs.select("record_left", "record_right")
