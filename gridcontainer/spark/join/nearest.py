"""The k nearest points, by a tree that every worker has.

The tree is of places in space: by chords through the ellipsoid. Chords order nearly all points as
geodesics do; where they might not (``longest_geodesic`` and ``shortest_geodesic`` tell), the
geodesics themselves are compared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, functions as F, types as T
from scipy.spatial import KDTree

from gridcontainer.grid.arrays import Float64s, Int64s
from gridcontainer.grid.ellipsoid import (
    CHORD_ROUNDING,
    GEODESIC,
    earth_centred,
    longest_geodesic,
    shortest_geodesic,
)
from gridcontainer.spark.join.place import ID, Place, collect
from gridcontainer.spark.join.request import JoinPlan, JoinRequest, NotForCellsError
from gridcontainer.spark.join.sizes import estimate_bytes

MOST_BYTES: Final = 4 << 30  # of right's columns
_DISTANCE: Final = "__grid_metres"
_SPARE: Final = 1  # neighbours more than asked, to see that there is no tie


def join_nearest(request: JoinRequest) -> JoinPlan:
    """Each point left with the k points right that are nearest along the ellipsoid.

    Of points right at equal distance those that come first are taken.

    Raises:
        NotForCellsError: a side is no points, or right is too large to be sent to every worker.
    """
    if not (request.left_place.is_point and request.right_place.is_point):
        raise NotForCellsError("nearest is for points on both sides")
    if (estimate_bytes(request.right) or 0) > MOST_BYTES:
        raise NotForCellsError(f"right has more than {MOST_BYTES >> 30} GiB")
    left, right = request.left, request.right
    collected = collect(right, request.right_place)
    lon, lat = (
        collected.table.column(name).cast(pa.float64()).to_numpy()
        for name in (request.right_place.lon, request.right_place.lat)
    )
    finder = left.sparkSession.sparkContext.broadcast(Neighbours(lon, lat, request.k))
    found = _find(left, request.left_place, finder, keep_all=request.how == "left")
    rows = collected.frame(left.sparkSession)
    joined = found.join(F.broadcast(rows), ID, "inner" if request.how == "inner" else "left")
    columns = request.columns
    if request.measure is not None:
        columns.append(F.col(_DISTANCE).alias(request.measure))
    usable = int(finder.value.usable.sum())
    reasons = [
        f"{usable:,} points right fit every worker: a tree of them is sent there (broadcast)",
        "points left are not shuffled; each looks its neighbours up in the tree",
        "chords through the ellipsoid order points, and geodesics where chords can't tell",
    ]
    problems = [("right", int(row), "no position") for row in np.flatnonzero(~finder.value.usable)]
    return JoinPlan(joined.select(*columns), "tree", reasons, problems)


@dataclass
class Neighbours:
    """Points right, and the k nearest of them to any place. The tree is made once in a process."""

    lon: Float64s
    lat: Float64s
    k: int
    _tree: Any = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the tree, which is quicker made than sent."""
        return {"lon": self.lon, "lat": self.lat, "k": self.k, "_tree": None}

    @property
    def usable(self) -> Any:
        """True for points that are on the globe."""
        return _on_globe(self.lon, self.lat)

    def find(self, lon: Float64s, lat: Float64s) -> tuple[Int64s, Int64s, Float64s]:
        """Pairs: index of the place, index of the point, metres; by place, the nearest first."""
        index = np.flatnonzero(self.usable)
        here = np.flatnonzero(_on_globe(lon, lat))
        count = min(self.k, len(index))
        if not count or not len(here):
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        if self._tree is None:
            self._tree = KDTree(earth_centred(self.lon[index], self.lat[index]))
        at = earth_centred(lon[here], lat[here])
        place, point = self._candidates(at, count)
        metres = _geodesics(
            lon[here[place]], lat[here[place]], self.lon[index[point]], self.lat[index[point]]
        )
        order = np.lexsort((point, metres, place))
        place, point, metres = place[order], point[order], metres[order]
        start = np.searchsorted(place, np.arange(len(here)))
        nearest = np.arange(len(place)) - start[place] < count
        return here[place[nearest]], index[point[nearest]], metres[nearest]

    def _candidates(self, at: Float64s, count: int) -> tuple[Int64s, Int64s]:
        """All points that may be among the nearest ``count``: more are asked for as needed."""
        places, points = [], []
        left, asked = np.arange(len(at)), count + _SPARE
        while len(left):
            asked = min(asked, self._tree.n)
            chord, point = self._tree.query(at[left], k=np.arange(1, asked + 1))
            limit = longest_geodesic(chord[:, count - 1]) + CHORD_ROUNDING
            least = shortest_geodesic(chord)
            settled = (least[:, -1] > limit) | (asked == self._tree.n)
            chosen = (least <= limit[:, None]) & settled[:, None]
            row, column = np.nonzero(chosen)
            places.append(left[row])
            points.append(point[row, column])
            left, asked = left[~settled], asked * 4
        return np.concatenate(places), np.concatenate(points)


def _on_globe(lon: Float64s, lat: Float64s) -> Any:
    return (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)


def _geodesics(lon1: Float64s, lat1: Float64s, lon2: Float64s, lat2: Float64s) -> Float64s:
    metres: Float64s = GEODESIC.inv(lon1, lat1, lon2, lat2)[2]
    return np.asarray(metres, dtype=np.float64)


def _find(left: DataFrame, place: Place, finder: Any, *, keep_all: bool) -> DataFrame:
    fields = [T.StructField(ID, T.LongType()), T.StructField(_DISTANCE, T.DoubleType())]
    schema = T.StructType([*left.schema.fields, *fields])
    lon_name, lat_name = place.lon, place.lat

    def find(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        neighbours = finder.value
        for batch in batches:
            lon, lat = (
                batch.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
                for name in (lon_name, lat_name)
            )
            row, point, metres = neighbours.find(lon, lat)
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
