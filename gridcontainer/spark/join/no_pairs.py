"""The result of a join where a side has nothing that could be in a pair."""

from pyspark.sql import functions as F

from gridcontainer.spark.join.request import SPARK_HOW, JoinPlan, JoinRequest


def join_without_pairs(
    request: JoinRequest, why: str, problems: list[tuple[str, int, str]], unused: int
) -> JoinPlan:
    """No pair: no rows for ``inner`` and ``semi``, all rows of left for ``left`` and ``anti``.

    Args:
        request: what was asked.
        why: sentence that says which side has nothing usable.
        problems: rows that cannot take part, the first of them.
        unused: number of all of them.
    """
    right = request.right.where(F.lit(False))
    columns = request.columns
    if request.measure is not None:
        columns.append(F.lit(None).cast("double").alias(request.measure))
    keeps_left = request.how in ("left", "anti")
    left = request.left if keeps_left else request.left.where(F.lit(False))
    frame = left.join(right, F.lit(False), SPARK_HOW[request.how])
    return JoinPlan(frame.select(*columns), "no pairs", [why], problems, unused)
