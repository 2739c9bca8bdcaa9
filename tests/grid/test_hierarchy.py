"""Ancestors and descendants of codes, and sets of cells of mixed levels."""

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, strategies as st
from strategies import LEVELS, POLAR_CODES, close_codes, codes

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    cell_to_children,
    cell_to_parent,
    code_to_bounds,
    code_to_cell,
    code_to_center,
    code_to_children,
    code_to_parent,
    common_ancestor,
    compact_cells,
    get_level,
    is_ancestor,
    lonlat_to_cell,
    uncompact_cells,
)


@given(code=codes(st.integers(2, 10)))
def test_parent_is_the_prefix_of_the_length_of_its_level(code):
    level = exact.level_of(code)
    assert code_to_parent(code) == code[: exact.LENGTHS[level - 1]]
    prefixes = [code_to_parent(code, above) for above in range(1, level + 1)]
    assert prefixes == [code[: exact.LENGTHS[above]] for above in range(1, level + 1)]
    assert code_to_parent(code.lower()) == code_to_parent(code)


@given(many=st.lists(codes(st.integers(2, 10)), max_size=8))
def test_parents_of_mixed_levels_are_found_together(many):
    want = [code[: exact.LENGTHS[exact.level_of(code) - 1]] for code in many]
    assert code_to_parent(many).tolist() == want
    assert code_to_parent(many, 1).tolist() == [code[:4] for code in many]


def test_a_code_without_an_ancestor_of_that_level_is_refused():
    with pytest.raises(CodeError, match=r"1 of 2 codes .* index 1: level 0 of a level-1 code"):
        code_to_parent(["N50J47", "N50J"])
    with pytest.raises(CodeError, match="level 3 of a level-2 code"):
        code_to_parent("N50J47", 3)


@given(code=codes(st.integers(1, 9)))
def test_children_begin_with_the_code_and_have_it_as_their_parent(code):
    children = code_to_children(code)
    level = exact.level_of(code)
    assert set(children.tolist()) == {
        text for text in _extended(code, level + 1) if exact.CODE.fullmatch(text)
    }
    assert differences(children, sorted(children.tolist())) == []
    assert (code_to_parent(children) == code).all()


def _extended(code, level):
    if level in (3, 6):
        return {code + a for a in exact.DIGITS}
    return {code + a + b for a in exact.DIGITS for b in exact.DIGITS}


def test_children_of_an_array_have_one_more_axis():
    many = np.array([["N50J", "S21I", "N31A"], ["N01V", "S60V", "N30M"]])
    children = code_to_children(many, 3)
    assert children.shape == (2, 3, 96 * 6)
    assert differences(children[1, 2], code_to_children("N30M", 3)) == []
    assert code_to_children([]).shape == (0, 96)
    with pytest.raises(CodeError, match=r"codes are of levels \[1, 2\]"):
        code_to_children(["N50J", "N50J47"])
    with pytest.raises(CodeError, match="max_cells=95"):
        code_to_children("N50J", max_cells=95)
    with pytest.raises(CodeError, match="level 11 is not"):
        code_to_children("N50J47539B8255340000")


@given(pair=close_codes())
def test_one_code_is_an_ancestor_of_another_that_begins_with_it(pair):
    one, two = pair
    assert is_ancestor(one, two) == two.startswith(one)
    assert is_ancestor(two, one) == one.startswith(two)


def test_ancestors_broadcast():
    found = is_ancestor([["N50J"], ["N50J47"], ["N000"]], ["N50J47", "N50J475", "N50J", "N00012"])
    assert found.tolist() == [
        [True] * 3 + [False],
        [True, True, False, False],
        [False] * 3 + [True],
    ]
    assert type(is_ancestor("N50J", "N50J")) is bool
    assert is_ancestor("N50J", []).shape == (0,)


@given(many=st.lists(codes(), max_size=4), pair=close_codes(), alone=st.booleans())
def test_common_ancestor_is_the_longest_prefix_that_is_a_code(many, pair, alone):
    many = list(pair) if alone else [*many, *pair]
    prefixes = [many[0][:length] for length in exact.LENGTHS.values()]
    shared = [text for text in prefixes if all(code.startswith(text) for code in many)]
    shared = [text for text in shared if exact.CODE.fullmatch(text)]
    if shared:
        assert common_ancestor(many) == max(shared, key=len)
    else:
        with pytest.raises(CodeError, match="several cells of level 1"):
            common_ancestor(many)


def test_no_codes_have_no_common_ancestor():
    with pytest.raises(CodeError, match="no codes"):
        common_ancestor([])


