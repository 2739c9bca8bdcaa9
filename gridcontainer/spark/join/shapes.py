"""Shapes with shapes, by the cells of both.

Shapes that share a cell are candidates. Where one covers the cell whole they meet for certain; the
other pairs are tested by shapely, each once and on the shapes themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyspark.sql import DataFrame, functions as F, types as T

from gridcontainer.grid.cover import choose_level, cover
from gridcontainer.grid.cover.accept import POLAR_PROBLEM
from gridcontainer.grid.ellipsoid import areas
from gridcontainer.spark.cover import grid_cover
from gridcontainer.spark.join.no_pairs import join_without_pairs
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.request import (
    SPARK_HOW,
    JoinPlan,
    JoinRequest,
    NotForCellsError,
    Predicate,
)
from gridcontainer.spark.join.usable import (
    SHAPE_KEY,
    UsableShapes,
    add_shape_key,
    usable_shapes,
)

_RIGHT_KEY: Final = "__grid_right_shape"
_SURE: Final = "__grid_sure"
_SQUARE_METRES: Final = "__grid_square_metres"
_SAMPLE: Final = 500  # shapes looked at to choose a level
_MOST_CELLS: Final = 5_000_000  # of a side, about
_TESTS: Final[dict[Predicate, Any]] = {
    "intersects": shapely.intersects,
    "within": shapely.within,
    "contains": shapely.contains,
}


@dataclass(frozen=True)
class _Side:
    """A side ready for cells.

    Attributes:
        rows: the rows as they came, with the key of their shape.
        usable: the different shapes that can take part.
        sample: some of them.
    """

    rows: DataFrame
    usable: UsableShapes
    sample: NDArray[np.object_]

    @property
    def count(self) -> int:
        """Number of different shapes."""
        return self.usable.count


def join_shapes(request: JoinRequest) -> JoinPlan:
    """Any shapes with any others: ``intersects``, ``within``, ``contains``; and shared areas.

    Raises:
        NotForCellsError: a shape reaches a polar cap, or there are too many cells at any level.
    """
    left = _prepare(request.left, request.left_place)
    right = _prepare(request.right, request.right_place)
    problems = [*left.usable.unused.of("left"), *right.usable.unused.of("right")]
    unused = left.usable.unused.count + right.usable.unused.count
    if any(side.usable.unused.is_polar for side in (left, right)):
        raise NotForCellsError(f"a shape {POLAR_PROBLEM}, where cells are few")
    for name, side in (("left", left), ("right", right)):
        if not side.count:
            why = f"no shape of the {name} side can be used"
            return join_without_pairs(request, why, problems, unused)
    level, why = _choose_level(left, right)
    pairs = _test(_candidates(left, right, level), left, right, request)
    if request.has_pairs:
        pairs = pairs.join(right.rows.withColumnRenamed(SHAPE_KEY, _RIGHT_KEY), _RIGHT_KEY)
    frame = left.rows.join(pairs, SHAPE_KEY, SPARK_HOW[request.how])
    columns = request.columns
    if request.measure is not None:
        columns.append(F.col(_SQUARE_METRES).alias(request.measure))
    reasons = [
        why,
        "pairs that share a cell which one of them fills are sure; shapely tests the others",
        "equal shapes are tested once; all shapes stay in memory while a result refers to them",
    ]
    return JoinPlan(frame.select(*columns), "covers", reasons, problems, unused)


def _prepare(frame: DataFrame, place: Place) -> _Side:
    """Find the different shapes, and look at some of them."""
    usable = usable_shapes(frame, place)
    some = usable.shapes.select("geometry").limit(_SAMPLE).collect()
    sample = shapely.from_wkb(np.array([bytes(row[0]) for row in some], dtype=object))
    return _Side(add_shape_key(frame, place), usable, sample)


def _choose_level(left: _Side, right: _Side) -> tuple[int, str]:
    """The finest level that suits a side, and at which both have a bearable number of cells."""
    sides = (left, right)
    wanted = max(choose_level(side.sample) for side in sides)
    for level in range(min(wanted, 8), 0, -1):
        counts = [_estimate_cells(side, level) for side in sides]
        if max(counts) <= _MOST_CELLS:
            sizes = " and ".join(f"{side.count:,}" for side in sides)
            cells = " and ".join(f"{count:,.0f}" for count in counts)
            return level, f"{sizes} different shapes have about {cells} cells of level {level}"
    raise NotForCellsError(f"more than {_MOST_CELLS:,} cells even at level 1")


def _estimate_cells(side: _Side, level: int) -> float:
    found = cover(side.sample, level, on_invalid="mark", max_cells=_MOST_CELLS)
    if any(problem for problem in found.problems):
        return float("inf")
    return len(found) / len(side.sample) * side.count


def _candidates(left: _Side, right: _Side, level: int) -> DataFrame:
    """Distinct pairs of shapes that share a cell, and whether either fills such a cell."""
    cells = [
        grid_cover(side.usable.shapes, level, max_cells=_MOST_CELLS).select(
            F.col(SHAPE_KEY).alias(name), "cover_cell", F.col("is_interior").alias(f"{name}_fills")
        )
        for side, name in ((left, SHAPE_KEY), (right, _RIGHT_KEY))
    ]
    fills = F.col(f"{SHAPE_KEY}_fills") | F.col(f"{_RIGHT_KEY}_fills")
    return cells[0].join(cells[1], "cover_cell").groupBy(SHAPE_KEY, _RIGHT_KEY).agg(
        F.max(fills).alias(_SURE)
    )  # fmt: skip


def _test(candidates: DataFrame, left: _Side, right: _Side, request: JoinRequest) -> DataFrame:
    """Keys of pairs of shapes for which the predicate holds, and the area that they share."""
    others = right.usable.shapes.withColumnsRenamed({"geometry": "right", SHAPE_KEY: _RIGHT_KEY})
    with_shapes = candidates.join(
        left.usable.shapes.withColumnRenamed("geometry", "left"), SHAPE_KEY
    ).join(others, _RIGHT_KEY)
    predicate, measured = request.predicate, request.measure is not None
    sure_is_enough = predicate == "intersects" and not measured
    schema = T.StructType(
        [T.StructField(name, T.BinaryType()) for name in (SHAPE_KEY, _RIGHT_KEY)]
        + ([T.StructField(_SQUARE_METRES, T.DoubleType())] if measured else [])
    )

    def test(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            one, other = (
                shapely.from_wkb(batch.column(i).to_numpy(zero_copy_only=False)) for i in (2, 3)
            )
            shapely.prepare(one)
            holds = _TESTS[predicate](one, other)
            columns = [batch.column(i).filter(pa.array(holds)) for i in (0, 1)]
            if measured:
                shared = shapely.intersection(one[holds], other[holds])
                columns.append(pa.array(areas(shared)))
            yield pa.RecordBatch.from_arrays(columns, names=schema.names)

    keys = [F.col(SHAPE_KEY), F.col(_RIGHT_KEY)]
    tested = with_shapes if not sure_is_enough else with_shapes.where(~F.col(_SURE))
    found = tested.select(*keys, "left", "right").mapInArrow(test, schema)
    if not sure_is_enough:
        return found
    return found.unionAll(candidates.where(F.col(_SURE)).select(*keys))
