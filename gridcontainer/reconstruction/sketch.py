"""How many different values: the least of their hashes tell it, and merge in any order.

A sketch is the ``SIZE`` least 64-bit hashes of the values, in order. With fewer values it is exact;
with more, the place of its last hash tells how many there are, with a standard error of
1 / sqrt(SIZE - 2), which is 3.1 %. Two ways to the same values give the same sketch, bit by bit,
which sketches with registers and a history (HyperLogLog) do not promise.

Source: K. Beyer et al., On synopses for distinct-value estimation under multiset operations,
SIGMOD 2007 (the unbiased estimator of k minimum values).
"""

from typing import Final

from pyspark.sql import Column, functions as F

SIZE: Final = 1024
STANDARD_ERROR: Final = 1 / (SIZE - 2) ** 0.5


def sketch_of(values: Column) -> Column:
    """The sketch of a group's values, an aggregate; each value is to be there once."""
    return _least(F.collect_list(F.xxhash64(values)))


def merged(sketches: Column) -> Column:
    """The sketch of all values of a group's sketches, an aggregate; null without any."""
    hashes = F.array_distinct(F.flatten(F.collect_list(sketches)))
    return F.when(F.size(hashes) > 0, _least(hashes))


def both(first: Column, second: Column) -> Column:
    """The sketch of all values of two sketches; of one where the other is null."""
    union = _least(F.array_union(first, second))
    return F.when(first.isNull(), second).when(second.isNull(), first).otherwise(union)


def estimate(sketch: Column) -> Column:
    """How many different values a sketch stands for."""
    last = F.element_at(sketch, -1)
    share = last.cast("double") / F.lit(2.0**64) + F.lit(0.5)
    return F.when(F.size(sketch) < SIZE, F.size(sketch).cast("long")).otherwise(
        F.round((SIZE - 1) / share).cast("long")
    )


def _least(hashes: Column) -> Column:
    return F.slice(F.array_sort(hashes), 1, SIZE)
