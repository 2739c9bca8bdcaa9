"""Rows that are the sum of other rows: a census with totals among its parts counts people twice."""

from typing import Any, Final

import numpy as np
import pandas as pd

from gridcontainer.container.inference.findings import Notes
from gridcontainer.grid.arrays import Float64s

_WORDS: Final = ("合计", "总计", "小计", "总和", "total", "grand total", "subtotal", "sub-total")
_ROWS: Final = 20_000  # a longer table is a log, not a table of figures
_AGREEING: Final = 2  # columns, and half of them: by chance one adds up
_MOST: Final = 0.34  # share of the rows that can be totals of the others


def infer_totals(
    frame: pd.DataFrame, numbers: dict[str, Float64s], label: str | None, notes: Notes
) -> str | None:
    """The declaration's ``totals``: a condition that rows fulfil which are called totals and are.

    Rows of which only one is true are told, and left to a person.

    Args:
        frame: all rows of a table without positions, as text.
        numbers: its columns of numbers, NaN where there is none.
        label: the column by which people call a row.
        notes: where the evidence and the warning go.

    Returns:
        None where no row is both called a total and the sum of others.
    """
    if not 3 <= len(frame) <= _ROWS or not numbers:
        return None
    figures = list(numbers.values())
    summed = _rows_that_are_sums(figures, len(frame))
    named = _rows_called_total(frame, [n for n in frame.columns if n not in numbers])
    called = set().union(*(found for found, _ in named.values()))
    rows = sorted(summed | called)
    if not rows or len(rows) > _MOST * len(frame):
        return None
    listed = ", ".join(str(row + 1) for row in rows[:6]) + (", ..." if len(rows) > 6 else "")
    told = f"{len(rows):,} rows look like totals of other rows (row {listed})"
    proven = bool(called) and all(_is_sum(row, called, figures) for row in called)
    if proven:
        condition = " OR ".join(_condition(name, texts) for name, (_, texts) in named.items())
        notes.add("totals", condition, f"{told}; by their name, and their numbers are sums", "high")
        notes.warn(f"{told}: the draft keeps those that are called so out of the table (totals)")
        return condition
    names = ""
    if label is not None:
        names = f" ({', '.join(str(frame[label].iloc[row]) for row in rows[:6])})"
    notes.warn(
        f"{told}: a sum over all rows would count twice; declare those that are totals{names}: "
        "totals: a condition on the columns"
    )
    return None


def _is_sum(row: int, called: set[int], figures: list[Float64s]) -> bool:
    """Whether most numbers of a row are sums of all rows, or of the rows up to the next total."""
    others = [at for at in range(len(figures[0])) if at not in called]
    above = [at for at in others if max((c for c in called if c < row), default=-1) < at < row]
    below = [at for at in others if row < at < min((c for c in called if c > row), default=1 << 60)]
    able = [values for values in figures if np.isfinite(values[row]) and values[row] != 0.0]
    agreeing = [
        any(len(part) > 1 and np.isclose(np.nansum(values[part]), values[row], rtol=1e-9)
            for part in (others, above, below))
        for values in able
    ]  # fmt: skip
    return bool(able) and sum(agreeing) >= max(1, len(able) / 2)


def _condition(name: str, texts: set[str]) -> str:
    listed = ", ".join("'" + text.replace("'", "''") + "'" for text in sorted(texts))
    column = f"`{name.replace('`', '``')}`"
    return f"{column} IN ({listed})" if len(texts) > 1 else f"{column} = {listed}"


def _rows_called_total(
    frame: pd.DataFrame, names: list[Any]
) -> dict[str, tuple[set[int], set[str]]]:
    """Rows with a word for a total in a column of words, and the texts, by column.

    The word must be rare in its column: a column of kinds may have one that is called total.
    """
    found: dict[str, tuple[set[int], set[str]]] = {}
    for name in names:
        texts = frame[name]
        called = texts.map(lambda t: isinstance(t, str) and t.strip().lower() in _WORDS)
        rows = np.flatnonzero(called.to_numpy())
        if 0 < len(rows) <= _MOST * len(frame):
            found[str(name)] = (set(rows.tolist()), set(texts.iloc[rows]))
    return found


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