@given(many=st.lists(codes() | POLAR_CODES, max_size=6))
def test_bounds_and_centers_of_mixed_levels_are_those_of_each_code(many):
    bounds = np.stack([*code_to_bounds(many), *code_to_center(many)], axis=1)
    assert bounds.tolist() == [[*code_to_bounds(code), *code_to_center(code)] for code in many]


@st.composite
def sets_of_cells(draw):
    """Cells of one level that hold some whole parents, some grandparents and some odd ones."""
    level = draw(st.integers(2, 10))
    parts = [np.empty(0, dtype=np.int64)]
    for code in draw(st.lists(codes(st.just(level)), max_size=3)):
        cell = code_to_cell(code)[0]
        above = max(level - draw(st.integers(0, 2)), 1)
        if above == level:
            parts.append(np.array([cell]))
        else:
            children = cell_to_children(cell_to_parent(cell, above), above, level)
            parts.append(children[draw(st.sampled_from([0, 0, 1])) :])
    return np.concatenate(parts), level


@given(given_cells=sets_of_cells())
def test_compact_cells_are_the_fewest_that_cover_the_same_ground(given_cells):
    cells, level = given_cells
    found, levels = compact_cells(np.concatenate([cells, cells[:3]]), level)
    assert differences(uncompact_cells(found, levels, level), sorted(set(cells.tolist()))) == []
    assert differences(found, sorted(found.tolist())) == []
    for number in range(2, level + 1):
        parents, counts = np.unique(
            cell_to_parent(found[levels == number], number - 1), return_counts=True
        )
        assert (counts < get_level(number).children).all()
        # No cell lies in another one.
        assert not np.isin(parents, found[levels == number - 1]).any()


def test_all_descendants_of_a_cell_become_that_cell():
    cells = cell_to_children(lonlat_to_cell(121, 31, 1), 1, 4)
    found, levels = compact_cells(cells, 4)
    assert found.tolist() == [lonlat_to_cell(121, 31, 1)]
    assert levels.tolist() == [1]
    found, levels = compact_cells(cells[1:], 4)
    assert len(found) == 95 + 5 + 149
    assert np.bincount(levels).tolist() == [0, 0, 95, 5, 149]


def test_a_polar_cap_is_compacted_with_its_sixteen_cells():
    cap = code_to_cell("S000")[0]
    cells = np.concatenate([cell_to_children(cap, 1), [lonlat_to_cell(0, 0, 2)]])
    found, levels = compact_cells(cells, 2)
    assert found.tolist() == [cap, lonlat_to_cell(0, 0, 2)]
    assert levels.tolist() == [1, 2]
    assert differences(uncompact_cells(found, levels, 2), sorted(cells.tolist())) == []
    found, levels = compact_cells(cells[1:], 2)
    assert levels.tolist() == [2] * 16


@given(pair=close_codes(), level=LEVELS)
def test_cells_that_lie_in_one_another_are_uncompacted_once(pair, level):
    cells, levels = code_to_cell(list(pair))
    level = min(max(level, levels.max()), levels.min() + 2)
    if levels.max() > level:
        with pytest.raises(CodeError, match=f"are finer than level {level}"):
            uncompact_cells(cells, levels, level)
        return
    found = uncompact_cells(cells, levels, level)
    parts = [
        [cell] if own == level else cell_to_children(cell, own, level).tolist()
        for cell, own in zip(cells.tolist(), levels.tolist(), strict=True)
    ]
    assert differences(found, sorted({cell for part in parts for cell in part})) == []


def test_uncompacted_cells_are_counted_before_they_are_made():
    cell = lonlat_to_cell(121, 31, 1)
    with pytest.raises(CodeError, match="max_cells=10000000"):
        uncompact_cells([cell], 1, 10)
    assert len(uncompact_cells([cell], 1, 2, max_cells=96)) == 96
    with pytest.raises(CodeError, match="96 cells are more than max_cells=95"):
        uncompact_cells([cell], 1, 2, max_cells=95)


def test_no_cells_give_no_cells():
    assert [array.shape for array in compact_cells([], 5)] == [(0,), (0,)]
    assert uncompact_cells([], [], 5).shape == (0,)


def test_polar_cells_are_not_uncompacted_below_level_2():
    with pytest.raises(CodeError, match="the polar caps have levels 1-2 only"):
        uncompact_cells([code_to_cell("N00012")[0]], 2, 3)


def test_integers_that_are_no_cells_of_their_level_are_refused():
    cell = code_to_cell("N51H263")[0]
    with pytest.raises(CodeError, match="no level-2 cells"):
        compact_cells([cell], 2)
    with pytest.raises(CodeError, match="no level-2 cells"):
        uncompact_cells([cell], [2], 5)
