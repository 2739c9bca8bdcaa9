"""Sedona's own join: what is left where cells can't help."""

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.errors import JoinError
from gridcontainer.spark.join.no_pairs import join_without_pairs
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.join.request import SPARK_HOW, JoinPlan, JoinRequest
from gridcontainer.spark.join.usable import find_unused, usable_geometry

_FUNCTIONS = {"intersects": "ST_Intersects", "within": "ST_Within", "contains": "ST_Contains"}
_LEFT, _RIGHT = "__grid_left", "__grid_right"


def join_with_sedona(request: JoinRequest, why: str) -> JoinPlan:
    """The same question to Sedona.

    Args:
        request: any but ``nearest`` and those that measure areas.
        why: cells can't help.

    Raises:
        JoinError: Sedona has no such join.
    """
    measured = request.measure is not None
    unused = {
        side: find_unused(frame, place)
        for side, frame, place in _sides(request)
        if not place.is_point
    }
    problems = [problem for side, found in unused.items() for problem in found.of(side)]
    count = sum(found.count for found in unused.values())
    for side, found in unused.items():
        if found.is_all:
            reason = f"no shape of the {side} side can be used"
            return join_without_pairs(request, reason, problems, count)
    if request.predicate == "nearest" or (measured and request.predicate != "within_distance"):
        raise JoinError(f"there is no way to join so: {why}")
    left, right = (
        frame.withColumn(f"__grid_{side}", usable_geometry(frame, place))
        for side, frame, place in _sides(request)
    )
    joined = left.join(right, _predicate(request), SPARK_HOW[request.how])
    columns = request.columns
    if request.measure is not None:
        columns.append(F.expr(f"ST_DistanceSpheroid({_LEFT}, {_RIGHT})").alias(request.measure))
    reasons = [f"cells can't help: {why}", "Spark is asked with Sedona's predicate instead"]
    return JoinPlan(joined.select(*columns), "Sedona", reasons, problems, count)


def _sides(request: JoinRequest) -> list[tuple[str, DataFrame, Place]]:
    return [
        ("left", request.left, request.left_place),
        ("right", request.right, request.right_place),
    ]


def _predicate(request: JoinRequest) -> Column:
    if request.predicate == "within_distance":
        return F.expr(f"ST_DistanceSpheroid({_LEFT}, {_RIGHT}) <= {request.distance!r}D")
    return F.expr(f"{_FUNCTIONS[request.predicate]}({_LEFT}, {_RIGHT})")
