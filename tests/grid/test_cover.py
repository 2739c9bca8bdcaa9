"""Covers against brute force: every cell of the bounding box, tried one by one."""

import json

import brute_cover
import exact
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings, strategies as st
from shapely.geometry import shape as from_geojson

from gridcontainer.errors import CodeError, CoverError
from gridcontainer.grid import (
    LEVELS,
    cell_to_code,
    compact_cells,
    lonlat_to_cell,
    uncompact_cells,
)
from gridcontainer.grid.cell import cell_bounds
from gridcontainer.grid.cover import areas, choose_level, clip, cover

MANY = settings(max_examples=60)


def codes(found, index=0):
    """Code -> is it interior, of one geometry; the codes must be different."""
    mine = found.geometry == index
    texts = [str(cell_to_code(int(cell), int(level)))
             for cell, level in zip(found.cell[mine], found.level[mine], strict=True)]  # fmt: skip
    assert len(set(texts)) == len(texts)
    return dict(zip(texts, found.is_interior[mine].tolist(), strict=True))


def boxes(found):
    """Boxes of the cells of a cover."""
    out = np.empty(len(found), dtype=object)
    for level in np.unique(found.level).tolist():
        chosen = found.level == level
        out[chosen] = shapely.box(*cell_bounds(found.cell[chosen], level).T)
    return out


@st.composite
def places(draw, level, reach=4):
    """A function that draws positions a few cells around a place where the grid turns or ends."""
    width, height = exact.SIZES[level]
    x0 = draw(st.sampled_from([0, 6, 121, -6, -75, 180, -180])) * exact.UNITS
    y0 = draw(st.sampled_from([0, 4, 31, -4, -50, 84, -84])) * exact.UNITS
    step = st.integers(-reach, reach) | st.floats(-reach, reach).map(lambda f: round(f, 3))
    lon = step.map(lambda s: min(max((x0 + s * width) / exact.UNITS, -180.0), 180.0))
    lat = step.map(lambda s: (y0 + s * height) / exact.UNITS)
    return st.tuples(lon, lat)


def draw_around(draw):
    level = draw(st.integers(3, 10))
    return level, draw(places(level))


@st.composite
def lines(draw):
    level, place = draw_around(draw)
    path = draw(st.lists(place, min_size=2, max_size=5))
    return level, shapely.LineString(path)


@st.composite
def polygons(draw, around=None):
    """Valid (multi-)polygons, some with holes."""
    level, place = around or draw_around(draw)
    ring = st.lists(place, min_size=3, max_size=7)
    area = shapely.make_valid(shapely.Polygon(draw(ring)))
    if draw(st.booleans()):
        other = shapely.make_valid(shapely.Polygon(draw(ring)))
        area = draw(st.sampled_from([shapely.difference, shapely.union]))(area, other)
    parts = [part for part in shapely.get_parts(shapely.get_parts(area)) if part.area > 0]
    area = shapely.make_valid(shapely.MultiPolygon(parts)) if parts else area
    assume(area.geom_type in ("Polygon", "MultiPolygon") and area.is_valid and area.area > 0)
    return level, area


@MANY
@given(lines())
def test_a_line_has_each_cell_that_owns_a_point_of_it(case):
    level, line = case
    assert codes(cover([line], level)) == brute_cover.cover(line, level)


@MANY
@given(polygons(), st.booleans())
def test_a_polygon_has_the_cells_of_brute_force(case, include_edges):
    level, area = case
    found = cover([area], level, include_edges=include_edges, chips=True)
    assert codes(found) == brute_cover.cover(area, level, include_edges=include_edges)
    assert_chips(found, area)


def assert_chips(found, area):
    """Interior cells and chips add up to the polygon, and each chip lies in its cell."""
    assert np.equal(found.chip, None).tolist() == found.is_interior.tolist()
    box, border = boxes(found), ~found.is_interior
    assert not shapely.is_empty(found.chip[border]).any()
    total = shapely.area(box[~border]).sum() + shapely.area(found.chip[border]).sum()
    assert total == pytest.approx(area.area, rel=1e-9)
    outside = shapely.area(shapely.difference(box[~border], area))
    assert (outside <= 1e-12 * shapely.area(box[~border])).all()
    assert shapely.covers(box[border], found.chip[border]).all()
    assert shapely.is_valid(found.chip[border]).all()


@MANY
@given(polygons(), st.integers(1, 10), st.booleans())
def test_a_compact_cover_is_the_same_ground_in_the_fewest_cells(case, coarsest, include_edges):
    level, area = case
    assume(coarsest <= level)
    flat = cover([area], level, include_edges=include_edges)
    compact = cover([area], level, compact=True, coarsest=coarsest, include_edges=include_edges)
    inner = compact.is_interior
    assert compact.level[inner].min(initial=10) >= coarsest
    assert (compact.level[~inner] == level).all()
    assert set(compact.cell[~inner]) == set(flat.cell[~flat.is_interior])
    spread = uncompact_cells(compact.cell[inner], compact.level[inner], level)
    assert spread.tolist() == sorted(flat.cell[flat.is_interior])
    if coarsest == 1:
        assert inner.sum() == len(compact_cells(flat.cell[flat.is_interior], level)[0])


