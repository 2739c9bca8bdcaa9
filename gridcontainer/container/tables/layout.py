"""How the rows of a data set lie in files: chosen from their number and from where they crowd.

A cell should be cheap to read and a file worth opening. A small data set is one file; a large one
is cut along ``cell`` into files of about ``ROWS_PER_FILE``, so that the dense centre of a city has
many and its empty edge few, and is partitioned as finely as its partitions still are worth a file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from pyspark.sql import DataFrame, functions as F

from gridcontainer.grid.arrays import Int64s
from gridcontainer.grid.levels import get_level

ROWS_PER_FILE: Final = 500_000
TIMED_KINDS: Final = frozenset({"events", "trajectories", "series"})
_SAMPLED_ROWS: Final = 200_000
_SMALL_SHARE: Final = 0.1  # of the rows may lie in partitions that are not worth a file
_SEED: Final = 39409


@dataclass(frozen=True)
class Layout:
    """Of one table.

    Attributes:
        prefix_level: of ``grid_prefix``, the partition column; None for a table without position.
        by_month: ``event_month`` is a partition column too, before the prefix.
        files: about how many.
    """

    prefix_level: int | None
    by_month: bool = False
    files: int = 1

    @property
    def partition(self) -> list[str]:
        """The partition columns."""
        months = ["event_month"] if self.by_month else []
        return months + ([] if self.prefix_level is None else ["grid_prefix"])

    @property
    def order(self) -> tuple[str, ...]:
        """The columns by which the rows of the table lie."""
        return ("source_file", "source_row") if self.prefix_level is None else ("cell",)


def sample_of(rows: DataFrame, count: int) -> DataFrame:
    """Rows enough to choose a layout by.

    To be drawn from what is read, not from what is made of it: else all is made for a few.

    Args:
        rows: as they are read.
        count: rows, about.
    """
    share = min(1.0, _SAMPLED_ROWS / max(1, count))
    return rows if share == 1.0 else rows.sample(share, _SEED)


def choose_layout(
    sample: Callable[[], DataFrame],
    *,
    kind: str,
    level: int | None,
    count: int,
    levels: Sequence[int],
) -> Layout:
    """The layout for the rows of a data set; looks at their cells only where they are many.

    Args:
        sample: makes the frame to look at, of ``sample_of``: ``cell``, and ``event_time`` where
            the kind has one.
        kind: of the data set.
        level: of ``cell``; None for a table without position.
        count: rows, about.
        levels: for the prefix to choose from, coarse to fine.
    """
    files = max(1, -(-count // ROWS_PER_FILE))
    if level is None:
        return Layout(None, files=files)
    if files == 1:
        return Layout(min(levels[0], level))
    timed = kind in TIMED_KINDS
    month = F.date_format("event_time", "yyyy-MM") if timed else F.lit("")
    sampled = sample().select("cell", month.alias("month")).toPandas()
    months = sampled["month"].nunique()
    by_month = months > 1 and count / months >= ROWS_PER_FILE
    per_period = count // months if by_month else count
    prefix_level = choose_prefix_level(
        sampled["cell"].to_numpy(np.int64), per_period, levels=levels
    )
    return Layout(min(prefix_level, level), by_month, files)


def choose_prefix_level(cells: Int64s, count: int, *, levels: Sequence[int]) -> int:
    """The finest level at which most rows lie in partitions that are worth a file.

    Args:
        cells: of a sample of the rows, at least as fine as the levels.
        count: rows that the sample stands for.
        levels: to choose from, coarse to fine.
    """
    chosen = levels[0]
    for level in levels[1:]:
        _, counts = np.unique(cells & get_level(level).mask, return_counts=True)
        rows = counts * (count / max(1, len(cells)))
        if rows[rows < ROWS_PER_FILE / 2].sum() <= _SMALL_SHARE * count:
            chosen = level
    return chosen


def arrange(rows: DataFrame, *, layout: Layout, order: Sequence[str] | None = None) -> DataFrame:
    """The rows cut along their order into a task a file, each sorted.

    Args:
        rows: with the columns of ``order``; n rows.
        layout: says how many tasks, and whether a month comes first.
        order: columns to sort by, where they have not the names of the table's yet; else the
            layout's. One column of integers is sorted much faster than two columns.
    """
    first = [F.date_format("event_time", "yyyy-MM")] if layout.by_month else []
    columns = [*first, *(F.col(name) for name in order or layout.order)]
    return rows.repartitionByRange(layout.files, *columns).sortWithinPartitions(*columns)
