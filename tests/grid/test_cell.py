"""Cells as integers: corners and edges, bounds, parents and children."""

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, strategies as st
from strategies import LEVELS, POLAR_CODES, close_codes, codes

from gridcontainer.grid import (
    cell_to_bounds,
    cell_to_center,
    cell_to_children,
    cell_to_code,
    cell_to_parent,
    cell_to_range,
    code_to_cell,
    get_level,
    is_valid_cell,
    lonlat_to_cell,
    lonlat_to_code,
)


def units_to_codes(x, y, quadrant, level):
    west, south = exact.QUADRANTS[quadrant]
    at = zip(x.tolist(), y.tolist(), strict=True)
    return [
        exact.units_to_code(a, b, west=west, south=south)[: exact.LENGTHS[level]] for a, b in at
    ]


@pytest.mark.parametrize("quadrant", exact.QUADRANTS)
@pytest.mark.parametrize("level", exact.LENGTHS)
def test_a_corner_opens_its_cell_and_one_double_nearer_to_zero_is_the_cell_before(level, quadrant):
    west, south = exact.QUADRANTS[quadrant]
    rng = np.random.default_rng(level)
    width, height = exact.SIZES[level]
    x = rng.integers(1, 180 * exact.UNITS // width, 500) * width
    y = rng.integers(1, 88 * exact.UNITS // height, 500) * height
    lon, lat = x / exact.UNITS * (-1 if west else 1), y / exact.UNITS * (-1 if south else 1)
    far = np.inf * np.sign(lon[0]), np.inf * np.sign(lat[0])

    own = units_to_codes(x, y, quadrant, level)
    assert differences(lonlat_to_code(lon, lat, level), own) == []
    above = lonlat_to_code(np.nextafter(lon, far[0]), np.nextafter(lat, far[1]), level)
    assert differences(above, own) == []
    before = lonlat_to_code(np.nextafter(lon, 0), lat, level)
    assert differences(before, units_to_codes(x - 1, y, quadrant, level)) == []
    below = lonlat_to_code(lon, np.nextafter(lat, 0), level)
    assert differences(below, units_to_codes(x, y - 1, quadrant, level)) == []


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_equator_and_greenwich_belong_to_the_north_east(level):
    tiny = np.nextafter(0, 1)
    lons, lats = np.array([0.0, -0.0, tiny, -tiny]), np.array([0.0, -0.0, tiny, -tiny])
    lon, lat = np.meshgrid(lons, lats)
    heads = [code[:4] for code in lonlat_to_code(lon, lat, level).reshape(-1).tolist()]
    assert heads == ["N31A", "N31A", "N31A", "N30A"] * 3 + ["S31A", "S31A", "S31A", "S30A"]


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_the_antimeridian_falls_into_the_last_cell_of_either_side(level):
    inside = np.nextafter(180, 0)
    for lon in (180.0, -180.0):
        assert lonlat_to_cell(lon, 10, level) == lonlat_to_cell(np.copysign(inside, lon), 10, level)
    assert lonlat_to_code(180, 10, 10)[1:3] == "60"
    assert lonlat_to_code(-180, 10, 10)[1:3] == "01"


@given(code=codes())
def test_bounds_and_center_lead_back_to_the_cell(code):
    cell, level = code_to_cell(code)
    west, south, east, north = cell_to_bounds(cell, level)
    assert (west, south, east, north) == exact.code_to_bounds(code)
    lon, lat = cell_to_center(cell, level)
    assert west < lon < east
    assert south < lat < north
    assert lonlat_to_cell(lon, lat, level) == cell


@given(code=codes(), level=LEVELS)
def test_parent_is_the_prefix_of_the_code_and_the_integer_without_its_low_bits(code, level):
    cell, own = code_to_cell(code)
    level = min(level, own)
    parent = cell_to_parent(cell, level)
    assert cell_to_code(parent, level) == code[: exact.LENGTHS[level]]
    shift = get_level(level).shift
    assert parent == cell >> shift << shift
    first, last = cell_to_range(parent, level)
    assert first <= cell <= last


@given(pair=close_codes())
def test_range_holds_the_descendants_and_no_other_cell(pair):
    code, other = pair
    cell, level = code_to_cell(code)
    first, last = cell_to_range(cell, level)
    assert (first <= code_to_cell(other)[0] <= last) == (
        other.startswith(code)
        # An ancestor in the first place of all its descendants has the integer of this cell.
        or (code.startswith(other) and code_to_cell(other)[0] == cell)
    )


@given(pair=LEVELS.flatmap(lambda level: st.tuples(codes(st.just(level)), codes(st.just(level)))))
def test_integers_are_in_the_order_of_codes_inside_a_hemisphere(pair):
    (one, _), (two, _) = map(code_to_cell, pair)
    if pair[0][0] == pair[1][0]:
        assert (one < two) == (pair[0] < pair[1])
    else:
        assert (one < two) == (pair[0][0] == "S")


@given(code=codes(st.integers(1, 9)) | POLAR_CODES.filter(lambda code: len(code) == 4))
def test_children_are_all_cells_of_the_next_level_that_begin_with_the_code(code):
    cell, level = code_to_cell(code)
    children = cell_to_children(cell, level)
    found = cell_to_code(children, level + 1).tolist()
    assert differences(found, sorted(set(found))) == []
    assert all(child.startswith(code) for child in found)
    assert len(found) == (16 if code[1:] == "000" else get_level(level + 1).children)
    assert (cell_to_parent(children, level) == cell).all()
    assert is_valid_cell(children, level + 1).all()


@given(code=codes(st.integers(1, 9)))
def test_children_tile_their_parent(code):
    cell, level = code_to_cell(code)
    bounds = cell_to_bounds(cell_to_children(cell, level), level + 1)
    units = [np.rint(edge * exact.UNITS).astype(int) for edge in bounds]
    west, south, east, north = units
    x, y, *_ = exact.code_to_units(code)
    width, height = exact.SIZES[level]
    assert ((east - west) * (north - south)).sum() == width * height
    assert len({*zip(west.tolist(), south.tolist(), strict=True)}) == len(west)
    assert (east.max() - west.min(), north.max() - south.min()) == (width, height)
    assert min(abs(west).min(), abs(east).min()) == x
    assert min(abs(south).min(), abs(north).min()) == y


@pytest.mark.parametrize(
    ("level", "count"), enumerate([96, 6, 150, 225, 4, 64, 64, 64, 64], start=1)
)
def test_counts_of_children_are_those_of_the_standard(level, count):
    assert get_level(level + 1).children == count
    assert len(cell_to_children(lonlat_to_cell(121.4737, 31.2304, level), level)) == count


def test_children_two_levels_down_are_the_children_of_the_children():
    cells = lonlat_to_cell([121.4, -58.3], [31.2, -34.6], 2)
    below = cell_to_children(cells, 2, 4)
    assert below.shape == (2, 6 * 150)
    assert np.array_equal(below, cell_to_children(cell_to_children(cells, 2), 3).reshape(2, -1))


def test_scalars_give_python_scalars():
    cell = lonlat_to_cell(121.4737, 31.2304, 5)
    assert type(cell) is int
    assert type(cell_to_parent(cell, 3)) is int
    assert type(is_valid_cell(cell, 5)) is bool
    assert {type(value) for value in cell_to_bounds(cell, 5)} == {float}
    assert {type(value) for value in cell_to_center(np.int64(cell), 5)} == {float}
    assert {type(value) for value in cell_to_range(cell, 5)} == {int}


@pytest.mark.parametrize("shape", [(0,), (1,), (6,), (2, 3), (0, 4)])
def test_arrays_keep_their_shape(shape):
    count = int(np.prod(shape))
    lon = np.linspace(-170, 170, count).reshape(shape)
    cells = lonlat_to_cell(lon, 30.0, 7)
    assert cells.dtype == np.int64
    assert cells.shape == shape
    found = [*cell_to_bounds(cells, 7), *cell_to_center(cells, 7), *cell_to_range(cells, 7)]
    assert {array.shape for array in found} == {shape}
    assert is_valid_cell(cells, 7).shape == cell_to_parent(cells, 3).shape == shape
    assert cell_to_children(cells, 7).shape == (*shape, 64)


def test_longitudes_and_latitudes_broadcast():
    cells = lonlat_to_cell(np.array([[10.0], [20.0]]), [1.0, 2.0, 3.0], 4)
    assert cells.tolist() == [[lonlat_to_cell(x, y, 4) for y in (1, 2, 3)] for x in (10, 20)]


def test_pieces_that_a_long_array_is_cut_into_leave_no_seam():
    lon = np.linspace(-180, 180, 100_001)
    lat = np.linspace(-90, 90, 100_001)
    cells = lonlat_to_cell(lon, lat, 2)
    at = np.r_[0:100_001:997, 32766:32770, 65534:65538, 98302:98306]
    assert differences(cells[at], [lonlat_to_cell(lon[i], lat[i], 2) for i in at]) == []


def test_unsigned_integers_keep_their_bits():
    cells = lonlat_to_cell([121.4, -58.3], [31.2, -34.6], 6)
    unsigned = cells.view(np.uint64)
    assert is_valid_cell(unsigned, 6).all()
    assert differences(cell_to_code(unsigned, 6), cell_to_code(cells, 6)) == []
