"""Bring two keyed sides together without moving the rows on the left.

A small right side is sent to every task. A larger one is too, but by parts, if left is stored by
prefix: a group of partitions of left is read with the part of right that lies there. Only where
left is not stored so, both sides are shuffled.
"""

import functools
from collections.abc import Iterator
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F

from gridcontainer.spark.columns import grid_cell_code, grid_parent
from gridcontainer.spark.join.position_columns import Place
from gridcontainer.spark.persisted import persist_until_unused

BROADCAST_BYTES: Final = 256 << 20
_PREFIX: Final = "__grid_right_prefix"


def bring_together(
    left: DataFrame,
    right: DataFrame,
    on: Column,
    how: str,
    *,
    size: float,
    place: Place,
    cell: Column,
    limit: int = BROADCAST_BYTES,
) -> tuple[DataFrame, str]:
    """Join left with right, and say how.

    Args:
        left: the large side.
        right: the other one.
        on: the condition, on columns of both.
        how: as Spark calls it.
        size: bytes of right, about.
        place: of left, says whether it is stored by prefix.
        cell: of right's rows, or any integer with its bits, at least as fine as a prefix.
        limit: bytes that every task may be sent.
    """
    if size <= limit:
        return left.join(F.broadcast(right), on, how), "right is sent to every task (broadcast)"
    if place.prefix is None:
        return left.join(right, on, how), "right is too large to be sent: both sides are shuffled"
    level = place.prefix_level
    coded = right.withColumn(_PREFIX, grid_cell_code(grid_parent(cell, level), level))
    kept = persist_until_unused(coded)  # its rows have no numbers: a lost block is made again
    counts = {row[0]: row[1] for row in kept.groupBy(_PREFIX).count().collect()}
    groups = list(_groups(counts, limit * sum(counts.values()) / size))
    prefix = F.col(f"`{place.prefix}`")
    parts = []
    for codes, is_small in groups:
        part = kept.where(F.col(_PREFIX).isin(codes)).drop(_PREFIX)
        part = F.broadcast(part) if is_small else part
        parts.append(left.where(prefix.isin(codes)).join(part, on, how))
    if how in ("left", "left_anti") or not parts:
        rest = left.where(~F.coalesce(prefix.isin(list(counts)), F.lit(False)))
        none = kept.where(F.lit(False)).drop(_PREFIX)
        parts.append(rest.join(F.broadcast(none), on, how))
    why = f"right is sent by {len(groups)} groups of left's {len(counts)} prefixes, left stays"
    return functools.reduce(DataFrame.unionAll, parts), why


def _groups(counts: dict[str, int], most: float) -> Iterator[tuple[list[str], bool]]:
    """Neighbouring prefixes with at most so many rows together, and whether it is so."""
    codes: list[str] = []
    rows = 0
    for code in sorted(counts):
        if codes and rows + counts[code] > most:
            yield codes, rows <= most
            codes, rows = [], 0
        codes.append(code)
        rows += counts[code]
    if codes:
        yield codes, rows <= most
