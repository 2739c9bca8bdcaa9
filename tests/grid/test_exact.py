"""The package against exact arithmetic; ``scripts/check_exact.py`` takes 10 million points."""

import math
import random
from fractions import Fraction

import exact
import numpy as np
import points
import pytest
from differences import differences

from gridcontainer.grid import (
    cell_to_bounds,
    cell_to_code,
    code_to_bounds,
    code_to_cell,
    lonlat_to_cell,
    lonlat_to_code,
)

LON, LAT = points.make_points(np.random.default_rng(39409), 20_000)
WANTED = [exact.encode(lon, lat) for lon, lat in zip(LON.tolist(), LAT.tolist(), strict=True)]
SPECIAL_LON = [0.0, -0.0, 5e-324, -5e-324, 6.0, -6.0, 179.99999999999997, 180.0, -180.0]
SPECIAL_LAT = [0.0, -0.0, 5e-324, -5e-324, 4.0, -4.0, 87.99999999999999, 88.0, -88.0, 90.0, -90.0]


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_hard_and_random_positions_get_the_code_of_exact_arithmetic(level):
    want = [exact.code_at(code, level) for code in WANTED]
    assert differences(lonlat_to_code(LON, LAT, level, on_invalid="mark"), want) == []


@pytest.mark.parametrize("level", exact.LENGTHS)
def test_code_integer_and_bounds_are_those_of_exact_arithmetic(level):
    codes = [exact.code_at(code, level) for code in WANTED[::4] if len(code) == exact.LENGTHS[10]]
    cells, levels = code_to_cell(codes)
    assert differences(cells, [exact.code_to_integer(code) for code in codes]) == []
    assert set(levels.tolist()) == {level}
    assert differences(cell_to_code(cells, level), codes) == []
    bounds = np.stack(cell_to_bounds(cells, level), axis=1)
    assert differences(bounds, [list(exact.code_to_bounds(code)) for code in codes]) == []
    assert np.array_equal(bounds, np.stack(code_to_bounds(codes), axis=1))


@pytest.mark.parametrize("lon", SPECIAL_LON)
@pytest.mark.parametrize("lat", SPECIAL_LAT)
def test_places_where_the_grid_turns_or_ends(lon, lat):
    for level in (1, 2) if abs(lat) >= 88 else exact.LENGTHS:
        assert lonlat_to_code(lon, lat, level) == exact.code_at(exact.encode(lon, lat), level)


def test_polar_positions_get_the_integer_of_their_code():
    polar = np.abs(LAT) >= 88
    codes = [code for code in WANTED if len(code) == exact.LENGTHS[2]]
    assert len(set(codes)) == 32  # all of both caps
    want = [exact.code_to_integer(code) for code in codes]
    assert differences(lonlat_to_cell(LON[polar], LAT[polar], 2), want) == []


def test_a_row_of_positions_gets_what_each_alone_gets():
    lons, lats = LON[:300], LAT[:300]
    alone = [lonlat_to_code(lon, lat, 2) for lon, lat in zip(lons, lats, strict=True)]
    assert differences(lonlat_to_code(lons, lats, 2), alone) == []


def test_the_oracle_keeps_the_rule_of_rounded_edges():
    """``edge(k) <= x < edge(k + 1)``, where no double is nearer to k / 7372800 than the edge."""
    for lon in np.abs(LON[:2000]).tolist():
        k = exact.to_units(lon)
        assert exact.edge(k) <= lon < exact.edge(k + 1)
        true, edge = Fraction(k, exact.UNITS), Fraction(exact.edge(k))
        for beside in (math.inf, -math.inf):
            assert abs(edge - true) <= abs(Fraction(math.nextafter(exact.edge(k), beside)) - true)


def test_some_corners_are_rounded_downwards_so_that_plain_floor_misses_them():
    """Else the points above could not tell the rounded rule from a plain floor."""
    values = np.abs(LON)
    plain = np.floor(values * exact.UNITS).astype(int).tolist()
    assert sum(k != exact.to_units(x) for k, x in zip(plain, values.tolist(), strict=True)) > 20


def test_the_oracle_reads_its_own_codes():
    chosen = random.Random(39409)
    for quadrant in exact.QUADRANTS.values():
        west, south = quadrant
        for _ in range(200):
            x, y = chosen.randrange(180 * exact.UNITS), chosen.randrange(88 * exact.UNITS)
            code = exact.units_to_code(x, y, west=west, south=south)
            assert exact.CODE.fullmatch(code)
            assert exact.code_to_units(code) == (x, y, west, south)
