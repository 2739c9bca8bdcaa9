"""Ancestors and descendants of codes, and sets of cells of mixed levels.

Source: GB/T 39409-2020, clause 5.2: a code begins with the code of each ancestor.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import (
    Bools,
    Float64s,
    Int64s,
    Strings,
    flat_cells,
    require_at_most,
    shaped,
)
from gridcontainer.grid.cell import (
    MAX_CELLS,
    bounds_to_center,
    cell_bounds,
    cell_to_children,
    require_cells,
)
from gridcontainer.grid.code import cell_to_code, code_to_cell
from gridcontainer.grid.code_writing import cells_to_text
from gridcontainer.grid.levels import LEVELS, get_level, only_level, parent_levels
from gridcontainer.grid.polar import POLAR_DIGITS, is_polar

_MASKS = np.array([0, *(level.mask for level in LEVELS)], dtype=np.int64)  # by level number


def _flat_codes(codes: ArrayLike) -> tuple[Int64s, Int64s, tuple[int, ...]]:
    cells, levels = (np.asarray(values).reshape(-1) for values in code_to_cell(codes))
    return cells, levels, np.shape(codes)


def code_to_parent(codes: ArrayLike, level: int | None = None) -> Strings:
    """Codes of the ancestors.

    Args:
        codes: of any mix of levels.
        level: of the ancestors, not finer than any of the codes (a code is its own ancestor at
            its own level); by default one level above each code.

    Returns:
        Strings of the shape of ``codes``; a ``str`` for a scalar.

    Raises:
        CodeError: a faulty code, or one that has no ancestor of that level.
    """
    cells, levels, shape = _flat_codes(codes)
    wanted = parent_levels(levels, level)
    return cell_to_code((cells & _MASKS[wanted]).reshape(shape), wanted.reshape(shape))


def code_to_children(
    codes: ArrayLike, level: int | None = None, *, max_cells: int = MAX_CELLS
) -> Strings:
    """Codes of all descendants at a level (default: the next one), in code order.

    Args:
        codes: one code, or an array of codes of one level.
        level: of the descendants, finer than the codes'.
        max_cells: a larger answer is refused.

    Returns:
        Strings of the shape of ``codes`` with one more axis of the number of descendants.

    Raises:
        CodeError: a faulty code, codes of several levels, no descendants of that level, or more
            than ``max_cells``.
    """
    cells, levels, shape = _flat_codes(codes)
    number = only_level(levels)
    target = number + 1 if level is None else level
    children = cell_to_children(cells, number, target, max_cells=max_cells)
    return cells_to_text(children.reshape(-1), target).reshape(*shape, children.shape[1])


def code_to_bounds(codes: ArrayLike) -> tuple[Float64s, Float64s, Float64s, Float64s]:
    """West, south, east and north edges in degrees, each of the shape of ``codes``.

    Only the cells of a polar cap that cross the antimeridian have west > east.

    Raises:
        CodeError: a faulty code.
    """
    bounds, shape = _code_bounds(codes)
    west, south, east, north = (shaped(edge, shape) for edge in bounds.T)
    return west, south, east, north


def code_to_center(codes: ArrayLike) -> tuple[Float64s, Float64s]:
    """Longitude and latitude of the middle of each cell, in degrees.

    The middle of the cell around a pole is the pole, at longitude 0.

    Raises:
        CodeError: a faulty code.
    """
    bounds, shape = _code_bounds(codes)
    lon, lat = bounds_to_center(bounds)
    return shaped(lon, shape), shaped(lat, shape)


def _code_bounds(codes: ArrayLike) -> tuple[Float64s, tuple[int, ...]]:
    cells, levels, shape = _flat_codes(codes)
    bounds = np.empty((4, len(cells)), dtype=np.float64).T
    for level in np.unique(levels).tolist():
        chosen = levels == level
        bounds[chosen] = cell_bounds(cells[chosen], level)
    return bounds, shape


def is_ancestor(ancestors: ArrayLike, codes: ArrayLike) -> Bools:
    """True where a code lies in an ancestor's cell; a cell is its own ancestor.

    Args:
        ancestors: codes of any mix of levels, broadcast with ``codes``.
        codes: codes of any mix of levels.

    Raises:
        CodeError: a faulty code.
    """
    upper, upper_levels = (np.asarray(values) for values in code_to_cell(ancestors))
    lower, lower_levels = (np.asarray(values) for values in code_to_cell(codes))
    inside: Bools = ((upper ^ lower) & _MASKS[upper_levels] == 0) & (upper_levels <= lower_levels)
    return shaped(inside, np.shape(inside))


def common_ancestor(codes: ArrayLike) -> str:
    """Code of the smallest cell that holds all the cells.

    Raises:
        CodeError: a faulty code, no code at all, or cells that no cell of level 1 holds.
    """
    cells, levels, _ = _flat_codes(codes)
    if not cells.size:
        raise CodeError("no codes, so no common ancestor")
    differing = np.bitwise_or.reduce(cells ^ cells[0])
    for level in range(int(levels.min()), 0, -1):
        if differing & LEVELS[level - 1].mask == 0:
            return str(cell_to_code(int(cells[0] & LEVELS[level - 1].mask), level))
    raise CodeError(f"the {len(cells)} codes lie in several cells of level 1: no common ancestor")


def compact_cells(cells: ArrayLike, level: int) -> tuple[Int64s, Int64s]:
    """The fewest cells that cover the same ground: a parent in place of all its children.

    Args:
        cells: int64 of any shape, all of one level; repeats count once.
        level: of the cells, 1-10.

    Returns:
        int64 cells in integer order and their int64 levels, 1-d; no cell lies in another.

    Raises:
        CodeError: an integer is no cell of that level.
    """
    flat, _ = flat_cells(cells)
    require_cells(flat, level)
    left = np.unique(flat)
    parts = []
    for step in LEVELS[level - 1 : 0 : -1]:
        parents, inverse, counts = np.unique(
            left & LEVELS[step.number - 2].mask, return_inverse=True, return_counts=True
        )
        whole = counts == np.where(is_polar(parents), len(POLAR_DIGITS), step.children)
        kept = left[~whole[inverse]]
        parts.append((kept, np.full(len(kept), step.number, dtype=np.int64)))
        left = parents[whole]
    parts.append((left, np.ones(len(left), dtype=np.int64)))
    found, levels = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(found)
    return found[order], levels[order]


def uncompact_cells(
    cells: ArrayLike, levels: ArrayLike, level: int, *, max_cells: int = MAX_CELLS
) -> Int64s:
    """All cells of one level in cells of mixed levels.

    Args:
        cells: int64 of any shape; cells may lie in one another.
        levels: of each cell, not finer than ``level``; or one for all.
        level: 1-10, of the result.
        max_cells: a larger answer is refused (counted before repeats are dropped).

    Returns:
        int64, 1-d, in integer order, each cell once.

    Raises:
        CodeError: an integer is no cell of its level, a cell is finer than ``level``, a polar cell
            has no descendants of that level, or there are more than ``max_cells``.
    """
    flat, shape = flat_cells(cells)
    each = np.broadcast_to(np.asarray(levels), shape).reshape(-1)
    present = [get_level(number).number for number in np.unique(each).tolist()]
    if max(present, default=0) > get_level(level).number:
        raise CodeError(f"cells of level {present[-1]} are finer than level {level}")
    parts, count = [np.empty(0, dtype=np.int64)], 0
    for number in present:
        chosen = flat[each == number]
        require_cells(chosen, number)
        polar = is_polar(chosen)
        ordinary, caps = int((~polar).sum()), int(polar.sum())
        count += ordinary * math.prod(step.children for step in LEVELS[number:level])
        count += caps * (len(POLAR_DIGITS) if number < level else 1)
        require_at_most(count, max_cells, "ask for a coarser level")
        parts += [
            _at_level(part, number, level, max_cells) for part in (chosen[polar], chosen[~polar])
        ]
    return np.unique(np.concatenate(parts))


def _at_level(cells: Int64s, level: int, target: int, max_cells: int) -> Int64s:
    if level == target or not cells.size:
        return cells
    return cell_to_children(cells, level, target, max_cells=max_cells).reshape(-1)
