"""Covers where the grid turns or ends, and the cases in which other libraries lost cells.

Issue numbers are of databrickslabs/mosaic and uber/h3 unless another repository is named.
"""

import brute_cover
import exact
import numpy as np
import pytest
import shapely
from hypothesis import given, settings, strategies as st
from shapely import wkt

from gridcontainer.errors import CoverError
from gridcontainer.grid import (
    LEVELS,
    bounds_to_cells,
    cell_to_bounds,
    cell_to_code,
    cell_to_neighbors,
    code_to_bounds,
    code_to_cell,
    lonlat_to_cell,
)
from gridcontainer.grid.cell import cell_bounds
from gridcontainer.grid.cover import cover

QUADRANTS = ["N51H263D3", "N10H263D3", "S51H263D3", "S10H263D3"]
CORNER_CELLS = ["N31A00000", "N30A00000", "S31A00000", "S30A00000"]  # around 0, 0


def codes(found, index=0):
    mine = found.geometry == index
    return [str(cell_to_code(int(cell), int(level)))
            for cell, level in zip(found.cell[mine], found.level[mine], strict=True)]  # fmt: skip


def as_dict(found, index=0):
    """Code -> is it interior; each code once."""
    texts = codes(found, index)
    assert len(set(texts)) == len(texts)
    return dict(zip(texts, found.is_interior[found.geometry == index].tolist(), strict=True))


def area(found):
    level = int(found.level[0])
    west, south, east, north = cell_bounds(found.cell, level).T
    return np.where(
        found.is_interior, (east - west) * (north - south), shapely.area(found.chip)
    ).sum()


# --- a polygon that is a cell, and others along edges


@pytest.mark.parametrize("code", QUADRANTS + CORNER_CELLS)
@pytest.mark.parametrize("finer", [0, 1, 2])
def test_a_polygon_that_is_a_cell_is_that_cell(code, finer):
    cell, level = code_to_cell(code)
    shape = shapely.box(*code_to_bounds(code))
    found = cover([shape], level + finer, compact=True, chips=True, include_edges=False)
    assert (found.cell.tolist(), found.level.tolist()) == ([cell], [level])
    assert found.is_interior.tolist() == [True]
    assert found.chip.tolist() == [None]


@pytest.mark.parametrize("code", QUADRANTS + CORNER_CELLS)
def test_its_edges_belong_to_the_neighbors_that_own_them(code):
    cell, level = code_to_cell(code)
    shape = shapely.box(*code_to_bounds(code))
    found = cover([shape], level, chips=True)
    assert as_dict(found) == brute_cover.cover(shape, level)
    assert set(found.cell) <= {cell, *cell_to_neighbors(cell, level)}
    assert (shapely.get_dimensions(found.chip[~found.is_interior]) < 2).all()
    corners = shapely.get_coordinates(shape)
    assert set(lonlat_to_cell(*corners.T, level)) <= set(found.cell)


def test_neighbors_that_share_an_edge_share_no_cell():
    shapes = [shapely.box(*code_to_bounds(code)) for code in ("N51H263D3", "N51H263D4")]
    found = cover(shapes, 6, include_edges=False)
    assert len(np.unique(found.cell)) == len(found)


def test_a_polygon_of_whole_cells_has_interior_cells_only():  # mosaic 382
    cells = cell_to_neighbors(code_to_cell("N51H263D36C")[0], 5)[[0, 1, 2, 3, 4, 6]]
    shape = shapely.union_all(shapely.box(*np.array(cell_to_bounds(cells, 5))))
    found = cover([shape], 5, include_edges=False)
    assert found.cell.tolist() == sorted(cells.tolist())
    assert found.is_interior.all()


def test_a_hole_that_is_a_cell_leaves_that_cell_out():
    cells = cell_to_neighbors(code_to_cell("N51H263D36C")[0], 5)
    shape = shapely.union_all(shapely.box(*np.array(cell_to_bounds(cells, 5))))
    assert len(shape.interiors) == 1
    found = cover([shape], 5, include_edges=False)
    assert found.cell.tolist() == sorted(cells.tolist())
    assert found.is_interior.all()
    assert as_dict(cover([shape], 5))["N51H263D36C"] is False


