"""Which integers are cells, and what is refused: levels, positions, too many children."""

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, strategies as st
from strategies import LEVELS, codes

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    INVALID_CELL,
    cell_to_bounds,
    cell_to_center,
    cell_to_children,
    cell_to_code,
    cell_to_parent,
    code_to_cell,
    get_level,
    is_valid_cell,
    lonlat_to_cell,
    lonlat_to_code,
)

INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(code=codes(), bit=st.integers(0, 63), level=LEVELS)
def test_an_integer_is_a_cell_only_if_it_is_that_of_a_code(code, bit, level):
    changed = code_to_cell(code)[0] ^ (-(2**63) if bit == 63 else 1 << bit)
    for cell in (code_to_cell(code)[0], changed):
        if is_valid_cell(cell, level):
            text = cell_to_code(cell, level)
            assert exact.CODE.fullmatch(text)
            assert exact.code_to_integer(text) == cell
            assert len(text) == exact.LENGTHS[level]
        else:
            assert not _is_cell(cell, level)
            with pytest.raises(CodeError):
                cell_to_code(cell, level)


def _is_cell(cell, level):
    """By the fields of the integer: sign, zone, row and a group for each level."""
    bits, widths = f"{cell % 2**64:064b}"[1:], [6, 5, 7, 3, 8, 8, 2, 6, 6, 6, 6]
    values = []
    for width in widths:
        values.append(int(bits[:width], 2))
        bits = bits[width:]
    zone, row, *groups = values
    if any(groups[level - 1 :]):
        return False
    if zone == 0:
        return row == 0 and level <= 2 and groups[0] % 8 <= 3 and groups[0] // 8 <= 3
    limits = [96, 6, 150, 225, 4, 64, 64, 64, 64]
    return zone <= 60 and row < 22 and all(map(int.__lt__, groups, limits))


@given(cell=INTEGERS, level=LEVELS)
def test_any_integer_is_judged_by_its_fields(cell, level):
    assert is_valid_cell(cell, level) == _is_cell(cell, level)
    shifted = cell & get_level(level).mask
    assert is_valid_cell(shifted, level) == _is_cell(shifted, level)


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_every_value_of_the_field_of_a_level_is_judged(level):
    """Every hemisphere, zone and row; then every group below one parent."""
    shift = get_level(level).shift
    top = 2**63 >> shift if level == 1 else 1 << (get_level(level - 1).shift - shift)
    parent = (
        0 if level == 1 else code_to_cell("S09G47539B8255346152"[: exact.LENGTHS[level - 1]])[0]
    )
    cells = parent | np.arange(-top if level == 1 else 0, top, dtype=np.int64) << shift
    want = [_is_cell(cell, level) for cell in cells.tolist()]
    assert differences(is_valid_cell(cells, level), want) == []


@pytest.mark.parametrize("cap", ["N000", "S000"])
def test_every_value_of_the_field_of_a_polar_cell_is_judged(cap):
    cells = code_to_cell(cap)[0] | np.arange(128, dtype=np.int64) << get_level(2).shift
    assert is_valid_cell(cells, 2).tolist() == [_is_cell(cell, 2) for cell in cells.tolist()]
    assert is_valid_cell(cells, 2).sum() == 16


@pytest.mark.parametrize("function", [cell_to_bounds, cell_to_center, cell_to_children])
def test_integers_that_are_no_cells_are_refused_with_count_index_and_value(function):
    cells = [lonlat_to_cell(121, 31, 5), INVALID_CELL, 7]
    with pytest.raises(CodeError, match=r"2 of 3 integers are no level-5 cells.* index 1: -1"):
        function(cells, 5)


@pytest.mark.parametrize("level", [0, 11, -1, 2.5, None, True, "5"])
def test_a_level_that_does_not_exist_is_refused(level):
    with pytest.raises(CodeError, match="is not a whole number from 1 to 10"):
        lonlat_to_cell(0, 0, level)


@pytest.mark.parametrize(
    ("lon", "lat", "level", "reason"),
    [
        (np.nan, 0.0, 5, "missing or not finite"),
        (0.0, np.inf, 5, "missing or not finite"),
        (None, 0.0, 5, "missing or not finite"),
        (0.0, None, 1, "missing or not finite"),
        (np.nextafter(180, 181), 0.0, 1, r"longitude outside \[-180, 180\]"),
        (-181.0, 0.0, 1, r"longitude outside \[-180, 180\]"),
        (0.0, np.nextafter(90, 91), 1, r"latitude outside \[-90, 90\]"),
        (0.0, -90.5, 5, r"latitude outside \[-90, 90\]"),
        (0.0, 88.0, 3, "has levels 1-2 only"),
        (0.0, -89.0, 10, "has levels 1-2 only"),
    ],
)
def test_a_position_without_a_cell_is_refused_with_index_and_reason_or_marked(
    lon, lat, level, reason
):
    lons, lats = [116.0, lon, 121.0], [40.0, lat, 31.0]
    with pytest.raises(CoordinateError, match=f"1 of 3 positions .* index 1, .*{reason}"):
        lonlat_to_cell(lons, lats, level)
    marked = lonlat_to_cell(lons, lats, level, on_invalid="mark")
    assert marked[1] == INVALID_CELL
    assert marked[[0, 2]].tolist() == lonlat_to_cell(lons[::2], lats[::2], level).tolist()
    assert lonlat_to_cell(lon, lat, level, on_invalid="mark") == INVALID_CELL
    assert lonlat_to_code(lons, lats, level, on_invalid="mark")[1] == ""


def test_numbers_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match="64-bit integers are wanted"):
        cell_to_bounds([1.0, 2.0], 3)


def test_children_are_counted_before_they_are_made():
    cell = lonlat_to_cell(121, 31, 1)
    with pytest.raises(CodeError, match="max_cells=10000000"):
        cell_to_children(cell, 1, 10)
    assert len(cell_to_children(cell, 1, max_cells=96)) == 96
    with pytest.raises(CodeError, match="96 cells are more than max_cells=95"):
        cell_to_children(cell, 1, max_cells=95)


@pytest.mark.parametrize("target", [5, 4])
def test_children_of_the_same_or_a_coarser_level_are_refused(target):
    with pytest.raises(CodeError, match=f"children of level 5 are finer; level {target} is not"):
        cell_to_children(lonlat_to_cell(121, 31, 5), 5, target)


@given(cell=INTEGERS, level=LEVELS)
def test_only_a_cell_has_a_parent(cell, level):
    if any(_is_cell(cell, finer) for finer in range(level, 11)):
        parent = cell_to_parent(cell, level)
        assert _is_cell(parent, level)
        assert parent == cell & get_level(level).mask
    else:
        with pytest.raises(CodeError, match=f"no cells of level {level} or finer"):
            cell_to_parent(cell, level)


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_no_cell_has_no_parent_and_is_told_by_its_index(level):
    good = lonlat_to_cell(121.47, 31.23, 10)
    with pytest.raises(CodeError, match=r"1 of 3 integers .* index 1: -1"):
        cell_to_parent([good, INVALID_CELL, good], level)


def test_a_polar_cell_has_parents_of_levels_1_and_2_only():
    cell, _ = code_to_cell("N00011")
    assert cell_to_code(cell_to_parent(cell, 1), 1) == "N000"
    assert cell_to_parent(cell, 2) == cell
    with pytest.raises(CodeError, match="no cells of level 3 or finer"):
        cell_to_parent(cell, 3)
