"""Ranges of integers of a box: its cells and their descendants, no other cell or a few more."""

import math
from itertools import pairwise

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, settings, strategies as st
from strategies import DEEP_LEVELS, boxes, codes

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    bounds_to_cells,
    bounds_to_ranges,
    cell_to_code,
    cell_to_range,
    code_to_bounds,
    code_to_cell,
    lonlat_to_cell,
)
from gridcontainer.grid.ranges import with_ancestors

BOXES = DEEP_LEVELS.flatmap(lambda level: st.tuples(boxes(level, 20), st.just(level)))
MANY = 10**6
COUNTS = (2, 60, 22, 96, 6, 150, 225, 4, 64, 64, 64, 64)  # hemispheres, zones, rows, children
BITS = (1, 6, 5, 7, 3, 8, 8, 2, 6, 6, 6, 6)


def rank(integer, level):
    """How many ordinary cells of a level have a smaller integer."""
    bits = f"{integer + 2**63:064b}"  # as signed numbers southern cells come first
    total, below = 0, math.prod(COUNTS[: level + 2])
    for count, width in zip(COUNTS[: level + 2], BITS, strict=False):
        value, bits = int(bits[:width], 2), bits[width:]
        if count == 60:
            value -= 1  # zones are 01-60
        if value < 0:
            return total
        below //= count
        total += min(value, count) * below
        if value >= count:
            return total
    return total + ("1" in bits)


def ranks(first, last, level):
    """Ranks of the cells of each range, as half-open pairs."""
    ends = zip(first.tolist(), last.tolist(), strict=True)
    return [(rank(low, level), rank(high + 1, level)) for low, high in ends]


def are_in_order(first, last):
    return (first <= last).all() and (last[:-1] < first[1:]).all()


def hold(first, last, cells, level):
    """True where the ranges hold all descendants of all the cells."""
    low, high = cell_to_range(cells, level)
    at = np.searchsorted(first, low, side="right") - 1
    return bool((at >= 0).all() and (low >= first[at]).all() and (high <= last[at]).all())


@given(given_box=BOXES)
def test_ranges_hold_the_cells_of_the_box_their_descendants_and_no_other_cell(given_box):
    box, level = given_box
    cells = bounds_to_cells(*box, level)
    first, last = bounds_to_ranges(*box, level, max_ranges=MANY)
    assert are_in_order(first, last)
    assert hold(first, last, cells, level)
    assert sum(stop - start for start, stop in ranks(first, last, level)) == len(cells)


@st.composite
def boxes_in_a_cell(draw):
    """A box from the middle of one cell to that of another, both in one cell one or two levels up.

    Half of the sides are the first or last cells there, so that runs go on from parent to parent.
    """
    code, steps = draw(codes(st.integers(1, 8))), draw(st.integers(1, 2))
    level = max(exact.level_of(code) + steps, 3)
    sides = []
    for low, high, size in zip(
        exact.code_to_bounds(code)[:2],
        exact.code_to_bounds(code)[2:],
        exact.SIZES[level],
        strict=True,
    ):
        many = round((high - low) * exact.UNITS) // size
        at = st.integers(0, many - 1)
        first, last = draw(st.tuples(at | st.just(0), at | st.just(many - 1)).map(sorted))
        sides.append([low + (i + 0.5) * size / exact.UNITS for i in (first, last)])
    (west, east), (south, north) = sides
    return (west, south, east, north), level


@given(given_box=boxes_in_a_cell())
@settings(max_examples=200)
def test_ranges_inside_one_sheet_are_as_few_as_can_be(given_box):
    """Cells that follow one another in code order are one range, over unused integers too."""
    box, level = given_box
    cells = bounds_to_cells(*box, level)
    numbers = [rank(cell, level) for cell in cells.tolist()]
    runs = 1 + sum(b - a > 1 for a, b in pairwise(numbers))
    first, last = bounds_to_ranges(*box, level, max_ranges=MANY)
    assert len(first) == runs
    assert sum(stop - start for start, stop in ranks(first, last, level)) == len(cells)


def test_a_range_goes_on_over_the_integers_that_no_cell_uses():
    # The eastern half of one cell of level 3 and the western half of the next, in all rows.
    west, south, middle, north = exact.code_to_bounds("N51H260")
    box = (west + 1 / 8, south, middle + 1 / 9, np.nextafter(north, 0))
    cells = bounds_to_cells(*box, 4)
    first, last = bounds_to_ranges(*box, 4)
    assert {code[:7] for code in cell_to_code(cells, 4).tolist()} == {"N51H260", "N51H261"}
    assert len(cells) == (8 + 7) * 10
    assert (first.tolist(), last.tolist()) == ([cells[0]], [cell_to_range(cells[-1], 4)[1]])


def test_a_single_cell_between_two_ranges_stays_outside():
    cell = code_to_cell("N51H263D36C0552610")[0]  # of level 9
    west, south, east, north = code_to_bounds("N51H263D36C0552610")
    # All but the last row of its children: one integer is missing after each column.
    box = (west, south, np.nextafter(east, 0), np.nextafter(north - 1 / exact.UNITS, 0))
    first, last = bounds_to_ranges(*box, 10)
    assert first.tolist() == [cell + 8 * column for column in range(8)]
    assert last.tolist() == [cell + 8 * column + 6 for column in range(8)]