def test_touching_corners():
    a, b = (shapely.box(*code_to_bounds(code)) for code in ("N51H263D36C", "N51H263D37D"))
    shape = shapely.union(a, b)
    found = cover([shape], 5, include_edges=False)
    assert as_dict(found) == {"N51H263D36C": True, "N51H263D37D": True}
    diagonal = shapely.LineString([(0, 0), (1, 1)])
    assert as_dict(cover([diagonal], 4)) == brute_cover.cover(diagonal, 4)
    assert len(cover([diagonal], 2)) == 3


@pytest.mark.parametrize("lon", [0.0, 6.0, -6.0, 121.0, -121.0, 180.0, -180.0])
@pytest.mark.parametrize("lat", [0.0, 4.0, -4.0, 31.0])
def test_lines_along_edges_have_the_cells_that_own_the_edge(lon, lat):
    north = shapely.LineString([(lon, lat - 0.01), (lon, lat + 0.01)])
    east = shapely.LineString([(np.clip(lon - 0.01, -180, 180), lat),
                               (np.clip(lon + 0.01, -180, 180), lat)])  # fmt: skip
    for line in (north, east):
        found = cover([line], 5, chips=True)
        assert as_dict(found) == brute_cover.cover(line, 5)
        assert shapely.length(found.chip).sum() == pytest.approx(line.length)
        points = shapely.line_interpolate_point(line, np.linspace(0, line.length, 50))
        assert np.isin(lonlat_to_cell(*shapely.get_coordinates(points).T, 5), found.cell).all()


@pytest.mark.parametrize("lon", [0.0, 6.0, -6.0, 180.0, -180.0])
def test_points_on_edges_have_one_cell(lon):
    for lat in (0.0, 4.0, -4.0):
        found = cover([shapely.Point(lon, lat)], 7, chips=True)
        assert found.cell.tolist() == [lonlat_to_cell(lon, lat, 7)]
        assert found.chip[0].equals(shapely.Point(lon, lat))


# --- missing cells of others


def test_a_line_that_starts_on_an_edge():  # mosaic 223
    line = wkt.loads(
        "LINESTRING (-120.65246800000001 40.420067, -120.65228800000001 40.420528000000004)"
    )
    for level in range(3, 11):
        found = cover([line], level, max_cells=10**6)
        assert len(found)
        if level < 8:
            assert as_dict(found) == brute_cover.cover(line, level)
    west, south, *_ = code_to_bounds("N51H263D36C")
    line = shapely.LineString([(west, south), (west + 0.003, south + 0.002)])
    assert as_dict(cover([line], 5)) == brute_cover.cover(line, 5)


def test_a_small_polygon_has_cells_at_all_levels():  # mosaic 260, 360, 427, 458; h3 540
    shape = shapely.Point(121.4737, 31.2304).buffer(0.00001)
    for level in range(1, 11):
        found = cover([shape], level, chips=True)
        assert len(found)
        assert area(found) == pytest.approx(shape.area, rel=1e-9)


@pytest.mark.parametrize("width", [1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13])
def test_a_sliver_has_all_its_cells(width):  # h3 136, 540
    shape = shapely.Polygon([(121.1, 31.1), (121.15, 31.13), (121.15, 31.13 + width)])
    found = cover([shape], 5, chips=True)
    assert as_dict(found) == brute_cover.cover(shape, 5)
    assert not shapely.is_empty(found.chip[~found.is_interior]).any()


def test_chips_of_a_cell_that_is_cut_twice_have_both_parts():  # mosaic 309
    west, south, east, north = code_to_bounds("N51H263D3")
    third = (east - west) / 3
    low, high = north + third, north + 2 * third
    left, right = west + third, west + 2 * third
    shape = shapely.Polygon([(west, south), (left, south), (left, low), (right, low),
                             (right, south), (east, south), (east, high),
                             (west, high)])  # fmt: skip
    found = cover([shape], 4, chips=True, include_edges=False)
    assert as_dict(found) == brute_cover.cover(shape, 4, include_edges=False)
    chip = found.chip[codes(found).index("N51H263D3")]
    assert chip.geom_type == "MultiPolygon"
    assert area(found) == pytest.approx(shape.area, rel=1e-9)


def test_a_long_line_is_walked_not_sampled():  # ywx001/BeidouGridCodec 6
    line = shapely.LineString([(-0.37, -0.211), (0.41, 0.3)])
    found = cover([line], 4)
    assert as_dict(found) == brute_cover.cover(line, 4)


