"""The one entrance: which way suits a question."""

from typing import Final

from pyspark.sql import DataFrame

from gridcontainer.spark.join.areas import join_points_with_areas
from gridcontainer.spark.join.distance import join_points_within_distance
from gridcontainer.spark.join.nearest import join_nearest
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.request import (
    How,
    JoinPlan,
    JoinRequest,
    NotForCellsError,
    Predicate,
    make_request,
)
from gridcontainer.spark.join.sedona import join_with_sedona
from gridcontainer.spark.join.shapes import join_shapes
from gridcontainer.spark.join.sizes import can_be_collected

MOST_SHAPE_BYTES: Final = 1 << 30
_POINTS_WITH_SHAPES: Final = {
    ((True, False), "intersects"),
    ((True, False), "within"),
    ((False, True), "intersects"),
    ((False, True), "contains"),
}


def grid_join(
    left: DataFrame,
    right: DataFrame,
    predicate: Predicate = "intersects",
    how: How = "inner",
    *,
    distance: float | None = None,
    k: int = 1,
    left_place: Place | None = None,
    right_place: Place | None = None,
    measure: str | None = None,
    suffix: str = "_right",
) -> DataFrame:
    """Rows of two frames by where they are; ``plan_join`` without the plan.

    Args:
        left: points or shapes; degrees, CGCS2000 or WGS 84.
        right: points or shapes.
        predicate: what holds of a pair. ``"intersects"``: they share a point; ``"within"``: left
            lies in right, not on its boundary alone; ``"contains"``: right lies in left;
            ``"within_distance"``: points at most ``distance`` apart; ``"nearest"``: right is one of
            the ``k`` points nearest to the point left.
        how: ``"inner"``, ``"left"`` (rows of left without a pair too), ``"semi"`` (rows of left
            with a pair, once), ``"anti"`` (without).
        distance: metres along the ellipsoid, with ``"within_distance"``.
        k: neighbours, with ``"nearest"``; fewer where right has fewer.
        left_place: columns that say where left is; else ``geometry``, or ``lon`` and ``lat``.
        right_place: the same of right.
        measure: name of a column to add: metres between points, or shared square metres of areas.
        suffix: for columns of right whose name left has too.

    Returns:
        The columns of left, those of right (not with ``"semi"`` and ``"anti"``) and ``measure``;
        each pair once. A row without a position or shape has no pair.

    Raises:
        JoinError: the question does not fit the sides.
    """
    return plan_join(
        left, right, predicate, how, distance=distance, k=k, left_place=left_place,
        right_place=right_place, measure=measure, suffix=suffix,
    ).frame  # fmt: skip


def plan_join(
    left: DataFrame,
    right: DataFrame,
    predicate: Predicate = "intersects",
    how: How = "inner",
    *,
    distance: float | None = None,
    k: int = 1,
    left_place: Place | None = None,
    right_place: Place | None = None,
    measure: str | None = None,
    suffix: str = "_right",
) -> JoinPlan:
    """``grid_join``, with what was chosen and why, and the rows that can't take part.

    Small sides are looked at at once; the join itself runs when its frame does.

    Raises:
        JoinError: the question does not fit the sides.
    """
    request = make_request(
        left, right, predicate, how, distance=distance, k=k, left_place=left_place,
        right_place=right_place, measure=measure, suffix=suffix,
    )  # fmt: skip
    return _choose(request)


def _choose(request: JoinRequest) -> JoinPlan:
    points = (request.left_place.is_point, request.right_place.is_point)
    try:
        if request.predicate == "nearest":
            return join_nearest(request)
        if request.predicate == "within_distance" and points == (True, True):
            return join_points_within_distance(request)
        if _is_points_with_shapes(request) and _can_be_collected(request):
            return join_points_with_areas(request)
        if request.predicate == "within_distance":
            raise NotForCellsError("one side is no points")
        return join_shapes(request)
    except NotForCellsError as why:
        return join_with_sedona(request, str(why))


def _can_be_collected(request: JoinRequest) -> bool:
    """Whether the shapes are few enough to be looked at in one place."""
    shapes = request.right if request.left_place.is_point else request.left
    return can_be_collected(shapes, MOST_SHAPE_BYTES)


def _is_points_with_shapes(request: JoinRequest) -> bool:
    """Whether one side are points that may lie in the shapes of the other."""
    if request.measure is not None:
        return False
    points = (request.left_place.is_point, request.right_place.is_point)
    return (points, request.predicate) in _POINTS_WITH_SHAPES
