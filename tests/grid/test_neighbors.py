"""Neighbours, squares and rings, against places probed around each cell and against walks."""

import exact
import numpy as np
import pytest
from differences import differences
from hypothesis import given, settings, strategies as st
from strategies import DEEP_LEVELS, POLAR_CODES, codes

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    INVALID_CELL,
    cell_to_children,
    cell_to_code,
    cell_to_disk,
    cell_to_neighbors,
    cell_to_ring,
    code_to_bounds,
    code_to_cell,
    code_to_disk,
    code_to_neighbors,
    code_to_ring,
    lonlat_to_code,
)

COMPASS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]  # E, NE, N ...


def probe(code):
    """Codes of the places one cell away from the middle, in the order of the compass."""
    west, south, east, north = exact.code_to_bounds(code)
    found = []
    for right, up in COMPASS:
        lon = (west + east) / 2 + right * (east - west)
        lat = (south + north) / 2 + up * (north - south)
        lon = lon - 360 if lon > 180 else lon + 360 if lon < -180 else lon
        found.append(exact.code_at(exact.encode(lon, lat), exact.level_of(code)))
    return found


@given(code=codes())
def test_neighbors_are_the_cells_of_the_places_around_in_the_order_of_the_compass(code):
    cell, level = code_to_cell(code)
    assert code_to_neighbors([code])[0].tolist() == probe(code)
    assert code_to_neighbors(code).tolist() == [
        *dict.fromkeys(text for text in probe(code) if text)
    ]
    assert cell_to_code(cell_to_neighbors(cell, level), level).tolist() == probe(code)


@given(code=codes() | POLAR_CODES)
def test_a_neighbor_has_the_cell_for_its_neighbor(code):
    found = code_to_neighbors(code).tolist()
    assert len(found) >= 3
    assert code not in found
    assert all(code in code_to_neighbors(other) for other in found)


@pytest.mark.parametrize(
    ("code", "east", "north"),
    [
        ("N30A0000000", "N31A0000000", "N30A0000001"),  # west of Greenwich the count turns round
        ("S31A0000000", "S31A0000010", "N31A0000000"),  # south of the equator too
        ("N60AB01E9", "N01AB01E9", "N60AB03E0"),  # and at 180 degrees; level 3 carries
    ],
)
def test_the_count_turns_round_at_greenwich_and_the_equator(code, east, north):
    found = code_to_neighbors(code).tolist()
    assert (found[0], found[2]) == (east, north)


@pytest.mark.parametrize(
    ("code", "other"),
    [
        ("N31A", "S30A"),  # corner to corner at 0, 0
        ("N60A", "S01A"),  # corner to corner at 180, 0
        ("N31AB7", "N32B00"),  # the corner of four zones and rows
        ("S30AB75E9EE3", "S29B00000000"),  # mirrored
    ],
)
def test_cells_that_touch_by_a_corner_are_neighbors(code, other):
    assert other in code_to_neighbors(code)
    assert code in code_to_neighbors(other)


@given(level=DEEP_LEVELS, x=st.integers(0, 180 * exact.UNITS - 1), south=st.booleans())
def test_there_is_nothing_beyond_88_degrees_above_level_2(level, x, south):
    code = exact.units_to_code(x, 88 * exact.UNITS - 1, west=False, south=south)
    code = exact.code_at(code, level)
    beyond = [5, 6, 7] if south else [1, 2, 3]
    found = code_to_neighbors([code])[0]
    assert [at for at in range(8) if found[at] == ""] == beyond
    assert len(code_to_neighbors(code)) == 5


def touching(code, others):
    """The codes whose bounds meet those of a code, by an edge or a corner, around the globe."""
    west, south, east, north = code_to_bounds(code)
    w, s, e, n = code_to_bounds(others)
    width, widths = (east - west) % 360 or 360, (e - w) % 360
    widths = np.where(widths == 0, 360, widths)
    met = ((w - west) % 360 <= width) | ((west - w) % 360 <= widths)
    return sorted(others[met & (s <= north) & (south <= n) & (others != code)].tolist())


@pytest.mark.parametrize("hemisphere", "NS")
@pytest.mark.parametrize("level", [1, 2])
def test_neighbors_of_polar_cells_are_all_that_touch_them(hemisphere, level):
    zones = np.array([f"{hemisphere}{zone:02d}V" for zone in range(1, 61)])
    cap = np.array([f"{hemisphere}000"])
    if level == 2:
        cells = code_to_cell(zones)[0]
        zones = cell_to_code(cell_to_children(cells, 1), 2).reshape(-1)
        cap = cell_to_code(cell_to_children(code_to_cell(cap)[0], 1), 2).reshape(-1)
    others = np.concatenate([zones, cap])
    for code in cap:
        assert sorted(code_to_neighbors(code).tolist()) == touching(code, others)
    if level == 1:
        assert differences(code_to_neighbors(cap[0]), sorted(zones.tolist())) == []


