"""Children and neighbours of 3D codes."""

import exact_height
import numpy as np
import pytest
from differences import differences
from exact_height import RANGE, SCHEMES, interleave, to_digits
from hypothesis import given, strategies as st
from strategies3d import LENGTHS, level_of, tall_codes

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    code3d_to_bounds,
    code3d_to_children,
    code3d_to_code,
    code3d_to_neighbors,
    code3d_to_parent,
    code_to_center,
    code_to_children,
    code_to_neighbors,
    get_level,
    layer_to_height,
    lonlat_to_code3d,
)


@given(tall=tall_codes(st.integers(1, 9)), seed=st.integers(0, 2**32 - 1))
def test_children_begin_with_the_code_and_fill_its_bounds(tall, seed):
    code, scheme = tall
    level = level_of(code)
    children = code3d_to_children(code, **scheme)
    plane = code3d_to_code(code)
    assert differences(children, sorted(set(children.tolist()))) == []
    assert (code3d_to_parent(children) == code).all()
    assert set(code3d_to_code(children)) == set(code_to_children(plane))
    *_, bottom, top = code3d_to_bounds(code, **scheme)
    *_, bottoms, tops = code3d_to_bounds(children, **scheme)
    assert (bottoms.min(), tops.max()) == (bottom, top)
    # The layers lie one upon another without a gap.
    assert sorted({*bottoms, top}) == sorted({*tops, bottom})
    assert len(children) == len(code_to_children(plane)) * len({*bottoms})
    at = np.random.default_rng(seed).uniform(bottom, np.nextafter(top, bottom))
    assert lonlat_to_code3d(*code_to_center(plane), at, level + 1, **scheme) in children


def test_counts_of_children_are_those_of_both_digits():
    radices = exact_height.RADICES
    for level in range(1, 10):
        code = lonlat_to_code3d(121.4737, 31.2304, 120.5, level)
        want = get_level(level + 1).children * radices[level]
        assert len(code3d_to_children(code)) == want
        assert code3d_to_children([code]).shape == (1, want)


def test_children_that_do_not_exist_are_left_out_or_empty():
    code = lonlat_to_code3d(121.4737, 31.2304, -0.1, 9)  # the first cell below the ellipsoid
    assert len(code3d_to_children(code)) == 64 * 7  # its magnitude 0 would be minus zero
    assert (code3d_to_children([code]) == "").sum() == 64
    with pytest.raises(CodeError, match="level 11"):
        code3d_to_children(lonlat_to_code3d(121.4737, 31.2304, 0, 10))


@pytest.mark.parametrize(("minute", "count"), [(10, 16), (50, 12)])
def test_minutes_above_59_are_no_children_under_reading_c(minute, count):
    code = lonlat_to_code3d(121, 31, layer_to_height(minute * 122_880), 3, reading="C")
    assert len(code3d_to_children(code, reading="C")) == 150 * count
    assert (code3d_to_children([code], reading="C") == "").sum() == 150 * (16 - count)


@given(tall=tall_codes())
def test_neighbors_are_the_planes_neighbors_in_the_layer_above_and_below(tall):
    code, scheme = tall
    level, plane = level_of(code), code3d_to_code(code)
    column = [plane, *code_to_neighbors([plane])[0].tolist()]
    *_, bottom, top = code3d_to_bounds(code, **scheme)
    want = []
    for height, planes in (
        (bottom, column[1:]),
        (top, column),
        (np.nextafter(bottom, -np.inf), column),
    ):
        for other in planes:
            at = code_to_center(other) if other else (np.nan, np.nan)
            want.append(lonlat_to_code3d(*at, height, level, **scheme, on_invalid="mark"))
    assert code3d_to_neighbors([code], **scheme)[0].tolist() == want
    assert code3d_to_neighbors(code, **scheme).tolist() == [*dict.fromkeys(filter(None, want))]


@given(tall=tall_codes())
def test_a_neighbor_has_the_cell_for_its_neighbor(tall):
    code, scheme = tall
    for other in code3d_to_neighbors(code, **scheme).tolist()[::5]:
        assert code in code3d_to_neighbors(other, **scheme)


def test_layers_carry_from_one_digit_to_the_next():
    """`...E` is followed by the next digit's step, not by F: peers skip or repeat a layer here."""
    for reading in "ABC":
        digits = to_digits(15 * 8192 - 1, reading)
        code = interleave("N50J47539B8255346152", digits)[: LENGTHS[5]]
        upper = code3d_to_neighbors([code], reading=reading)[0][8]
        wanted = interleave("N50J47539B8255346152", to_digits(15 * 8192, reading))[: LENGTHS[5]]
        assert upper == wanted
        assert code3d_to_neighbors([upper], reading=reading)[0][17] == code


@pytest.mark.parametrize("scheme", SCHEMES)
def test_there_is_no_cell_above_the_highest_and_below_the_lowest_layer(scheme):
    keywords = dict(zip(("reading", "negative"), scheme, strict=True))
    # With sign and magnitude readings A and C can't write 256 degrees themselves.
    lowest = -RANGE if scheme in {("B", "sign-magnitude"), *SCHEMES[3:]} else 1 - RANGE
    high = lonlat_to_code3d(121, 31, np.nextafter(layer_to_height(RANGE), 0), 4, **keywords)
    assert (code3d_to_neighbors([high], **keywords)[0][8:17] == "").all()
    assert len(code3d_to_neighbors(high, **keywords)) == 17
    low = lonlat_to_code3d(121, 31, layer_to_height(lowest), 4, **keywords)
    assert (code3d_to_neighbors([low], **keywords)[0][17:] == "").all()