@MANY
@given(polygons())
def test_no_cell_of_a_compact_cover_lies_in_another(case):
    level, area = case
    found = cover([area], level, compact=True)
    masks = np.array([step.mask for step in LEVELS])[found.level - 1]
    order = np.argsort(found.cell)
    first, last = found.cell[order], (found.cell | ~masks)[order]
    assert (first[1:] > last[:-1]).all()


@MANY
@given(polygons(), st.data())
def test_each_point_of_a_polygon_encodes_into_its_cover(case, data):
    level, area = case
    found = cover([area], level)
    xy = shapely.get_coordinates(area)
    a, b = (data.draw(st.integers(0, len(xy) - 1)) for _ in range(2))
    points = np.vstack([xy, (xy[a] + xy[b]) / 2.0])
    points = points[shapely.intersects_xy(area, points)]
    assert np.isin(lonlat_to_cell(*points.T, level), found.cell).all()


@MANY
@given(polygons(), st.data())
def test_each_point_of_a_polygon_is_in_the_chip_of_its_cell(case, data):
    level, area = case
    found = cover([area], level, chips=True)
    xy = shapely.get_coordinates(area)
    share = data.draw(st.sampled_from([0.0, 0.25, 0.5]))
    points = xy[:-1] + share * (xy[1:] - xy[:-1])
    points = points[shapely.intersects_xy(area, points)]
    at = np.searchsorted(found.cell, lonlat_to_cell(*points.T, level))
    away = shapely.distance(found.chip[at], shapely.points(points))  # NaN in interior cells
    assert (found.is_interior[at] | (away < 1e-10)).all()


def test_shapely_clips_only_where_more_happens_than_a_ring_passing_through(monkeypatch):
    asked = []

    def intersect(polygons, frame, keys):
        asked.append(len(keys))
        return clip.intersect(polygons, frame, keys)

    monkeypatch.setattr(areas, "intersect", intersect)
    rings = [
        shapely.Point(121.30012 + i / 51, 31.20023).buffer(0.031, quad_segs=50) for i in range(40)
    ]
    shapes = [shapely.difference(a, shapely.Point(a.centroid).buffer(0.02)) for a in rings]
    cover(shapes, 5, chips=True)
    assert asked == []  # no chip was wrong
    monkeypatch.setattr(clip, "only_area", lambda shapes: asked.append(len(shapes)) or shapes)
    cover(shapes, 5, chips=True)
    assert sum(asked) == 0


@MANY
@given(lines())
def test_chips_of_a_line_add_up_to_its_length_and_do_not_overlap(case):
    level, line = case
    found = cover([line], level, chips=True)
    assert not shapely.is_empty(found.chip).any()
    assert shapely.length(found.chip).sum() == pytest.approx(line.length, rel=1e-9, abs=1e-12)
    assert shapely.covers(boxes(found), found.chip).all()
    assert (
        shapely.hausdorff_distance(shapely.union_all(found.chip), line) < 1e-9 or line.length == 0
    )


@settings(max_examples=30)
@given(st.lists(polygons() | lines(), min_size=1, max_size=6), st.integers(3, 6))
def test_many_geometries_at_once_are_each_alone(cases, level):
    shapes = [shape for _, shape in cases]
    together = cover(shapes, level, compact=True, chips=True, max_cells=10**7)
    for index, shape in enumerate(shapes):
        alone = cover([shape], level, compact=True, chips=True, max_cells=10**7)
        mine = together.geometry == index
        for name in ("cell", "level", "is_interior"):
            assert getattr(together, name)[mine].tolist() == getattr(alone, name).tolist()
        assert (
            shapely.equals_exact(together.chip[mine], alone.chip).all()
            or mine.sum() == 0
            or all(
                a is b is None or a.equals_exact(b, 0.0)
                for a, b in zip(together.chip[mine], alone.chip, strict=True)
            )
        )


@settings(max_examples=30)
@given(st.data(), st.integers(3, 10))
def test_points_have_their_cells_and_chips(data, level):
    points = data.draw(st.lists(data.draw(places(level)), min_size=1, max_size=8))
    found = cover([shapely.MultiPoint(points)], level, chips=True)
    assert codes(found) == brute_cover.cover(shapely.MultiPoint(points), level)
    assert shapely.get_coordinates(found.chip).shape == (
        len({(x + 0, y + 0) for x, y in points}),
        2,
    )


@st.composite
def collections(draw):
    level, place = draw_around(draw)
    _, area = draw(polygons((level, place)))
    line = shapely.LineString(draw(st.lists(place, min_size=2, max_size=4)))
    return level, shapely.GeometryCollection([area, shapely.MultiPoint([draw(place)]), line])


