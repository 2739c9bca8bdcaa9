"""Frames of rows cut along their order into tasks, and sampled to choose a layout by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.tables.layout import SAMPLED_ROWS, TIMED_KINDS, Layout, Places

_SEED: Final = 39409


def sample_places(rows: DataFrame, *, count: int, kind: str) -> Places:
    """Cells and months of a sample of rows.

    Args:
        rows: frame with ``cell``, and ``event_time`` where the kind has one.
        count: number of rows, about.
        kind: kind of the dataset.
    """
    share = min(1.0, SAMPLED_ROWS / max(1, count))
    month = F.date_format("event_time", "yyyy-MM") if kind in TIMED_KINDS else F.lit("")
    drawn = rows if share == 1.0 else rows.sample(share, _SEED)
    sampled = drawn.select("cell", month.alias("month")).toPandas()
    return Places(sampled["cell"].to_numpy(np.int64), sampled["month"].to_numpy(str))


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
