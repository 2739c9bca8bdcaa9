"""From which probability on a pair is a link."""

import numpy as np
from pyspark.sql import DataFrame, functions as F

LEAST = 0.5  # below, a pair is more likely two objects
_STEPS = 10_000


def choose_threshold(scored: DataFrame, expected_precision: float) -> float:
    """The lowest probability whose links are right as often as wanted, as the model expects.

    The expected precision of a set of links is the mean of their probabilities.

    Args:
        scored: of ``scored``: pairs with ``probability``.
        expected_precision: 0-1.

    Returns:
        A probability, not below ``LEAST``.
    """
    step = F.floor(F.col("probability") * _STEPS).alias("step")
    sums = scored.groupBy(step).agg(F.count("*"), F.sum("probability")).collect()
    steps, counts, totals = (np.array([row[i] for row in sums], dtype=float) for i in range(3))
    order = np.argsort(-steps)
    precise = np.cumsum(totals[order]) >= expected_precision * np.cumsum(counts[order])
    lowest = steps[order][precise].min(initial=_STEPS) / _STEPS
    return max(LEAST, float(lowest))
