"""Sedona's own join: what is left where cells can't help."""

from pyspark.sql import Column, functions as F

from gridcontainer.errors import JoinError
from gridcontainer.spark.join.place import geometry
from gridcontainer.spark.join.request import SPARK_HOW, JoinPlan, JoinRequest

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
    if request.predicate == "nearest" or (measured and request.predicate != "within_distance"):
        raise JoinError(f"there is no way to join so: {why}")
    left = request.left.withColumn(_LEFT, geometry(request.left, request.left_place))
    right = request.right.withColumn(_RIGHT, geometry(request.right, request.right_place))
    joined = left.join(right, _predicate(request), SPARK_HOW[request.how])
    columns = request.columns
    if request.measure is not None:
        columns.append(F.expr(f"ST_DistanceSpheroid({_LEFT}, {_RIGHT})").alias(request.measure))
    reasons = [f"cells can't help: {why}", "Spark is asked with Sedona's predicate instead"]
    return JoinPlan(joined.select(*columns), "Sedona", reasons)


def _predicate(request: JoinRequest) -> Column:
    if request.predicate == "within_distance":
        return F.expr(f"ST_DistanceSpheroid({_LEFT}, {_RIGHT}) <= {request.distance!r}D")
    return F.expr(f"{_FUNCTIONS[request.predicate]}({_LEFT}, {_RIGHT})")
