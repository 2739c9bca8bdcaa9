"""The polar caps: Fig. 10 at levels 1 and 2, and a clear error below."""

import exact
import numpy as np
import pytest
from hypothesis import given, strategies as st
from strategies import POLAR_CODES

from gridcontainer.errors import CodeError, CoordinateError
from gridcontainer.grid import (
    cell_to_children,
    code_problems,
    code_to_bounds,
    code_to_cell,
    code_to_center,
    code_to_children,
    code_to_parent,
    common_ancestor,
    is_valid_code,
    lonlat_to_cell,
    lonlat_to_code,
    uncompact_cells,
)

DRAWN = [f"{a}{b}" for a in "0123" for b in "0123"]


@given(code=POLAR_CODES)
def test_the_middle_of_a_polar_cell_encodes_to_it(code):
    level = 1 if len(code) == 4 else 2
    assert code_to_cell(code)[1] == level
    assert lonlat_to_code(*code_to_center(code), level) == code


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(88, 90) | st.floats(-90, -88),
)
def test_a_position_lies_in_the_bounds_of_its_polar_cell(lon, lat):
    code = lonlat_to_code(lon, lat, 2)
    assert code == exact.encode(lon, lat)
    west, south, east, north = code_to_bounds(code)
    assert south <= lat <= north
    assert (west <= lon <= east) if west < east else (lon >= west or lon <= east)
    assert lonlat_to_code(lon, lat, 1) == code[:4]


@pytest.mark.parametrize("hemisphere", "NS")
def test_polar_cells_tile_their_cap(hemisphere):
    west, south, east, north = np.array(
        code_to_bounds([f"{hemisphere}000{label}" for label in DRAWN])
    )
    width = np.where(west > east, east + 360, east) - west
    assert (width * (north - south)).sum() == 360 * 2
    cap = (-180.0, 88.0, 180.0, 90.0) if hemisphere == "N" else (-180.0, -90.0, 180.0, -88.0)
    assert code_to_bounds(f"{hemisphere}000") == cap


def test_only_the_cells_around_180_degrees_cross_it():
    codes = np.array([f"{h}000{label}" for h in "NS" for label in DRAWN])
    west, _, east, _ = code_to_bounds(codes)
    assert codes[west > east].tolist() == ["N00002", "S00002"]


def test_the_middle_of_the_cell_around_a_pole_is_the_pole():
    lon, lat = code_to_center(["N000", "S000", "N00000", "S00000"])
    assert lon.tolist() == [0, 0, 0, 0]
    assert lat.tolist() == [90, -90, 90, -90]


def test_parents_and_children_of_polar_cells():
    assert code_to_children("S000").tolist() == [f"S000{label}" for label in DRAWN]
    assert code_to_parent("N00021") == "N000"
    assert common_ancestor(["N00021", "N00033"]) == "N000"
    assert cell_to_children([code_to_cell(c)[0] for c in ("N000", "S000")], 1).shape == (2, 16)


def test_polar_cells_are_counted_as_the_sixteen_that_they_have():
    caps = [code_to_cell(code)[0] for code in ("N000", "S000")]
    assert len(uncompact_cells(caps, 1, 2, max_cells=32)) == 32
    assert len(uncompact_cells(caps, 1, 1, max_cells=2)) == 2
    assert cell_to_children(caps, 1, max_cells=32).size == 32
    for function in (cell_to_children, uncompact_cells):
        with pytest.raises(CodeError, match="32 cells are more than max_cells=31"):
            function(caps, 1, 2, max_cells=31)


@pytest.mark.parametrize("level", range(3, 11))
@pytest.mark.parametrize("lat", [88.0, 89.9, 90.0, -88.0, -90.0])
def test_a_deeper_level_is_a_clear_error(level, lat):
    with pytest.raises(CoordinateError, match=r"polar cap .* has levels 1-2 only"):
        lonlat_to_cell(10, lat, level)


def test_codes_and_children_below_level_2_are_a_clear_error():
    assert "polar cap, which has levels 1-2 only" in code_problems("N000000")
    with pytest.raises(CodeError, match="the polar caps have levels 1-2 only"):
        code_to_children("N00021")
    with pytest.raises(CodeError, match="the polar caps have levels 1-2 only"):
        code_to_children("N000", 3)
    with pytest.raises(CodeError, match="ask for polar and ordinary cells apart"):
        cell_to_children([code_to_cell("N000")[0], lonlat_to_cell(0, 0, 1)], 1)


def test_two_characters_that_fig_10_does_not_draw_are_refused():
    every = [f"N000{a}{b}" for a in "01234567" for b in "01234567"]
    assert [code[4:] for code in every if is_valid_code(code)] == DRAWN
    assert code_problems("N00004") == "has polar cell '04', which is not drawn"


@pytest.mark.parametrize("sign", [1, -1])
def test_one_double_below_88_degrees_is_the_ordinary_grid(sign):
    lat = sign * np.nextafter(88, 0)
    for level in exact.LENGTHS:
        assert lonlat_to_code(10, lat, level)[1:4] == "32V"