@given(given_box=BOXES, max_ranges=st.integers(1, 40))
@settings(max_examples=200)
def test_fewer_ranges_hold_more(given_box, max_ranges):
    box, level = given_box
    exactly = bounds_to_ranges(*box, level, max_ranges=MANY)
    first, last = bounds_to_ranges(*box, level, max_ranges=max_ranges)
    assert are_in_order(first, last)
    assert len(first) <= max_ranges
    assert hold(first, last, bounds_to_cells(*box, level), level)
    if len(exactly[0]) <= max_ranges:  # enough, so nothing is given away
        assert differences(first, exactly[0]) == []
        assert differences(last, exactly[1]) == []


@given(given_box=BOXES | boxes_in_a_cell())
@settings(max_examples=200)
def test_as_many_ranges_as_the_box_needs_are_enough(given_box):
    box, level = given_box
    first, last = bounds_to_ranges(*box, level, max_ranges=MANY)
    again = bounds_to_ranges(*box, level, max_ranges=len(first))
    assert differences(again[0], first) == differences(again[1], last) == []


def test_the_gaps_that_are_closed_are_the_smallest():
    box, level = (121.3, 31.1, 121.6, 31.4), 4
    first, last = bounds_to_ranges(*box, level, max_ranges=MANY)
    gaps = sorted((first[1:] - last[:-1]).tolist())
    fewer_first, fewer_last = bounds_to_ranges(*box, level, max_ranges=len(first) - 3)
    assert sorted((fewer_first[1:] - fewer_last[:-1]).tolist()) == gaps[3:]


def test_a_sheet_is_one_range():
    west, south, east, north = code_to_bounds("N51H")
    inside = np.nextafter(east, west), np.nextafter(north, south)
    for level in (1, 3, 5, 10):
        first, last = bounds_to_ranges(west, south, *inside, level)
        assert (first.tolist(), last.tolist()) == tuple(
            [end] for end in cell_to_range(code_to_cell("N51H")[0], 1)
        )


@pytest.mark.parametrize("level", [1, 2])
@pytest.mark.parametrize(
    "box",
    [
        (-180, -90, 180, 90),
        (-10.3, 80, 70.2, 90),
        (100, -89.2, -170, -86),
        (5, 88.1, 6, 88.2),
        (-7, -5, 7, 5),
    ],
)
def test_polar_cells_are_in_the_ranges_of_levels_1_and_2(box, level):
    cells = bounds_to_cells(*box, level)
    first, last = bounds_to_ranges(*box, level, max_ranges=MANY)
    assert are_in_order(first, last)
    assert hold(first, last, cells, level)
    polar = (cells >> 57) & 0x3F == 0
    assert sum(stop - start for start, stop in ranks(first, last, level)) == (~polar).sum()
    whole = bounds_to_cells(-180, -90, 180, 90, level)
    caps = whole[(whole >> 57) & 0x3F == 0]
    at = np.searchsorted(first, caps, side="right") - 1
    held = caps[(at >= 0) & (caps <= last[np.maximum(at, 0)])]
    assert differences(held, cells[polar]) == []


def test_large_boxes_of_fine_levels_are_quick_and_hold_their_points():
    rng = np.random.default_rng(39409)
    lon, lat = rng.uniform(-60, 120, 5000), rng.uniform(-40, 55, 5000)
    first, last = bounds_to_ranges(-60, -40, 120, 55, 10)
    assert len(first) <= 256
    assert hold(first, last, lonlat_to_cell(lon, lat, 10), 10)


def test_boxes_and_limits_that_make_no_sense_are_refused():
    with pytest.raises(CodeError, match="max_ranges=0 leaves no range"):
        bounds_to_ranges(0, 0, 1, 1, 5, max_ranges=0)
    with pytest.raises(CoordinateError, match="reaches a polar cap"):
        bounds_to_ranges(0, 0, 1, 89, 5)
    with pytest.raises(CoordinateError, match="south is above north"):
        bounds_to_ranges(0, 2, 1, 1, 5)


def test_the_rank_counts_every_cell():
    """Else the counts above would prove nothing."""
    cells = bounds_to_cells(-180, np.nextafter(-88, 0), 180, np.nextafter(88, 0), 2)
    assert len(cells) == 60 * 44 * 96
    assert (
        differences(
            [rank(cell, 2) for cell in cells[::1013].tolist()], [*range(0, len(cells), 1013)]
        )
        == []
    )
    assert (
        differences(
            [rank(cell + 1, 2) for cell in cells[::997].tolist()], [*range(1, len(cells) + 1, 997)]
        )
        == []
    )


@given(codes(), st.integers(1, 10))
def test_with_ancestors_adds_each_coarser_cell_that_holds_the_range(code, coarser):
    cell, level = code_to_cell(code)
    asked = tuple(int(end) for end in cell_to_range(cell, level))
    found = with_ancestors([asked])
    assert asked in found
    parent = code_to_cell(code[: exact.LENGTHS[min(level, coarser)]])[0]
    assert any(low <= parent <= high for low, high in found)
    assert all((low, high) == asked or code.startswith(_prefix(low, code)) for low, high in found)


def _prefix(cell, code):
    """The beginning of the code that is the ancestor's code; a text that begins nothing else."""
    beginnings = {code_to_cell(code[:n])[0]: code[:n] for n in exact.LENGTHS.values()
                  if n <= len(code)}  # fmt: skip
    return beginnings.get(cell, "none")
