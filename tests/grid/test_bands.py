"""Bands against exact arithmetic: every point, every polygon."""

from fractions import Fraction

import numpy as np
import pytest
import shapely
from exact_polygon import ExactArea
from hypothesis import example, given, settings, strategies as st

from benchmarks.tessellation import tessellate
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.grid.bands import (
    BandLevels,
    Bands,
    TooManyEdgesError,
    choose_bands,
    make_bands,
)
from gridcontainer.grid.bands.choose import measure
from gridcontainer.grid.packing import cell_to_index

SHANGHAI = (121.0, 31.0, 121.4, 31.3)
LEVELS = [BandLevels(1, 2), BandLevels(3, 3), BandLevels(3, 5), BandLevels(4, 5), BandLevels(5, 7)]


def place(bands: Bands, levels: BandLevels, x: float, y: float) -> dict[int, str]:
    """Where a point lies, for each polygon that has a row for it; by fractions, row by row."""
    column, _ = cell_to_index(
        lonlat_to_cell(np.array([x]), np.array([y]), levels.cell), levels.cell
    )
    _, row = cell_to_index(lonlat_to_cell(np.array([x]), np.array([y]), levels.row), levels.row)
    rows, edges = bands.rows, bands.edges
    found = {}
    for i in np.flatnonzero(rows.key == levels.keys(column, row)[0]).tolist():
        if not (rows.west[i] <= x < rows.east[i] and rows.south[i] <= y < rows.north[i]):
            continue
        part = int(rows.part[i])
        assert part not in found, "two rows of a polygon hold one point"
        inside, on_edge = bool(rows.is_inside[i]), False
        own = edges[edges.row == i]
        ends = (own.low, own.high, own.x_low, own.x_high)
        for edge in zip(*(column.tolist() for column in ends), strict=True):
            side = turn(edge, x, y)
            on_edge |= side == 0
            inside ^= side < 0
        found[part] = "edge" if on_edge else "inside" if inside else "outside"
    return found


def turn(edge: tuple[float, ...], x: float, y: float) -> int:
    """0 on the edge, -1 east of it between its latitudes, else 1."""
    low, high, x_low, x_high = map(Fraction, edge)
    px, py = Fraction(x), Fraction(y)
    if not low <= py <= high:
        return 1
    cross = (x_high - x_low) * (py - low) - (high - low) * (px - x_low)
    if cross == 0 and min(x_low, x_high) <= px <= max(x_low, x_high):
        return 0
    return -1 if cross < 0 and py < high else 1


def require_same(shapes: np.ndarray, levels: BandLevels, points: np.ndarray, most: int) -> None:
    bands = make_bands(shapes, levels, most_edges=most)
    assert bands.counts().max(initial=0) <= most
    areas = [ExactArea(shape) for shape in shapes]
    for x, y in points.tolist():
        found = place(bands, levels, x, y)
        expected = {part: area.place(x, y) for part, area in enumerate(areas)}
        for part in range(len(areas)):
            assert found.get(part, "outside") == expected[part], (part, x, y)


def special_points(shapes: np.ndarray, levels: BandLevels, rng: np.random.Generator) -> np.ndarray:
    """Random places, vertices, middles of edges, places on lines of the grid and at vertices' y."""
    west, south, east, north = shapely.total_bounds(shapes)
    vertices = shapely.get_coordinates(shapes)
    some = vertices[rng.integers(0, len(vertices), 60)]
    middles = (vertices[:-1] + vertices[1:])[rng.integers(0, len(vertices) - 1, 30)] / 2
    free = rng.uniform((west, south), (east, north), (150, 2))
    step = np.array([levels.width, levels.height]) / 7_372_800
    on_grid = np.round(free[:40] / step) * step
    half = np.column_stack([on_grid[:, 0], free[:40, 1]])
    level_with = np.column_stack([free[:60, 0], some[:, 1]])
    above = np.column_stack([some[:, 0], free[:60, 1]])
    return np.concatenate([some, middles, free, on_grid, half, level_with, above])


