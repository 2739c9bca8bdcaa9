"""Cells around a cell: the eight neighbours, and squares and rings of any radius.

All goes through global columns and rows, so that the count may turn round at the equator and at
Greenwich, and columns go on past the antimeridian.

Source: GB/T 39409-2020, clause 5 and Fig. 10, for the cells; the standard defines no neighbours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Int64s, Strings, flat_cells, require_at_most
from gridcontainer.grid.cell import MAX_CELLS, require_cells
from gridcontainer.grid.code import code_to_cell
from gridcontainer.grid.code_writing import cells_to_text
from gridcontainer.grid.levels import INVALID_CELL, UNITS_PER_DEGREE, get_level, only_level
from gridcontainer.grid.packing import (
    cell_to_index,
    half_columns,
    half_rows,
    index_to_any_cell,
    index_to_cell,
)
from gridcontainer.grid.polar import is_polar, polar_bounds

# E, NE, N, NW, W, SW, S, SE
_EAST = np.array([1, 1, 0, -1, -1, -1, 0, 1], dtype=np.int64)
_NORTH = np.array([0, 1, 1, 1, 0, -1, -1, -1], dtype=np.int64)


def cell_to_neighbors(cells: ArrayLike, level: int) -> Int64s:
    """The eight cells that touch each cell by an edge or a corner.

    Args:
        cells: int64 of any shape.
        level: 1-10.

    Returns:
        int64 of the shape of ``cells`` with one more axis of 8: E, NE, N, NW, W, SW, S, SE.
        ``INVALID_CELL`` where there is no such cell: beyond 88 degrees at levels above 2. At
        levels 1 and 2 a polar cell stands there, repeated in each direction that it fills.
        A polar cell, given as a scalar, yields all the cells that touch it, in integer order.

    Raises:
        CodeError: an integer is no cell, or a polar cell is in an array.
    """
    flat, shape = flat_cells(cells)
    require_cells(flat, level)
    if is_polar(flat).any():
        if shape == ():
            return _polar_neighbors(flat, level)
        raise CodeError(
            "a polar cell has more than eight neighbours (or fewer): ask for each polar cell alone"
        )
    column, row = cell_to_index(flat, level)
    found = index_to_any_cell(
        (column[:, None] + _EAST).reshape(-1), (row[:, None] + _NORTH).reshape(-1), level
    )
    return found.reshape(*shape, 8)


def _polar_neighbors(cell: Int64s, level: int) -> Int64s:
    """Unique owners of the places in and around one polar cell, but for itself."""
    wanted = get_level(level)
    edges = np.rint(polar_bounds(cell, level)[0] * UNITS_PER_DEGREE).astype(np.int64).tolist()
    west, south, east, north = edges
    if west > east:
        east += 360 * UNITS_PER_DEGREE
    columns = np.arange(west // wanted.width - 1, east // wanted.width + 1)
    rows = np.arange(south // wanted.height - 1, -(-north // wanted.height) + 1)
    column, row = (grid.reshape(-1) for grid in np.meshgrid(columns, rows))
    found = np.unique(index_to_any_cell(column, row, level))
    others: Int64s = found[(found != INVALID_CELL) & (found != cell)]
    return others


def code_to_neighbors(codes: ArrayLike) -> Strings:
    """Codes of the cells that touch each cell by an edge or a corner.

    Args:
        codes: one code, or an array of codes of one level.

    Returns:
        For one code, a 1-d array of the codes that exist, each once, in the order E, NE, N, NW, W,
        SW, S, SE (in integer order for a polar cell). For an array, its shape with one more axis of
        8 in that order; ``""`` where there is no such cell.

    Raises:
        CodeError: a faulty code, codes of several levels, or a polar cell in an array.
    """
    cells, levels = (np.asarray(values) for values in code_to_cell(codes))
    level = only_level(levels)
    found = cell_to_neighbors(cells if np.ndim(codes) else cells.item(), level)
    if np.ndim(codes) == 0:
        _, first = np.unique(found, return_index=True)
        found = found[np.sort(first)]
        found = found[found != INVALID_CELL]
    return cells_to_text(found.reshape(-1), level).reshape(found.shape)


def cell_to_disk(cell: int, level: int, radius: int, *, max_cells: int = MAX_CELLS) -> Int64s:
    """Cells at most ``radius`` steps away, the cell itself among them.

    A step goes to one of the eight neighbours. The square goes on past the antimeridian, holds no
    cell twice where it reaches around the globe, and ends at 88 degrees: polar cells are not in it.

    Args:
        cell: an ordinary cell.
        level: of the cell, 1-10.
        radius: steps, 0 or more.
        max_cells: a larger answer is refused.

    Returns:
        int64, 1-d, in integer order.

    Raises:
        CodeError: no such cell, a polar cell, a negative radius, or more than ``max_cells``.
    """
    column, rows, _ = _square(cell, level, radius)
    count = _row_width(level, radius) * len(rows)
    require_at_most(count, max_cells, "ask for a smaller radius or a coarser level")
    return np.sort(_block(_row_columns(column, level, radius), rows, level))


def cell_to_ring(cell: int, level: int, radius: int, *, max_cells: int = MAX_CELLS) -> Int64s:
    """Cells exactly ``radius`` steps away; see ``cell_to_disk``.

    Returns:
        int64, 1-d, in integer order: ``8 * radius`` cells (1 for radius 0), fewer at 88 degrees
        and where the ring meets itself on the far side of the globe.

    Raises:
        CodeError: no such cell, a polar cell, a negative radius, or more than ``max_cells``.
    """
    column, rows, row = _square(cell, level, radius)
    ends = [end for end in sorted({row - radius, row + radius}) if end in rows]
    between = range(max(row - radius + 1, rows.start), min(row + radius, rows.stop))
    sides = np.unique(_wrap(np.array([column - radius, column + radius]), level))
    if radius > half_columns(level):
        sides = sides[:0]
    count = _row_width(level, radius) * len(ends) + len(sides) * len(between)
    require_at_most(count, max_cells, "ask for a smaller radius or a coarser level")
    at_ends = _block(_row_columns(column, level, radius), ends, level)
    return np.sort(np.concatenate([at_ends, _block(sides, between, level)]))


def code_to_disk(code: str, radius: int, *, max_cells: int = MAX_CELLS) -> Strings:
    """Codes of the cells at most ``radius`` steps away; see ``cell_to_disk``.

    Raises:
        CodeError: a faulty code, a polar cell, a negative radius, or more than ``max_cells``.
    """
    cell, level = (int(value) for value in code_to_cell(code))
    return cells_to_text(cell_to_disk(cell, level, radius, max_cells=max_cells), level)


def code_to_ring(code: str, radius: int, *, max_cells: int = MAX_CELLS) -> Strings:
    """Codes of the cells exactly ``radius`` steps away; see ``cell_to_ring``.

    Raises:
        CodeError: a faulty code, a polar cell, a negative radius, or more than ``max_cells``.
    """
    cell, level = (int(value) for value in code_to_cell(code))
    return cells_to_text(cell_to_ring(cell, level, radius, max_cells=max_cells), level)


def _square(cell: int, level: int, radius: int) -> tuple[int, range, int]:
    """Column of a cell, the rows within the radius that exist, and its own row."""
    if radius < 0:
        raise CodeError(f"radius {radius} is negative")
    flat, _ = flat_cells(cell)
    require_cells(flat, level)
    if is_polar(flat).any():
        raise CodeError("a polar cell has neighbours but no disk or ring")
    column, row = (int(index[0]) for index in cell_to_index(flat, level))
    half = half_rows(level)
    return column, range(max(row - radius, -half), min(row + radius, half - 1) + 1), row


def _row_width(level: int, radius: int) -> int:
    return min(2 * radius + 1, 2 * half_columns(level))


def _row_columns(column: int, level: int, radius: int) -> Int64s:
    """Columns within the radius, each once."""
    first = column - min(radius, half_columns(level))
    return _wrap(np.arange(first, first + _row_width(level, radius), dtype=np.int64), level)


def _wrap(columns: Int64s, level: int) -> Int64s:
    half = half_columns(level)
    return (columns + half) % (2 * half) - half


def _block(columns: Int64s, rows: Sequence[int], level: int) -> Int64s:
    """Cells of all those columns in all those rows."""
    column = np.tile(columns, len(rows))
    row = np.repeat(np.array(rows, dtype=np.int64), len(columns))
    return index_to_cell(column, row, level)
