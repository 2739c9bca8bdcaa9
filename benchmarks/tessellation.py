"""A dense tessellation: polygons that share jagged borders, as administrative areas do."""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Float64s

Shapes = NDArray[Any]

ROUGHNESS: Final = 0.06  # of a border: how far its middle moves, by its length
HALVINGS: Final = 6  # of a border: 64 segments, so about 400 vertices a polygon


def tessellate(
    bounds: tuple[float, float, float, float], count: int, *, seed: int = 2026
) -> Shapes:
    """About ``count`` valid polygons that fill a box without gap or overlap.

    Voronoi cells of random sites; each border is a fractal line, made once for both its sides.

    Args:
        bounds: west, south, east, north, degrees.
        count: of sites; a few cells whose borders cross themselves are left out.
        seed: of sites and borders.
    """
    rng = np.random.default_rng(seed)
    sites = rng.uniform(bounds[:2], bounds[2:], (count, 2))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=shapely.box(*bounds))
    )
    corners = shapely.get_coordinates(cells)
    nodes, node_of = np.unique(corners.round(9), axis=0, return_inverse=True)
    node_of = node_of.reshape(-1)
    _, ring = shapely.get_coordinates(cells, return_index=True)
    inner = ring[1:] == ring[:-1]
    ends = np.stack([node_of[:-1][inner], node_of[1:][inner]], axis=1)
    borders, border_of = np.unique(np.sort(ends, axis=1), axis=0, return_inverse=True)
    lines = _roughen(nodes[borders[:, 0]], nodes[borders[:, 1]], rng)
    turned = ends[:, 0] != borders[border_of.reshape(-1), 0]
    paths = lines[border_of.reshape(-1)]
    paths[turned] = paths[turned][:, ::-1]
    of = np.repeat(ring[1:][inner], paths.shape[1] - 1)
    rings = shapely.linearrings(paths[:, :-1].reshape(-1, 2), indices=of)
    polygons = shapely.polygons(rings)
    within: Shapes = shapely.intersection(
        polygons[shapely.is_valid(polygons)], shapely.box(*bounds)
    )
    there: Shapes = within[~shapely.is_empty(within)]
    return there


def _roughen(start: Float64s, end: Float64s, rng: np.random.Generator) -> Float64s:
    """(lines, points, 2): midpoints moved across, again and again."""
    paths = np.stack([start, end], axis=1)
    for _ in range(HALVINGS):
        step = np.diff(paths, axis=1)
        across = np.stack([-step[..., 1], step[..., 0]], axis=2)
        middle = paths[:, :-1] + step / 2.0
        middle += across * rng.normal(0.0, ROUGHNESS, (*across.shape[:2], 1))
        longer = np.empty((len(paths), 2 * paths.shape[1] - 1, 2))
        longer[:, 0::2], longer[:, 1::2] = paths, middle
        paths = longer
    return paths
