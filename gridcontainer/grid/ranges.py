"""Boxes of degrees to ranges of integers: the predicate by which a scan skips."""

from collections.abc import Iterable, Iterator

import numpy as np

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Int64s
from gridcontainer.grid.box import UnitBox, bounds_to_units
from gridcontainer.grid.levels import LEVELS, UNITS_PER_DEGREE, Level, get_level
from gridcontainer.grid.packing import cell_to_index, index_to_cell

Ranges = tuple[Int64s, Int64s]


def bounds_to_ranges(
    west: float, south: float, east: float, north: float, level: int, *, max_ranges: int = 256
) -> Ranges:
    """Ranges of integers that hold all descendants of the cells of a closed box, at any level.

    Ranges are merged where one runs on from another, also over the unused integers between the
    last child of one cell and the next cell. They hold the cells of ``bounds_to_cells``, their
    descendants and no other cell, as long as ``max_ranges`` of them are enough; else border cells
    are taken whole and the smallest gaps are closed, so that they hold more: what a scan by them
    finds is then to be filtered.

    Args:
        west: degrees in [-180, 180]; west > east crosses the antimeridian.
        south: degrees in [-90, 90].
        east: degrees in [-180, 180].
        north: degrees in [-90, 90]; at levels above 2 the box lies within 88 degrees.
        level: 1-10, of the cells of the box; finer fits closer and takes more ranges.
        max_ranges: most ranges to give.

    Returns:
        First and last integer of each range (both included), int64, in order.

    Raises:
        CoordinateError: no such box, or it reaches a polar cap at a level above 2.
        CodeError: ``max_ranges`` is not 1 or more.
    """
    if max_ranges < 1:
        raise CodeError(f"max_ranges={max_ranges} leaves no range")
    box = bounds_to_units(west, south, east, north, level)
    polar = box.polar_cells(level)
    parts = [(polar, polar | ~get_level(level).mask), *_descend(box, level, 2 * max_ranges)]
    first, last = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    order = np.argsort(first)
    return merge_ranges(first[order], last[order], max_ranges)


def scan_level(west: float, south: float, east: float, north: float) -> int:
    """The finest level of which a box has few cells: its ranges are worth their predicate.

    Args:
        west: degrees; west > east crosses the antimeridian.
        south: degrees.
        east: degrees.
        north: degrees.
    """
    width = (east - west) % 360.0 or (360.0 if east > west else 0.0)
    units = max(width, north - south) * UNITS_PER_DEGREE
    return max((level.number for level in LEVELS if units <= 8 * level.height), default=1)


def with_ancestors(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges, and as ranges of one the cells that hold a part of one of them, in order.

    Rows of a coarse level may lie in a fine cell that is asked for. A cell that begins before a
    range and reaches into it is an ancestor of the range's first cell.
    """
    asked = {(int(first), int(last)) for first, last in ranges}
    firsts = np.array([first for first, _ in asked], dtype=np.int64)
    above = np.unique([firsts & level.mask for level in LEVELS]).tolist()
    return sorted(asked | {(cell, cell) for cell in above})


def _descend(box: UnitBox, level: int, max_partial: int) -> Iterator[Ranges]:
    """Ranges of the largest cells inside the cells of the box, coarsest first.

    Each cell that the border cuts makes a range begin or end inside it, so that more than twice
    ``max_ranges`` of them can't be told apart in the end: they are taken whole.
    """
    edges = _edges(box, level)
    cells = _cells_at_level_1(box)
    last = cells | ~LEVELS[0].mask
    for step in LEVELS[:level]:
        inside, cut = _classify(cells, step, *edges)
        if step.number < level and cut.sum() <= max_partial:
            yield cells[inside], last[inside]
            cells, last = _children(cells[cut], last[cut], LEVELS[step.number])
        else:
            yield cells[inside | cut], last[inside | cut]
            return


def _cells_at_level_1(box: UnitBox) -> Int64s:
    column = [column for part in box.columns_at(1) for column in part]
    grid = np.meshgrid(np.array(column, dtype=np.int64), np.array(box.rows_at(1), dtype=np.int64))
    return index_to_cell(grid[0].reshape(-1), grid[1].reshape(-1), 1)


def _edges(box: UnitBox, level: int) -> tuple[list[range], range]:
    """Units of the columns and rows of all cells that the box has at the level."""
    width, height = get_level(level).width, get_level(level).height
    rows = box.rows_at(level)
    columns = [range(part.start * width, part.stop * width) for part in box.columns_at(level)]
    return columns, range(rows.start * height, rows.stop * height)


def _classify(
    cells: Int64s, level: Level, columns: list[range], rows: range
) -> tuple[Bools, Bools]:
    """True for cells wholly inside; true for cells partly inside."""
    column, row = cell_to_index(cells, level.number)
    x, y = column * level.width, row * level.height
    inside, met = np.zeros(len(cells), dtype=np.bool_), np.zeros(len(cells), dtype=np.bool_)
    for part in columns:
        inside |= (x >= part.start) & (x + level.width <= part.stop)
        met |= (x + level.width > part.start) & (x < part.stop)
    inside &= (y >= rows.start) & (y + level.height <= rows.stop)
    met &= (y + level.height > rows.start) & (y < rows.stop)
    return inside, met & ~inside


def _children(cells: Int64s, last: Int64s, level: Level) -> Ranges:
    """Children of cells, and their last integers.

    That of a last child is its parent's: the integers between belong to no cell.
    """
    groups = np.arange(level.children, dtype=np.int64) << level.shift
    children = cells[:, None] | groups
    ends = children | ~level.mask
    ends[:, -1] = last
    return children.reshape(-1), ends.reshape(-1)


def merge_ranges(first: Int64s, last: Int64s, max_ranges: int) -> Ranges:
    """One range for those without a gap; then the smallest gaps closed until the count fits.

    Args:
        first: of each range, in order.
        last: of each range; before the next range's first.
        max_ranges: most ranges to give, 1 or more.
    """
    gaps = first[1:].view(np.uint64) - last[:-1].view(np.uint64)  # up to 2**64: wraps rightly
    widest = np.argsort(gaps, kind="stable")[::-1][: max_ranges - 1]
    kept = np.sort(widest[gaps[widest] > 1])
    return first[np.concatenate([[0], kept + 1])], last[np.concatenate([kept, [len(last) - 1]])]
