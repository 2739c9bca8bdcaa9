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
from gridcontainer.spark.join.place import ID, Place, accept_shapes, wkb
from gridcontainer.spark.join.request import (
    SPARK_HOW,
    JoinPlan,
    JoinRequest,
    NotForCellsError,
    Predicate,
)

_RIGHT_ID: Final = "__grid_right_row"
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
        rows: as they came, numbered.
        shapes: number and WKB of the shapes that have cells.
        problems: number of a row, and why its shape has none.
        count: of the shapes.
        sample: some of them.
    """

    rows: DataFrame
    shapes: DataFrame
    problems: list[tuple[int, str]]
    count: int
    sample: NDArray[np.object_]


def join_shapes(request: JoinRequest) -> JoinPlan:
    """Any shapes with any others: ``intersects``, ``within``, ``contains``; and shared areas.

    Raises:
        NotForCellsError: a shape reaches a polar cap, or there are too many cells at any level.
    """
    left = _prepare(request.left, request.left_place)
    right = _prepare(request.right, request.right_place)
    level, why = _choose_level(left, right)
    pairs = _test(_candidates(left, right, level), left, right, request)
    how = SPARK_HOW[request.how]
    if request.has_pairs:
        pairs = pairs.join(right.rows.withColumnRenamed(ID, _RIGHT_ID), _RIGHT_ID)
    frame = left.rows.join(pairs, ID, how)
    columns = request.columns
    if request.measure is not None:
        columns.append(F.col(_SQUARE_METRES).alias(request.measure))
    problems = [
        (name, row, reason)
        for name, side in (("left", left), ("right", right))
        for row, reason in side.problems
    ]
    reasons = [
        why,
        "pairs that share a cell which one of them fills are sure; shapely tests the others",
        "both sides are kept in memory while the session lasts, as their rows are numbered",
    ]
    return JoinPlan(frame.select(*columns), "covers", reasons, problems)


def _prepare(frame: DataFrame, place: Place) -> _Side:
    """Number the rows, mend the shapes, set aside those that have no cells."""
    rows = frame.withColumn(ID, F.monotonically_increasing_id()).persist()

    def mend(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            accepted = accept_shapes(batch.column(1).to_pylist())
            reasons = [str(problem) if problem else None for problem in accepted.problems]
            yield pa.RecordBatch.from_arrays(
                [batch.column(0), pa.array(shapely.to_wkb(accepted.shapes), pa.binary()),
                 pa.array(reasons, pa.string())],
                names=[ID, "geometry", "problem"],
            )  # fmt: skip

    given = rows.select(F.col(ID), wkb(rows, place).alias("geometry"))
    mended = given.mapInArrow(mend, f"{ID} long, geometry binary, problem string").persist()
    sound = mended.where(F.col("problem").isNull()).select(ID, "geometry")
    bad = mended.where(F.col("problem").isNotNull()).select(ID, "problem").collect()
    sample = [bytes(row[0]) for row in sound.select("geometry").limit(_SAMPLE).collect()]
    return _Side(
        rows, sound, [(int(row[0]), str(row[1])) for row in bad], sound.count(),
        shapely.from_wkb(np.array(sample, dtype=object)),
    )  # fmt: skip


def _choose_level(left: _Side, right: _Side) -> tuple[int, str]:
    """The finest level that suits a side, and at which both have a bearable number of cells."""
    sides = [side for side in (left, right) if side.count]
    problems = [reason for side in (left, right) for _, reason in side.problems]
    if any(reason.startswith(POLAR_PROBLEM) for reason in problems):
        raise NotForCellsError(f"a shape {POLAR_PROBLEM}, where cells are few")
    if not sides:
        return 1, "a side has no shape at all"
    wanted = max(choose_level(side.sample) for side in sides)
    for level in range(min(wanted, 8), 0, -1):
        counts = [_estimate_cells(side, level) for side in sides]
        if max(counts) <= _MOST_CELLS:
            sizes = " and ".join(f"{side.count:,}" for side in sides)
            cells = " and ".join(f"{count:,.0f}" for count in counts)
            return level, f"{sizes} shapes have about {cells} cells of level {level}"
    raise NotForCellsError(f"more than {_MOST_CELLS:,} cells even at level 1")


def _estimate_cells(side: _Side, level: int) -> float:
    found = cover(side.sample, level, on_invalid="mark", max_cells=_MOST_CELLS)
    if any(problem for problem in found.problems):
        return float("inf")
    return len(found) / len(side.sample) * side.count


def _candidates(left: _Side, right: _Side, level: int) -> DataFrame:
    """Numbers of pairs that share a cell, once, and whether one of them fills one."""
    cells = [
        grid_cover(side.shapes, level, max_cells=_MOST_CELLS).select(
            F.col(ID).alias(name), "cover_cell", F.col("is_interior").alias(f"{name}_fills")
        )
        for side, name in ((left, ID), (right, _RIGHT_ID))
    ]
    fills = F.col(f"{ID}_fills") | F.col(f"{_RIGHT_ID}_fills")
    return cells[0].join(cells[1], "cover_cell").groupBy(ID, _RIGHT_ID).agg(
        F.max(fills).alias(_SURE)
    )  # fmt: skip


def _test(candidates: DataFrame, left: _Side, right: _Side, request: JoinRequest) -> DataFrame:
    """Numbers of pairs for which the predicate holds, and the area that they share."""
    with_shapes = candidates.join(
        left.shapes.withColumnRenamed("geometry", "left"), ID
    ).join(
        right.shapes.withColumnRenamed("geometry", "right").withColumnRenamed(ID, _RIGHT_ID),
        _RIGHT_ID,
    )  # fmt: skip
    predicate, measured = request.predicate, request.measure is not None
    sure_is_enough = predicate == "intersects" and not measured
    schema = T.StructType(
        [T.StructField(name, T.LongType()) for name in (ID, _RIGHT_ID)]
        + ([T.StructField(_SQUARE_METRES, T.DoubleType())] if measured else [])
    )

    def test(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            numbers = [batch.column(i).to_numpy() for i in (0, 1)]
            one, other = (
                shapely.from_wkb(batch.column(i).to_numpy(zero_copy_only=False)) for i in (2, 3)
            )
            shapely.prepare(one)
            holds = _TESTS[predicate](one, other)
            columns = [pa.array(number[holds]) for number in numbers]
            if measured:
                shared = shapely.intersection(one[holds], other[holds])
                columns.append(pa.array(areas(shared)))
            yield pa.RecordBatch.from_arrays(columns, names=schema.names)

    numbers = [F.col(ID), F.col(_RIGHT_ID)]
    tested = with_shapes if not sure_is_enough else with_shapes.where(~F.col(_SURE))
    found = tested.select(*numbers, "left", "right").mapInArrow(test, schema)
    if not sure_is_enough:
        return found
    return found.unionAll(candidates.where(F.col(_SURE)).select(*numbers))
