"""Which bands suit polygons and the points that are to be found in them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from gridcontainer.errors import CoverError
from gridcontainer.grid.bands.levels import BandLevels, all_band_levels
from gridcontainer.grid.cover.runs import Shapes
from gridcontainer.grid.levels import UNITS_PER_DEGREE

# Nanoseconds, measured on the tables of benchmarks.join; only their ratios matter.
_ROW_COST: Final = 1200.0  # to make a row and send it to all tasks
_PAIR_COST: Final = 25.0  # to find one row for a point
_EDGE_COST: Final = 6.0  # to compare a point with an edge
MAX_ROWS: Final = 20_000_000


@dataclass(frozen=True)
class Sizes:
    """What the cost of bands depends on; those of parts add up.

    Attributes:
        polygons: how many.
        segments: of their rings.
        area: square degrees.
        dx, dy: sums of the absolute steps of all segments, degrees.
    """

    polygons: int
    segments: int
    area: float
    dx: float
    dy: float


@dataclass(frozen=True)
class BandPlan:
    """Chosen levels, and about what they lead to."""

    levels: BandLevels
    rows: int
    rows_per_point: float
    edges_per_row: float


def measure(shapes: Shapes) -> Sizes:
    """Sizes of polygons; degrees."""
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    inner = of[1:] == of[:-1]
    dx, dy = np.abs(np.diff(xy, axis=0))[inner].sum(axis=0).tolist()
    area = float(shapely.area(shapes).sum())
    return Sizes(len(shapes), int(inner.sum()), area, dx, dy)


def choose_bands(sizes: Sizes, *, points: int) -> BandPlan:
    """The bands that cost least to make, to send and to compare points with.

    Args:
        sizes: of the polygons, which are taken to cover their ground about once.
        points: about how many are to be found in them.

    Raises:
        CoverError: even the coarsest bands are too many.
    """
    plans = [_plan(sizes, levels) for levels in all_band_levels()]
    fitting = [plan for plan in plans if plan.rows <= MAX_ROWS]
    if not fitting:
        raise CoverError(f"{sizes.polygons} polygons have more than {MAX_ROWS} bands")
    return min(fitting, key=lambda plan: _cost(plan, points))


def _plan(sizes: Sizes, levels: BandLevels) -> BandPlan:
    width, height = levels.width / UNITS_PER_DEGREE, levels.height / UNITS_PER_DEGREE
    whole = sizes.area / (width * height)
    # A row of a polygon begins and ends in a band that is passed, and its rings pass others.
    passed = sizes.dx / width + sizes.dy / height + max(sizes.polygons, 1)
    rows = whole + passed
    edges = (sizes.segments + passed) / passed
    return BandPlan(levels, int(rows), 1.0 + min(passed / max(whole, 1.0), 50.0), float(edges))


def _cost(plan: BandPlan, points: int) -> float:
    share = min(plan.rows_per_point - 1.0, 2.0)
    edges = share * plan.edges_per_row
    return _ROW_COST * plan.rows + points * (plan.rows_per_point * _PAIR_COST + edges * _EDGE_COST)
