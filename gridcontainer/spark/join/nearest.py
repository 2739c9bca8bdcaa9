"""The k nearest points, by a tree (``neighbors``) that every worker has."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, functions as F, types as T

from gridcontainer.spark.join.collected import ID, collect
from gridcontainer.spark.join.neighbors import Neighbors
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.request import JoinPlan, JoinRequest, NotForCellsError
from gridcontainer.spark.join.sizes import can_be_collected
from gridcontainer.spark.join.usable import MOST_PROBLEMS

MOST_BYTES: Final = 4 << 30  # of right's columns
_DISTANCE: Final = "__grid_metres"


def join_nearest(request: JoinRequest) -> JoinPlan:
    """Each point left with the k points right that are nearest along the ellipsoid.

    Of points right at equal distance those that come first in right are taken.

    Raises:
        NotForCellsError: a side is no points, or right is too large to be sent to every worker.
    """
    if not (request.left_place.is_point and request.right_place.is_point):
        raise NotForCellsError("nearest is for points on both sides")
    if not can_be_collected(request.right, MOST_BYTES):
        raise NotForCellsError(
            "right is too large to be sent to every worker: select fewer of its columns, or raise "
            "spark.driver.maxResultSize"
        )
    left, right = request.left, request.right
    collected = collect(right, request.right_place)
    lon, lat = (
        collected.table.column(name).cast(pa.float64()).to_numpy()
        for name in (request.right_place.lon, request.right_place.lat)
    )
    finder = left.sparkSession.sparkContext.broadcast(Neighbors(lon, lat, request.k))
    found = _find(left, request.left_place, finder, keep_all=request.how == "left")
    rows = collected.frame(left.sparkSession)
    joined = found.join(F.broadcast(rows), ID, "inner" if request.how == "inner" else "left")
    columns = request.columns
    if request.measure is not None:
        columns.append(F.col(_DISTANCE).alias(request.measure))
    usable = int(finder.value.usable.sum())
    reasons = [
        f"{usable:,} points right fit every worker: a tree of them is sent there (broadcast)",
        "points left are not shuffled; each looks its neighbors up in the tree",
        "chords through the ellipsoid order points, and geodesics where chords can't tell",
    ]
    unused = np.flatnonzero(~finder.value.usable)
    problems = [("right", int(row), "no position") for row in unused[:MOST_PROBLEMS]]
    return JoinPlan(joined.select(*columns), "tree", reasons, problems, len(unused))


def _find(left: DataFrame, place: Place, finder: Any, *, keep_all: bool) -> DataFrame:
    fields = [T.StructField(ID, T.LongType()), T.StructField(_DISTANCE, T.DoubleType())]
    schema = T.StructType([*left.schema.fields, *fields])
    lon_name, lat_name = place.lon, place.lat

    def find(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        neighbors = finder.value
        for batch in batches:
            lon, lat = (
                batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
                for name in (lon_name, lat_name)
            )
            row, point, metres = neighbors.find(lon, lat)
            if keep_all:
                alone = np.setdiff1d(np.arange(batch.num_rows), row)
                row = np.concatenate([row, alone])
            missing = np.arange(len(row)) >= len(point)
            padding = len(row) - len(point)
            added = [
                pa.array(np.pad(point, (0, padding)), mask=missing),
                pa.array(np.pad(metres, (0, padding)), mask=missing),
            ]
            taken = [column.take(pa.array(row)) for column in batch.columns]
            yield pa.RecordBatch.from_arrays([*taken, *added], names=schema.names)

    return left.mapInArrow(find, schema)
