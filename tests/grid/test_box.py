"""Cells of a box, against trying every candidate."""

import exact
import numpy as np
import pytest
from brute_box import cells_of_box
from differences import differences
from hypothesis import Phase, given, settings, strategies as st
from strategies import DEEP_LEVELS, boxes, codes

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    bounds_to_cells,
    bounds_to_codes,
    cell_to_bounds,
    cell_to_children,
    cell_to_code,
    code_to_bounds,
    code_to_cell,
    code_to_neighbors,
    lonlat_to_cell,
    lonlat_to_code,
)

BOXES = DEEP_LEVELS.flatmap(lambda level: st.tuples(boxes(level), st.just(level)))
LON, LAT = st.floats(-180, 180), st.floats(-90, 90)
HALF_LON = st.integers(-360, 360).map(lambda halves: halves / 2)
HALF_LAT = st.integers(-180, 180).map(lambda halves: halves / 2)


@given(given_box=BOXES, include_edges=st.booleans())
def test_a_box_has_the_cells_that_trying_each_one_finds(given_box, include_edges):
    box, level = given_box
    found = bounds_to_codes(*box, level, include_edges=include_edges).tolist()
    assert set(found) == cells_of_box(box, level, include_edges=include_edges)
    assert len(found) == len(set(found))
    cells = bounds_to_cells(*box, level, include_edges=include_edges)
    assert differences(cells, sorted(exact.code_to_integer(code) for code in found)) == []
    assert differences(cell_to_code(cells, level), found) == []


def every_cell(level):
    """All cells of level 1 or 2, polar ones among them, with their bounds."""
    heads = [f"{h}{zone:02d}{row}" for h in "NS" for zone in range(1, 61) for row in exact.ROWS]
    parts = [code_to_cell(codes)[0] for codes in (heads, ["N000", "S000"])]
    if level == 2:
        parts = [cell_to_children(part, 1).reshape(-1) for part in parts]
    cells = np.concatenate(parts)
    return cells, *cell_to_bounds(cells, level)


EVERY = {level: every_cell(level) for level in (1, 2)}


@given(
    level=st.sampled_from([1, 2]),
    lons=st.tuples(LON | HALF_LON, LON | HALF_LON),
    lats=st.tuples(LAT | HALF_LAT, LAT | HALF_LAT).map(sorted),
)
@settings(phases=[Phase.explicit, Phase.generate])  # to shrink these large boxes takes minutes
def test_a_box_has_polar_cells_at_levels_1_and_2(level, lons, lats):
    """Cells that share area with the box, and of those that only touch it the owners."""
    (west, east), (south, north) = lons, lats
    cells, w, s, e, n = EVERY[level]
    parts = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    inner, outer = np.zeros(len(cells), dtype=bool), np.zeros(len(cells), dtype=bool)
    for low, high in parts:
        # A polar cell that crosses the antimeridian is its two halves.
        for left, right in ((w, np.where(w > e, 180, e)), (np.where(w > e, -180, w), e)):
            inner |= (left < high) & (low < right)
            outer |= (left <= high) & (low <= right)
    inner &= (s < north) & (south < n)
    outer &= (s <= north) & (south <= n)
    found = bounds_to_cells(west, south, east, north, level)
    assert missing(cells[inner], found) == []
    assert missing(found, cells[outer]) == []
    corners = [(lon, lat) for lon in lons for lat in lats]
    assert missing([lonlat_to_cell(*corner, level) for corner in corners], found) == []
    if (west, east) != (180, -180) and west != east and south < north:
        found = bounds_to_cells(west, south, east, north, level, include_edges=False)
        assert np.array_equal(found, np.sort(cells[inner]))


def missing(cells, among):
    """The first few cells that are not among others."""
    return np.setdiff1d(cells, among)[:5].tolist()


@given(code=codes(st.integers(3, 10)))
def test_the_bounds_of_a_cell_share_area_with_that_cell_alone(code):
    box, level = code_to_bounds(code), exact.level_of(code)
    assert bounds_to_codes(*box, level, include_edges=False).tolist() == [code]


@given(code=codes(st.integers(3, 9)))
def test_the_bounds_of_a_cell_share_area_with_its_children(code):
    box, level = code_to_bounds(code), exact.level_of(code)
    found = bounds_to_cells(*box, level + 1, include_edges=False)
    assert differences(found, cell_to_children(code_to_cell(code)[0], level)) == []


def test_a_closed_box_has_the_owners_of_its_edges_too():
    code = "N50J475"
    found = bounds_to_codes(*code_to_bounds(code), 3).tolist()
    # Its eastern and northern edges are those of the cells farther from Greenwich and the equator.
    around = code_to_neighbors(code).tolist()
    assert sorted(found) == sorted([code, *around[:3]])