def test_invalid_polygons_are_repaired_and_said_so():  # mosaic 545
    bow_tie = shapely.Polygon([(121, 31), (121.1, 31.1), (121.1, 31), (121, 31.1)])
    fine = shapely.box(121, 31, 121.1, 31.1)
    found = cover([fine, bow_tie, fine], 4, chips=True)
    assert found.problems.tolist() == ["", "", ""]
    assert [bool(reason) for reason in found.repairs] == [False, True, False]
    assert "Self-intersection" in found.repairs[1]
    mended = shapely.make_valid(bow_tie)
    assert as_dict(found, 1) == brute_cover.cover(mended, 4)
    with pytest.raises(CoverError, match="the first is index 1: invalid: Self-intersection"):
        cover([fine, bow_tie, fine], 4, repair=False)
    marked = cover([fine, bow_tie, fine], 4, repair=False, on_invalid="mark")
    assert np.unique(marked.geometry).tolist() == [0, 2]


def test_a_polygon_that_collapses_has_the_cells_of_its_line():
    flat = shapely.Polygon([(121, 31), (121.1, 31.1), (121, 31)])
    line = shapely.LineString([(121, 31), (121.1, 31.1)])
    assert cover([flat], 4).cell.tolist() == cover([line], 4).cell.tolist()


@pytest.mark.parametrize(("shape", "problem"), [
    (None, "no geometry"),
    (shapely.Point(), "empty geometry"),
    (shapely.from_wkt("POLYGON EMPTY"), "empty geometry"),
    (shapely.Point(121, float("nan")), "not finite"),
    (shapely.LineString([(121, 31), (float("inf"), 31)]), "not finite"),
    (shapely.Point(13522000, 3663000), "is it in degrees"),  # mosaic 531
    (shapely.Point(31.2, 121.4), "latitude outside"),
    (shapely.Point(0, 88.5), "polar cap"),
    (b"\x01nonsense", "not WKB"),
    ("POINT (121 31)", "neither a shapely geometry nor WKB"),
])  # fmt: skip
def test_problems_are_told_and_the_others_are_covered(shape, problem):
    with pytest.raises(CoverError, match=f"1 of 2 geometries.*index 1: .*{problem}"):
        cover([shapely.Point(121, 31), shape], 5)
    found = cover([shapely.Point(121, 31), shape], 5, on_invalid="mark")
    assert found.problems[0] == ""
    assert problem in found.problems[1]
    assert found.geometry.tolist() == [0]


def test_heights_and_wkb_do_not_matter():
    flat = shapely.LineString([(121, 31), (121.01, 31.02)])
    high = shapely.LineString([(121, 31, 5), (121.01, 31.02, 700)])
    found = cover([flat, high, high.wkb, bytearray(flat.wkb)], 5, chips=True)
    for index in range(1, 4):
        assert codes(found, index) == codes(found, 0)
    assert not shapely.has_z(found.chip).any()
    assert [type(chip) for chip in found.chip_wkb()[:1]] == [bytes]


@pytest.mark.parametrize("text", [
    "LINESTRING (121 31, 121 31)",
    "LINESTRING (121 31, 121 31, 121.001 31.001, 121.001 31.001)",
    "MULTIPOINT ((121 31), (121 31), (121.5 31))",
    "MULTILINESTRING ((121 31, 121.001 31), (121.001 31, 121.002 31.001))",
    "MULTIPOLYGON (((121 31, 121.001 31, 121 31.001, 121 31)),"
    " ((121.001 31.001, 121.002 31.001, 121.001 31.002, 121.001 31.001)))",
    "GEOMETRYCOLLECTION (POINT (121 31), GEOMETRYCOLLECTION (LINESTRING (121 31, 121.002 31)))",
])  # fmt: skip
def test_every_kind_of_geometry(text):
    shape = wkt.loads(text)
    found = cover([shape], 5, chips=True)
    assert as_dict(found) == brute_cover.cover(shape, 5)
    border = ~found.is_interior
    assert not shapely.is_empty(found.chip[border]).any()
    compact = cover([shape], 5, compact=True)
    assert set(compact.cell[~compact.is_interior]) == set(found.cell[border])


def test_areas_of_a_collection_that_overlap_are_one():
    areas = [shapely.box(121, 31, 121.01, 31.01), shapely.box(121.005, 31, 121.02, 31.01)]
    found = cover([shapely.GeometryCollection(areas)], 5, chips=True)
    assert as_dict(found) == brute_cover.cover(shapely.union_all(areas), 5)
    assert area(found) == pytest.approx(0.0002, rel=1e-9)


