"""Where points lie in polygons, by exact arithmetic: an oracle for tests on lattices and vertices.

GEOS is not sharp enough for this: it calls some points inside that lie on an edge by rational
arithmetic. A double is a ratio of integers, so fractions decide without any rounding.
"""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

Edge = tuple[float, float, float, float]


class ExactArea:
    """The edges of one polygon or multipolygon, ready for many points.

    A point is inside where a ray to the east crosses an odd number of edges of all rings.
    """

    def __init__(self, shape: Any) -> None:
        """Collect the edges of every ring of the shape."""
        rings = shapely.get_rings(shapely.get_parts(shape))
        paths = [shapely.get_coordinates(ring).tolist() for ring in rings]
        self._edges: list[Edge] = [(*a, *b) for path in paths for a, b in pairwise(path)]
        ends = np.array(self._edges).reshape(-1, 4)
        self._south, self._north = ends[:, 1::2].min(axis=1), ends[:, 1::2].max(axis=1)

    def place(self, x: float, y: float) -> str:
        """``"inside"``, ``"edge"`` (on a ring, vertices included) or ``"outside"``."""
        crossed = 0
        for i in np.flatnonzero((self._south <= y) & (y <= self._north)).tolist():
            side = _side(self._edges[i], Fraction(x), Fraction(y))
            if side is None:
                return "edge"
            crossed += side
        return "inside" if crossed % 2 else "outside"


def _side(edge: Edge, x: Fraction, y: Fraction) -> int | None:
    """1 where the ray to the east crosses the edge, 0 where not, None on the edge."""
    x1, y1, x2, y2 = map(Fraction, edge)
    if (x2 - x1) * (y - y1) == (y2 - y1) * (x - x1) and min(x1, x2) <= x <= max(x1, x2):
        return None
    if (y1 <= y) == (y2 <= y):
        return 0
    return int(x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))


def meets(shapes: Any, lon: Any, lat: Any) -> Any:
    """Which shape holds which point, edges included: an array (shapes, points) of booleans."""
    return _where(shapes, lon, lat, ("inside", "edge"))


def holds_inside(shapes: Any, lon: Any, lat: Any) -> Any:
    """Which shape has which point in its interior: an array (shapes, points) of booleans."""
    return _where(shapes, lon, lat, ("inside",))


def _where(shapes: Any, lon: Any, lat: Any, places: tuple[str, ...]) -> Any:
    areas = [ExactArea(shape) for shape in shapes]
    points = list(zip(np.asarray(lon).tolist(), np.asarray(lat).tolist(), strict=True))
    return np.array(
        [[np.isfinite(p).all() and area.place(*p) in places for p in points] for area in areas]
    )