@given(given_box=BOXES, at=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_each_point_of_a_box_encodes_into_it(given_box, at):
    (west, south, east, north), level = given_box
    right = east if west <= east else east + 360
    lon = min(west + at[0] * (right - west), right)
    lat = min(south + at[1] * (north - south), north)
    lon = lon - 360 if lon > 180 else lon
    assert lonlat_to_code(lon, lat, level) in bounds_to_codes(west, south, east, north, level)


def test_a_box_without_area_is_its_owner():
    for include_edges in (True, False):
        found = bounds_to_codes(-6, 4, -6, 4, 3, include_edges=include_edges)
        assert found.tolist() == ["N29B000"]


@pytest.mark.parametrize("include_edges", [True, False])
def test_a_box_that_is_nothing_but_an_end_of_the_world_has_the_last_cells(include_edges):
    edges = {"include_edges": include_edges}
    assert bounds_to_codes(180, 10, 180, 10, 1, **edges).tolist() == ["N60C"]
    assert bounds_to_codes(-180, 10, -180, 10, 1, **edges).tolist() == ["N01C"]
    assert bounds_to_codes(180, 10, -180, 10, 1, **edges).tolist() == ["N01C", "N60C"]
    for lat, code in ((90, "N00000"), (-90, "S00000")):
        assert bounds_to_codes(7, lat, 7, lat, 2, **edges).tolist() == [code]


def test_a_box_from_west_to_east_end_is_the_whole_circle_once():
    assert len(bounds_to_cells(-180, 0.5, 180, 1, 1)) == 60
    # It crosses the antimeridian and comes back to the column it began in.
    assert len(bounds_to_cells(10.2, 0.5, 10.1, 1, 1)) == 60
    assert len(bounds_to_cells(-180, -90, 180, 90, 1)) == 60 * 44 + 2
    assert len(bounds_to_cells(-180, -90, 180, 90, 2)) == 60 * 44 * 96 + 32


@pytest.mark.parametrize(
    ("box", "level", "reason"),
    [
        ((-181, 0, 0, 1), 3, r"longitude outside \[-180, 180\]"),
        ((0, 0, np.nan, 1), 3, r"longitude outside \[-180, 180\]"),
        ((0, 0, 1, 90.1), 1, r"latitude outside \[-90, 90\]"),
        ((0, np.nan, 1, 1), 1, r"latitude outside \[-90, 90\]"),
        ((0, 2, 1, 1), 1, "south is above north"),
        ((0, 2, 1, 88), 3, "reaches a polar cap"),
        ((0, -88, 1, 8), 3, "reaches a polar cap"),
    ],
)
def test_a_box_that_does_not_exist_is_refused(box, level, reason):
    with pytest.raises(CoordinateError, match=reason):
        bounds_to_cells(*box, level)


def test_too_many_cells_are_refused_and_the_level_that_fits_is_named():
    with pytest.raises(CodeError, match=r"max_cells=100; level 3 would fit \(level 5 was asked"):
        bounds_to_cells(121, 31, 122, 32, 5, max_cells=100)
    assert len(bounds_to_cells(121, 31, 122, 32, 3, max_cells=100)) <= 100
    with pytest.raises(CodeError, match="no coarser level would fit"):
        bounds_to_cells(-180, -80, 180, 80, 5, max_cells=100)
    count = len(bounds_to_cells(121, 31, 122, 32, 4))
    assert len(bounds_to_cells(121, 31, 122, 32, 4, max_cells=count)) == count
    with pytest.raises(CodeError, match=f"{count} cells are more than max_cells={count - 1}"):
        bounds_to_cells(121, 31, 122, 32, 4, max_cells=count - 1)


def test_just_below_88_degrees_is_the_last_row():
    lat = np.nextafter(88, 0)
    cells = bounds_to_cells(0.01, lat, 0.02, lat, 5)
    assert cell_to_bounds(cells, 5)[3].tolist() == [88.0] * len(cells)


@pytest.mark.parametrize("level", [3, 10])
def test_a_box_without_its_edges_may_end_at_88_degrees(level):
    west, south, east, north = code_to_bounds(lonlat_to_code(10, np.nextafter(88, 0), level))
    assert north == 88
    for low, high in ((south, 88), (-88, -south)):
        assert len(bounds_to_cells(west, low, east, high, level, include_edges=False)) == 1
        with pytest.raises(CoordinateError, match="reaches a polar cap"):
            bounds_to_cells(west, low, east, high, level)
    with pytest.raises(CoordinateError, match="reaches a polar cap"):
        bounds_to_cells(west, 88, east, 88, level, include_edges=False)