def test_what_lies_in_an_interior_cell_of_its_collection_is_not_told_again():
    disc = shapely.Point(121.05, 31.05).buffer(0.04)
    inside = [shapely.Point(121.05, 31.05), shapely.LineString([(121.05, 31.05), (121.2, 31.05)])]
    found = cover([shapely.GeometryCollection([disc, *inside])], 6, compact=True, chips=True)
    order = np.argsort(found.cell)
    masks = np.array([level.mask for level in LEVELS])[found.level - 1]
    assert (found.cell[order][1:] > (found.cell | ~masks)[order][:-1]).all()
    flat = cover([disc, inside[1]], 6)
    assert set(found.cell[~found.is_interior]) == set(flat.cell[~flat.is_interior]) - set(
        flat.cell[flat.is_interior]
    )


# --- the antimeridian


def test_a_box_across_the_antimeridian_however_it_is_written():  # mosaic 371
    split = shapely.MultiPolygon(
        [shapely.box(179.5, 10, 180, 11), shapely.box(-180, 10, -179.5, 11)]
    )
    onward = shapely.box(179.5, 10, 180.5, 11)
    back = shapely.box(-180.5, 10, -179.5, 11)
    jump = shapely.Polygon([(179.5, 10), (-179.5, 10), (-179.5, 11), (179.5, 11)])
    want = set(bounds_to_cells(179.5, 10, -179.5, 11, 4))
    found = cover([split, onward, back], 4, chips=True)
    for index in range(3):
        assert set(found.cell[found.geometry == index]) == want
    widths = shapely.bounds(found.chip[~found.is_interior])
    assert (widths[:, 2] - widths[:, 0]).max() <= 1 / 60 + 1e-12
    assert set(cover([jump], 4, unwrap=True).cell) == want
    with pytest.raises(CoverError, match="more than max_cells"):
        cover([jump], 4)  # as it lies in the plane: round the globe


def test_what_lies_wholly_beyond_180_degrees_does_not_touch_it_from_the_other_side():
    for include_edges in (True, False):
        beyond, plain = shapely.box(180, 10, 181, 11), shapely.box(-180, 10, -179, 11)
        found = cover([beyond, plain], 4, include_edges=include_edges)
        assert codes(found, 0) == codes(found, 1)


def test_lines_and_points_across_the_antimeridian():
    onward = shapely.LineString([(179.9, 10), (180.1, 10.1)])
    jump = shapely.LineString([(179.9, 10), (-179.9, 10.1)])
    cells = cover([onward], 4).cell.tolist()
    assert cover([jump], 4, unwrap=True).cell.tolist() == cells
    assert lonlat_to_cell(-179.9, 10.1, 4) in cells
    assert cover([shapely.Point(190, 10)], 5).cell.tolist() == [lonlat_to_cell(-170.0, 10, 5)]


def test_a_hole_across_the_antimeridian_stays_a_hole():
    ring = [(178, 0), (-178, 0), (-178, 4), (178, 4)]
    hole = [(-179, 1), (179, 1), (179, 3), (-179, 3)]
    found = cover([shapely.Polygon(ring, [hole])], 3, unwrap=True, include_edges=False)
    plain = shapely.Polygon([(x % 360, y) for x, y in ring], [[(x % 360, y) for x, y in hole]])
    assert found.cell.tolist() == cover([plain], 3, include_edges=False).cell.tolist()
    assert lonlat_to_cell(180.0, 2.0, 3) not in found.cell


def test_a_ring_round_a_pole_cannot_be_unwrapped():
    ring = shapely.Polygon([(0, 80), (90, 80), (179, 80), (-90, 80)])
    with pytest.raises(CoverError, match="round a pole"):
        cover([ring], 3, unwrap=True)


# --- boxes of any size, polar caps among them: against bounds_to_cells

HALVES = st.integers(-360, 360).map(lambda n: n / 2)
LATS = st.integers(-180, 180).map(lambda n: n / 2)