def test_a_polar_cell_stands_in_each_direction_that_it_fills():
    found = code_to_neighbors(["N31V"])[0].tolist()
    assert found[1:4] == ["N000"] * 3
    assert code_to_neighbors("N31V").tolist().count("N000") == 1


def test_polar_cells_are_asked_for_one_by_one():
    with pytest.raises(CodeError, match="ask for each polar cell alone"):
        code_to_neighbors(["N31V", "N000"])
    with pytest.raises(CodeError, match="a polar cell has neighbours but no disk or ring"):
        code_to_disk("N00012", 1)
    with pytest.raises(CodeError, match="a polar cell has neighbours but no disk or ring"):
        code_to_ring("S000", 0)


def walk(cell, level, radius):
    """Cells by their distance, by steps to neighbours; polar cells are no part of it."""
    rings, seen = [np.array([cell])], np.array([cell])
    for _ in range(radius):
        around = np.unique(cell_to_neighbors(rings[-1], level))
        around = around[(around != INVALID_CELL) & ((around >> 57) & 0x3F != 0)]
        rings.append(np.setdiff1d(around, seen))
        seen = np.union1d(seen, around)
    return rings


@given(code=codes(), radius=st.integers(0, 4))
@settings(max_examples=60)
def test_disks_and_rings_are_what_a_walk_reaches(code, radius):
    cell, level = code_to_cell(code)
    rings = walk(cell, level, radius)
    ring, disk = cell_to_ring(cell, level, radius), cell_to_disk(cell, level, radius)
    assert differences(ring, sorted(rings[radius].tolist())) == []
    assert differences(disk, sorted(np.concatenate(rings).tolist())) == []
    assert differences(code_to_ring(code, radius), cell_to_code(ring, level)) == []
    assert differences(code_to_disk(code, radius), cell_to_code(disk, level)) == []


@pytest.mark.parametrize("code", ["N31A", "S01V", "N60L", "S30C"])
def test_disks_and_rings_that_meet_themselves_on_the_far_side(code):
    cell = code_to_cell(code)[0]
    rings = walk(cell, 1, 45)
    assert sum(map(len, rings)) == 60 * 44  # the whole ordinary grid
    for radius in (20, 28, 29, 30, 31, 40, 44, 45):
        assert differences(cell_to_ring(cell, 1, radius), sorted(rings[radius].tolist())) == []
        want = np.sort(np.concatenate(rings[: radius + 1]))
        assert differences(cell_to_disk(cell, 1, radius), want) == []


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_a_disk_has_an_odd_square_of_cells_and_a_ring_eight_more_each_time(level):
    code = lonlat_to_code(121.4737, 0.01, level)
    for radius in range(1, 5):
        assert len(code_to_disk(code, radius)) == (2 * radius + 1) ** 2
        assert len(code_to_ring(code, radius)) == 8 * radius
    assert code_to_disk(code, 0).tolist() == code_to_ring(code, 0).tolist() == [code]


def test_large_answers_and_negative_radii_are_refused():
    for function in (code_to_disk, code_to_ring):
        with pytest.raises(CodeError, match="radius -1 is negative"):
            function("N50J47", -1)
    with pytest.raises(CodeError, match="max_cells=10000000; ask for a smaller radius"):
        code_to_disk("N50J47539B8255340000", 100_000)
    with pytest.raises(CodeError, match="max_cells=15"):
        code_to_ring("N50J47", 2, max_cells=15)
    assert len(code_to_ring("N50J47", 2, max_cells=16)) == 16
    assert len(code_to_disk("N50J47", 2, max_cells=25)) == 25
    with pytest.raises(CodeError, match="max_cells=24"):
        code_to_disk("N50J47", 2, max_cells=24)


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 2)])
def test_arrays_of_cells_have_one_more_axis_of_eight(shape):
    many = np.full(shape, "N50J47", dtype="U6")
    assert code_to_neighbors(many).shape == (*shape, 8)
    assert cell_to_neighbors(code_to_cell(many)[0], 2).shape == (*shape, 8)


def test_codes_of_several_levels_are_refused():
    with pytest.raises(CodeError, match=r"codes are of levels \[1, 2\]"):
        code_to_neighbors(["N50J", "N50J47"])
