"""Dirt: faults put into clean rows, each noted in the truth as it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridcontainer.sample.positions import Ints, outside_city

BROKEN = "broken row"
MISSING = "missing position"
NOT_A_NUMBER = "position is not a number"
ZERO = "zero position"
SWAPPED = "longitude and latitude swapped"
OUTSIDE = "outside the city"
REPEATED = "repeated key"
REPEATED_ROW = "repeated row"
REASONS = (  # in order of test
    *(BROKEN, MISSING, NOT_A_NUMBER, ZERO, SWAPPED, OUTSIDE),
    *(REPEATED, REPEATED_ROW),
)

NO_NUMBERS = ("无", "n/a")


@dataclass(frozen=True)
class Table:
    """Rows as they are written, and what is true of each; both frames have the same index.

    Attributes:
        cells: a column for each written column.
        truth: ``object_id`` and ``class`` (None for events), ``lon`` and ``lat`` (degrees WGS 84,
            full precision), ``reason`` (None for a good row).
    """

    cells: pd.DataFrame
    truth: pd.DataFrame

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.cells)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Shares of the rows that get each fault; a share above 0 gives at least one row (broken: two).

    Attributes:
        resent: rows without a position that come again, later and complete.
    """

    broken: float = 0.0
    missing: float = 0.0
    not_a_number: float = 0.0
    zero: float = 0.0
    swapped: float = 0.0
    outside: float = 0.0
    repeated: float = 0.0
    resent: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PositionColumns:
    """The columns that hold a position, and how wrong values are spelt there.

    Attributes:
        lon: column name.
        lat: column name.
        spell: turns a number into what the column holds (text, or a number in JSON).
        empty: what stands for a missing value; one is drawn for each row.
    """

    lon: str = "lon"
    lat: str = "lat"
    spell: Callable[[float], Any] = "{:.6f}".format
    empty: Sequence[str | None] = ("",)


def clean_table(cells: pd.DataFrame, truth: pd.DataFrame | None = None) -> Table:
    """A table without faults.

    Args:
        cells: the written columns.
        truth: rows with ``object_id``, ``class``, ``lon`` and ``lat``; None for events that are
            no objects.
    """
    known = pd.DataFrame(index=pd.RangeIndex(len(cells)), columns=["object_id", "class"])
    known[["lon", "lat"]] = np.nan
    if truth is not None:
        for column in truth.columns.intersection(known.columns):
            known[column] = truth[column].to_numpy()
    known["reason"] = None
    return Table(cells.reset_index(drop=True).astype(object), known)


def soil(
    table: Table,
    faults: Faults,
    rng: np.random.Generator,
    *,
    key: tuple[str, ...],
    position: PositionColumns | None = None,
) -> Table:
    """A copy of the table with the faults in it.

    No row gets two faults. Rows are only ever added after the row that they repeat.

    Args:
        table: clean rows.
        faults: what to put in.
        rng: chooses the rows.
        key: columns of the business key.
        position: None where the rows have none; then only broken and repeated rows can be made.
    """
    cells, truth = table.cells.copy(), table.truth.copy()
    order = rng.permutation(table.rows)
    picked: dict[str, Ints] = {}
    for reason, share in _shares(faults):
        # A row can be too short or too long: two rows show both.
        count = _count(share, table.rows, at_least=2 if reason == BROKEN else 1)
        picked[reason], order = np.split(order, [count])
        truth.loc[picked[reason], "reason"] = reason
        if position is not None:
            _spoil(cells, picked[reason], reason, position, rng)
    soiled = Table(cells, truth)
    resent = picked[MISSING][: _count(faults.resent, table.rows)]
    repeated = rng.permutation(order)[: _count(faults.repeated, table.rows)]
    again = np.concatenate([resent, repeated])
    extra = Table(table.cells.loc[again], table.truth.loc[again])
    return mark_repeats(_with_later_rows(soiled, extra, rng), key)


def mark_repeats(table: Table, key: tuple[str, ...]) -> Table:
    """The table with a reason at each good row whose key a good row above it has.

    It is ``repeated row`` where the first row of that key is the same in all its cells.
    """
    truth = table.truth.copy()
    cells = table.cells[truth["reason"].isna()].astype(str)
    keys = cells[list(key)].agg("\x1f".join, axis=1)
    first = cells.groupby(keys.to_numpy()).transform("first")
    same = (cells == first).all(axis=1)
    repeats = keys.duplicated()
    truth.loc[repeats.index[repeats & same], "reason"] = REPEATED_ROW
    truth.loc[repeats.index[repeats & ~same], "reason"] = REPEATED
    return Table(table.cells, truth)


def _shares(faults: Faults) -> list[tuple[str, float]]:
    return [
        (BROKEN, faults.broken),
        (MISSING, faults.missing),
        (NOT_A_NUMBER, faults.not_a_number),
        (ZERO, faults.zero),
        (SWAPPED, faults.swapped),
        (OUTSIDE, faults.outside),
    ]


def _count(share: float, rows: int, *, at_least: int = 1) -> int:
    return max(at_least, round(share * rows)) if share > 0 else 0


def _spoil(
    cells: pd.DataFrame,
    rows: Ints,
    reason: str,
    position: PositionColumns,
    rng: np.random.Generator,
) -> None:
    """Overwrite the positions of some rows in place; broken rows are broken by the writer."""
    columns = [position.lon, position.lat]
    if len(rows) == 0:
        return
    if reason == MISSING:
        chosen = rng.integers(0, len(position.empty), len(rows))
        cells.loc[rows, columns] = np.array([[position.empty[c]] * 2 for c in chosen], dtype=object)
    elif reason == NOT_A_NUMBER:
        words = np.array([NO_NUMBERS[c] for c in rng.integers(0, 2, len(rows))], dtype=object)
        cells.loc[rows, position.lon] = words
        both = rows[rng.random(len(rows)) < 0.5]
        cells.loc[both, position.lat] = NO_NUMBERS[0]
    elif reason == ZERO:
        cells.loc[rows, columns] = position.spell(0.0)
    elif reason == SWAPPED:
        cells.loc[rows, columns] = cells.loc[rows, columns[::-1]].to_numpy()
    elif reason == OUTSIDE:
        lon, lat = outside_city(rng, len(rows))
        cells.loc[rows, position.lon] = [position.spell(value) for value in lon]
        cells.loc[rows, position.lat] = [position.spell(value) for value in lat]


def _with_later_rows(table: Table, extra: Table, rng: np.random.Generator) -> Table:
    """The extra rows mixed in, each below the row of the same index label."""
    label = extra.cells.index.to_numpy()
    later = label + rng.uniform(0.1, 0.9, len(label)) * np.maximum(table.rows - label, 1)
    place = np.argsort(np.concatenate([np.arange(table.rows), later]), kind="stable")
    cells = pd.concat([table.cells, extra.cells], ignore_index=True).iloc[place]
    truth = pd.concat([table.truth, extra.truth], ignore_index=True).iloc[place]
    return Table(cells.reset_index(drop=True), truth.reset_index(drop=True))
