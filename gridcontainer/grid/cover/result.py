"""What a cover is: flat arrays, ready to become columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Bools, Int64s
from gridcontainer.grid.cover.columns import Columns
from gridcontainer.grid.cover.runs import Shapes, collect, is_none
from gridcontainer.grid.levels import LEVELS


@dataclass(frozen=True)
class Rows(Columns):
    """Cells of covers, one a row.

    Attributes:
        geometry: index of the geometry.
        cell: the cell, int64.
        level: of the cell, int8.
        is_interior: the cell lies wholly inside the geometry.
        chip: the geometry within the cell, for cells that are not interior; else None.
    """

    geometry: Int64s
    cell: Int64s
    level: NDArray[np.int8]
    is_interior: Bools
    chip: Shapes


def make_rows(
    geometry: Int64s, cell: Int64s, level: int, *, interior: bool, chip: Shapes | None = None
) -> Rows:
    """Rows of one level and one kind."""
    return Rows(
        geometry, cell, np.full(len(cell), level, dtype=np.int8),
        np.full(len(cell), interior, dtype=np.bool_),
        np.full(len(cell), None, dtype=object) if chip is None else chip,
    )  # fmt: skip


def join_rows(parts: list[Rows]) -> Rows:
    """All rows, by geometry and cell."""
    rows = Rows.stack(parts)
    return rows[np.lexsort((rows.level, rows.cell, rows.geometry))]


def merge_dimensions(rows: Rows, mixed: Int64s) -> Rows:
    """Rows of geometries of several dimensions without repeats.

    Args:
        rows: from ``join_rows``.
        mixed: indices of the geometries whose points, lines and areas were covered apart.
    """
    chosen = np.isin(rows.geometry, mixed)
    if not chosen.any():
        return rows
    several = rows[chosen]
    several = several[~_in_interior(several)]
    starts = np.append(True, (several.cell[1:] != several.cell[:-1])
                       | (several.geometry[1:] != several.geometry[:-1]))  # fmt: skip
    group = np.cumsum(starts) - 1
    merged = several[starts]
    has_chip = ~is_none(several.chip)
    if has_chip.any():
        chips = collect(np.unique(group[has_chip]), group[has_chip], several.chip[has_chip])
        merged.chip[np.unique(group[has_chip])] = chips
    return join_rows([rows[~chosen], merged])


def _in_interior(rows: Rows) -> Bools:
    """True for rows in an interior cell of another row of the same geometry."""
    covered = np.zeros(len(rows), dtype=np.bool_)
    inner = rows[rows.is_interior]
    for number in np.unique(inner.level).tolist():
        level = LEVELS[number - 1]
        chosen = inner.level == number
        wanted = np.stack([rows.geometry, rows.cell & level.mask], axis=1)
        have = np.stack([inner.geometry[chosen], inner.cell[chosen]], axis=1)
        _, number_of = np.unique(np.concatenate([have, wanted]), axis=0, return_inverse=True)
        number_of = number_of.reshape(-1)
        found = np.isin(number_of[len(have) :], number_of[: len(have)])
        covered |= found & (rows.level >= number) & ~rows.is_interior
    return covered


@dataclass(frozen=True)
class Cover:
    """Cells of geometries, by geometry and cell; no cell of a geometry lies in another of its own.

    Attributes:
        geometry: int64[n], index of the geometry in the input.
        cell: int64[n].
        level: int8[n], of the cell.
        is_interior: bool[n], True where the whole cell lies inside the geometry.
        chip: object[n], the geometry within the cell as a shapely geometry in degrees; None in
            interior cells, and everywhere if no chips were asked for.
        problems: object[geometries] of str, why a geometry has no cells; ``""`` where it has.
        repairs: object[geometries] of str, what was wrong with a repaired one; else ``""``.
    """

    geometry: Int64s
    cell: Int64s
    level: NDArray[np.int8]
    is_interior: Bools
    chip: Shapes
    problems: NDArray[Any]
    repairs: NDArray[Any]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.cell)

    def chip_wkb(self) -> NDArray[Any]:
        """The chips as WKB (bytes, or None)."""
        wkb: NDArray[Any] = shapely.to_wkb(self.chip)
        return wkb