@settings(max_examples=60)
@given(
    st.lists(HALVES | st.floats(-180, 180), min_size=2, max_size=2, unique=True).map(sorted),
    st.lists(LATS | st.floats(-90, 90), min_size=2, max_size=2, unique=True).map(sorted),
    st.sampled_from([1, 2]),
    st.booleans(),
)
def test_large_boxes_have_the_cells_of_bounds_to_cells(lons, lats, level, include_edges):
    box = (lons[0], lats[0], lons[1], lats[1])
    if not shapely.box(*box).area > 0:
        return
    found = cover([shapely.box(*box)], level, include_edges=include_edges, chips=True)
    want = bounds_to_cells(*box, level, include_edges=include_edges)
    assert found.cell.tolist() == want.tolist()
    assert not shapely.is_empty(found.chip[~found.is_interior]).any()
    inner = found.cell[found.is_interior]
    west, south, east, north = cell_to_bounds(inner, level)
    across = west > east
    assert (((box[0] <= west) & (east <= box[2])) | (across & (lons == [-180.0, 180.0]))).all()
    assert ((box[1] <= south) & (north <= box[3])).all()


@pytest.mark.parametrize(
    "lons", [(0, 60), (-60, 0), (-120, -60), (60, 120), (120, 180), (-180, -120)]
)
@pytest.mark.parametrize("lats", [(88, 88.5), (88.5, 89), (89, 89.5), (89.5, 90), (87, 88)])
@pytest.mark.parametrize("include_edges", [True, False])
def test_boxes_along_the_edges_of_polar_cells(lons, lats, include_edges):
    for south, north in (lats, (-lats[1], -lats[0])):
        for level in (1, 2):
            box = (lons[0], south, lons[1], north)
            found = cover([shapely.box(*box)], level, include_edges=include_edges)
            want = bounds_to_cells(*box, level, include_edges=include_edges)
            assert found.cell.tolist() == want.tolist()


def test_the_globe():  # h3 290
    globe = shapely.box(-180, -90, 180, 90)
    for level in (1, 2):
        flat = cover([globe], level)
        assert flat.is_interior.all()
        assert len(flat) == {1: 2642, 2: 253472}[level]
    compact = cover([globe], 2, compact=True)
    assert len(compact) == 2642
    assert (compact.level == 1).all()
    assert (cover([globe], 2, compact=True, coarsest=2).level == 2).all()


def test_a_cap_in_parts_adds_up():
    shape = shapely.Point(30, 89).buffer(0.9)
    found = cover([shape], 2, chips=True)
    box = shapely.box(*cell_bounds(found.cell, 2).T)
    inner = found.is_interior
    total = shapely.area(box[inner]).sum() + shapely.area(found.chip[~inner]).sum()
    assert total == pytest.approx(shape.area, rel=1e-9)


def test_lines_and_points_at_the_poles():
    pole = shapely.Point(77, 90)
    line = shapely.LineString([(10, 87.9), (10, 90)])
    found = cover([pole, line], 2, chips=True)
    assert codes(found, 0) == ["N00000"]
    points = shapely.line_interpolate_point(line, np.linspace(0, line.length, 200))
    want = np.unique(lonlat_to_cell(*shapely.get_coordinates(points).T, 2))
    assert found.cell[found.geometry == 1].tolist() == want.tolist()
    assert shapely.length(found.chip).sum() == pytest.approx(line.length)


def test_at_finer_levels_the_caps_are_refused():
    inside, edge = shapely.box(10, 87, 11, 88.5), shapely.box(10, 87, 11, 88)
    with pytest.raises(CoverError, match=r"polar cap.*levels 1-2 only; level 3"):
        cover([inside], 3)
    with pytest.raises(CoverError, match="polar cap"):
        cover([edge], 3)
    found = cover([edge], 3, include_edges=False)
    assert found.cell.tolist() == bounds_to_cells(10, 87, 11, 88, 3, include_edges=False).tolist()


def test_vertices_a_last_digit_away_from_edges():
    width = exact.SIZES[5][0] / exact.UNITS
    x, y = exact.edge(109216 * 8192), exact.edge(28116 * 8192)
    for dx in (np.nextafter(x, 0) - x, 0.0, np.nextafter(x, 200) - x):
        for dy in (np.nextafter(y, 0) - y, 0.0, np.nextafter(y, 200) - y):
            shape = shapely.box(x + dx, y + dy, x + dx + 2 * width, y + dy + width)
            found = cover([shape], 5, chips=True)
            assert as_dict(found) == brute_cover.cover(shape, 5)
            assert area(found) == pytest.approx(shape.area, rel=1e-9)
