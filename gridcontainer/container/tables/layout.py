"""How the rows of a data set lie in files: chosen from their number and from where they crowd.

A cell should be cheap to read and a file worth opening. A small data set is one file; a large one
is cut along ``cell`` into files of about ``ROWS_PER_FILE``, so that the dense centre of a city has
many and its empty edge few, and is partitioned as finely as its partitions still are worth a file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gridcontainer.container.tables.actions import Snapshot
from gridcontainer.grid.arrays import Int64s
from gridcontainer.grid.levels import get_level

ROWS_PER_FILE: Final = 500_000
TIMED_KINDS: Final = frozenset({"events", "trajectories", "series"})
SAMPLED_ROWS: Final = 200_000
_PREFIX_LEVEL_BEFORE: Final = 2  # of tables that do not say theirs
_SMALL_SHARE: Final = 0.1  # of the rows may lie in partitions that are not worth a file


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

    @property
    def sort(self) -> list[str]:
        """The columns by which rows are sorted when they are written: the month comes first."""
        return (["event_month"] if self.by_month else []) + list(self.order)


def layout_of(table: Snapshot) -> Layout:
    """The layout in which a dataset's table was written."""
    by_month = "event_month" in table.metadata.partition
    if "grid_prefix" not in table.metadata.partition:
        return Layout(None, by_month, len(table.files))
    level = table.metadata.properties.get("gridcontainer.prefix_level")
    return Layout(int(level or _PREFIX_LEVEL_BEFORE), by_month, len(table.files))


@dataclass(frozen=True)
class Places:
    """Where and when a sample of rows is.

    Attributes:
        cells: (n,) cells of the rows.
        months: (n,) months of the rows, such as ``2024-01``; empty where the kind has no time.
    """

    cells: Int64s
    months: NDArray[Any]


def choose_layout(
    sample: Callable[[], Places],
    *,
    kind: str,
    level: int | None,
    count: int,
    levels: Sequence[int],
) -> Layout:
    """The layout for the rows of a dataset; looks at their cells only where they are many.

    Args:
        sample: gives places of a sample of about ``SAMPLED_ROWS`` rows.
        kind: kind of the dataset.
        level: level of the cells; None for a table without position.
        count: number of rows, about.
        levels: levels for the prefix to choose from, coarse to fine.
    """
    files = max(1, -(-count // ROWS_PER_FILE))
    if level is None:
        return Layout(None, files=files)
    if files == 1:
        return Layout(min(levels[0], level))
    places = sample()
    months = len(np.unique(places.months)) if kind in TIMED_KINDS else 1
    by_month = months > 1 and count / months >= ROWS_PER_FILE
    per_period = count // months if by_month else count
    prefix_level = choose_prefix_level(places.cells, per_period, levels=levels)
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