@settings(max_examples=40)
@given(collections())
def test_a_collection_has_the_cells_of_its_members_once(case):
    level, shape = case
    assume(shape.is_valid)
    found = cover([shape], level, chips=True)
    assert codes(found) == brute_cover.cover(shape, level)
    assert not shapely.is_empty(found.chip[~found.is_interior]).any()


REAL = ["districts.json", "osm-priority-controls-2026-08-19.geojson",
        "shanghai-boundary-osm-r913067-v155.geojson", "shanghai-district-boundaries.geojson",
        "transbigdata_shanghai.json"]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
def test_real_boundaries_are_covered_exactly(real_data, name):
    text = (real_data / "shanghai_boundaries" / name).read_text(encoding="utf-8")
    shapes = [from_geojson(feature["geometry"]) for feature in json.loads(text)["features"]]
    found = cover(shapes, 5, compact=True, chips=True)
    box = boxes(found)
    inner = found.is_interior
    areas = np.where(inner, shapely.area(box), shapely.area(found.chip))
    total = np.bincount(found.geometry, areas)
    assert total == pytest.approx(shapely.area(shapes), rel=1e-9)
    of = np.array(shapes, dtype=object)[found.geometry]
    shapely.prepare(shapes)
    assert shapely.covers(of[inner], box[inner]).all()
    assert shapely.intersects(of, box).all()
    assert not shapely.covers(of[~inner], box[~inner]).any()
    assert shapely.is_valid(found.chip[~inner]).all()


@pytest.mark.real_data
def test_real_boundaries_have_the_cells_of_brute_force(real_data):
    text = (real_data / "shanghai_boundaries" / "districts.json").read_text(encoding="utf-8")
    shapes = [from_geojson(feature["geometry"]) for feature in json.loads(text)["features"]]
    found = cover(shapes, 4)
    for index, shape in enumerate(shapes):
        assert codes(found, index) == brute_cover.cover(shape, 4)


def test_no_geometries_have_no_cells():
    found = cover([], 5, chips=True)
    assert len(found) == 0
    assert found.cell.dtype == np.int64
    assert found.level.dtype == np.int8
    assert found.is_interior.dtype == np.bool_


def test_levels_are_checked():
    with pytest.raises(CodeError, match="level 11"):
        cover([shapely.Point(1, 1)], 11)
    with pytest.raises(CoverError, match="coarsest=5 is finer than level=4"):
        cover([shapely.Point(1, 1)], 4, compact=True, coarsest=5)
    with pytest.raises(CoverError, match="max_cells=0"):
        cover([shapely.Point(1, 1)], 4, max_cells=0)


def test_too_many_cells_name_the_geometry_and_the_level_that_fits():
    small, large = shapely.box(121, 31, 121.001, 31.001), shapely.box(121, 31, 122, 32)
    with pytest.raises(CoverError, match=r"index 1: more than max_cells=5000 cells at level 5; "
                       r"level 4 would fit \(3721 cells\)"):  # fmt: skip
        cover([small, large], 5, max_cells=5000)
    assert len(cover([large], 4, max_cells=5000)) == 3721
    assert len(cover([large], 5, compact=True, max_cells=5000)) <= 5000


def test_a_long_line_is_refused_before_it_is_walked():
    line = shapely.LineString([(-179, -80), (179, 80)])
    with pytest.raises(CoverError, match="level 3 would fit"):
        cover([line], 10, max_cells=5000)


def test_geometries_with_too_many_cells_can_be_set_aside():
    shapes = [shapely.box(121, 31, 122, 32), shapely.Point(121, 31), shapely.box(100, 20, 130, 40)]
    found = cover(shapes, 5, max_cells=1000, on_invalid="mark")
    assert [bool(problem) for problem in found.problems] == [True, False, True]
    assert "no coarser level" not in found.problems[0]
    assert np.unique(found.geometry).tolist() == [1]


def test_a_level_is_chosen_by_area():
    towns = [shapely.box(121 + i / 10, 31, 121.05 + i / 10, 31.05) for i in range(10)]
    assert choose_level(towns) == 5
    assert choose_level([shapely.box(121, 31, 121.1, 31.1)]) == 4
    assert choose_level([shapely.LineString([(121, 31), (130, 31)])]) == 2


def test_a_level_is_finer_for_more_rows():
    towns = [shapely.box(121 + i / 10, 31, 121.05 + i / 10, 31.05) for i in range(10)]
    chosen = [choose_level(towns, rows=rows) for rows in (1_000, 1_000_000, 1_000_000_000)]
    assert chosen == sorted(chosen)
    assert chosen[0] < chosen[-1]


def test_the_chosen_level_fits_the_cap():
    towns = [shapely.box(121, 31, 122, 32)]
    level = choose_level(towns, rows=10**12, max_cells=20_000)
    assert len(cover(towns, level, compact=True, max_cells=20_000)) <= 20_000