@pytest.mark.parametrize("levels", LEVELS, ids=str)
def test_bands_place_points_as_exact_arithmetic_does(levels: BandLevels) -> None:
    """A tessellation, with few edges a row so that rows are split both ways."""
    shapes = tessellate(SHANGHAI, 6, seed=7)
    points = special_points(shapes, levels, np.random.default_rng(5))
    require_same(shapes, levels, points, most=8)


SQUARES = [
    # On the lines of the grid, in all four quadrants; holes, parts that touch, far edges.
    shapely.box(121.0, 31.0, 121.25, 31.25),
    shapely.box(-121.25, -31.25, -121.0, -31.0),
    shapely.box(-0.25, -0.25, 0.25, 0.25),
    shapely.box(-0.5, 0.1, 0.3, 0.4).difference(shapely.box(-0.25, 0.2, 0.0, 0.3)),
    shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]),
    shapely.box(179.0, -0.5, 180.0, 0.5),
    shapely.Polygon([(121.0, 31.0), (121.5, 31.2), (121.0, 31.4), (121.2, 31.2)]),
    shapely.Polygon([(-10.0, -10.0), (10.0, -10.0), (0.0, 10.0)]),
    shapely.Polygon([(121.1, 31.10001), (121.3, 31.10002), (121.3, 31.10003)]),
]


@pytest.mark.parametrize("shape", SQUARES, ids=range(len(SQUARES)))
@pytest.mark.parametrize("levels", [BandLevels(2, 2), BandLevels(3, 4)], ids=str)
def test_bands_of_shapes_on_lines_of_the_grid(shape: shapely.Geometry, levels: BandLevels) -> None:
    shapes = np.array([shape], dtype=object)
    points = special_points(shapes, levels, np.random.default_rng(3))
    require_same(shapes, levels, points, most=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=3, max_size=9),
    st.sampled_from([BandLevels(3, 3), BandLevels(3, 4), BandLevels(4, 4)]),
    st.sampled_from([(121.5, 31.5), (0.0, 0.0), (-60.25, -33.5)]),
)
@example([(0, -5), (-1, 7), (-2, -8), (5, -8), (-7, 0)], BandLevels(3, 3), (0.0, 0.0))
def test_bands_of_any_polygon_on_a_lattice(
    corners: list[tuple[int, int]], levels: BandLevels, origin: tuple[float, float]
) -> None:
    """Vertices, edges and points meet on a lattice of quarters of a degree's sixtieth."""
    shape = shapely.make_valid(
        shapely.Polygon([(origin[0] + x / 32, origin[1] + y / 32) for x, y in corners])
    )
    areas = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    if not areas:
        return
    shapes = np.array([shapely.union_all(areas)], dtype=object)
    lattice = np.arange(-8, 9, 2) / 32
    x, y = np.meshgrid(origin[0] + lattice, origin[1] + lattice)
    require_same(shapes, levels, np.column_stack([x.ravel(), y.ravel()]), most=16)


def test_more_edges_in_one_place_than_a_row_holds_are_an_error() -> None:
    """Twelve triangles that share one corner."""
    angles = np.linspace(0, 2 * np.pi, 25)[:-1]
    rim = np.column_stack([121.5 + 0.01 * np.cos(angles), 31.2 + 0.01 * np.sin(angles)])
    fan = [shapely.Polygon([(121.5, 31.2), rim[i], rim[i + 1]]) for i in range(0, 24, 2)]
    with pytest.raises(TooManyEdgesError, match=r"polygon 0 meet near 121\.5.*at most 8"):
        make_bands(np.array([shapely.MultiPolygon(fan)]), BandLevels(4, 5), most_edges=8)


def test_more_points_are_worth_finer_bands() -> None:
    sizes = measure(tessellate(SHANGHAI, 50))
    few, many = (choose_bands(sizes, points=points) for points in (1_000, 50_000_000))
    assert few.levels.width >= many.levels.width
    assert few.levels.height > many.levels.height
    assert few.rows < many.rows
