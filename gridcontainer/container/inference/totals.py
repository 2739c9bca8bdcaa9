"""Rows that are the sum of other rows: a census with totals among its parts counts people twice."""

from typing import Any, Final

import numpy as np
import pandas as pd

from gridcontainer.container.inference.findings import Notes
from gridcontainer.grid.arrays import Float64s

_WORDS: Final = ("合计", "总计", "小计", "全市", "total", "sum", "subtotal", "all")
_ROWS: Final = 20_000  # a longer table is a log, not a table of figures
_AGREEING: Final = 2  # columns, and half of them: by chance one adds up


def warn_of_totals(frame: pd.DataFrame, numbers: dict[str, Float64s], notes: Notes) -> None:
    """Warn of rows that look like totals.

    Args:
        frame: all rows of the file, as text.
        numbers: its columns of numbers, NaN where there is none.
        notes: where the warning goes.
    """
    if not 3 <= len(frame) <= _ROWS:
        return
    named = _rows_called_total(frame)
    summed = _rows_that_are_sums(list(numbers.values()), len(frame))
    rows = sorted(named | summed)
    if rows:
        listed = ", ".join(str(row + 1) for row in rows[:6]) + (", ..." if len(rows) > 6 else "")
        notes.warn(
            f"{len(rows):,} rows look like totals of other rows (row {listed}): a sum over all "
            "rows would count twice; declare them: totals: a Spark SQL condition on the columns"
        )


def _rows_called_total(frame: pd.DataFrame) -> set[int]:
    cells = frame.map(lambda cell: isinstance(cell, str) and cell.strip().lower() in _WORDS)
    return set(np.flatnonzero(cells.to_numpy().any(axis=1)).tolist())


def _rows_that_are_sums(columns: list[Float64s], rows: int) -> set[int]:
    """Rows that are, in most columns, the sum of the same rows right below them."""
    able = [values for values in columns if _could_add_up(values)]
    found: dict[tuple[int, int], set[float]] = {}  # a column that repeats another adds nothing
    for values in able:
        sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
        positive = np.nan_to_num(values) > 0.0
        parts = np.concatenate([[0], np.cumsum(positive)])
        starts = np.flatnonzero(positive)
        wanted = sums[starts + 1] + values[starts]
        ends = np.searchsorted(sums, wanted * (1.0 - 1e-12) - 1e-9)
        ends = np.minimum(ends, rows)
        fits = np.isclose(sums[ends], wanted, rtol=1e-12, atol=1e-6)
        fits &= parts[ends] - parts[starts + 1] >= 2

        for start, end in zip(starts[fits].tolist(), ends[fits].tolist(), strict=True):
            found.setdefault((start, end), set()).add(float(values[start]))
    enough = max(_AGREEING, len(able) / 2)
    return {start for (start, _), agreeing in found.items() if len(agreeing) >= enough}


def _could_add_up(values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether a column has sums that chance does not make: no negative and many big numbers."""
    finite = values[np.isfinite(values)]
    return len(finite) >= 3 and bool(np.all(finite >= 0.0)) and float(np.median(finite)) >= 100.0
