"""Which level to cover geometries at."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from gridcontainer.errors import CoverError
from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.cover.accept import read_shapes
from gridcontainer.grid.cover.cover import MAX_CELLS_EACH
from gridcontainer.grid.cover.runs import Shapes
from gridcontainer.grid.levels import LEVELS, UNITS_PER_DEGREE, Level

LEAST_CELLS: Final = 16  # in a typical geometry: fewer tell little of its shape
CHIP_COST: Final = 6.0  # microseconds to make one border cell and its chip
TEST_COST: Final = 1.0  # microseconds to test one point against a chip


def choose_level(
    geometries: Sequence[object] | Shapes,
    *,
    rows: int | None = None,
    max_cells: int = MAX_CELLS_EACH,
) -> int:
    """The level of border cells that suits geometries, for a compact cover.

    Without ``rows`` the coarsest level of which the typical (median) geometry has at least 16
    cells by area, or by length if it is a line. With ``rows`` the level at which it costs least to
    make the chips and to test, against them, the rows that fall into border cells: more rows are
    worth finer borders. Points have no border: they are told apart best at the finest level.

    Args:
        geometries: shapely geometries or WKB, degrees; those that cannot be read are left out.
        rows: points that will be joined with the cover; they are taken to lie evenly in the
            geometries.
        max_cells: no geometry may have more border cells.

    Returns:
        1-10.

    Raises:
        CoverError: no geometry has a place, or one has too many cells even at level 1.
    """
    shapes, _ = read_shapes(geometries)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(shapes):
        raise CoverError("no geometry to choose a level for")
    passed = {level: _border_cells(shapes, level) for level in LEVELS}
    fitting = [level for level in LEVELS if passed[level].max() <= max_cells]
    if not fitting:
        raise CoverError(f"a geometry has more than max_cells={max_cells} cells even at level 1")
    if rows is None:
        return _by_size(shapes, fitting)
    area = float(shapely.area(shapes).sum())
    costs = []
    for level in fitting:
        border = float(passed[level].sum())
        share = min(border * _cell_area(level) / area, 1.0) if area else 1.0
        costs.append(CHIP_COST * border + TEST_COST * rows * share)
    return fitting[int(np.argmin(costs))].number


def _by_size(shapes: Shapes, fitting: list[Level]) -> int:
    for level in fitting:
        height = level.height / UNITS_PER_DEGREE
        cells = np.where(shapely.get_dimensions(shapes) == 2,
                         shapely.area(shapes) / _cell_area(level),
                         shapely.length(shapes) / height)  # fmt: skip
        if np.median(cells) >= LEAST_CELLS:
            return level.number
    return fitting[-1].number


def _cell_area(level: Level) -> float:
    return level.width * level.height / UNITS_PER_DEGREE**2


def _border_cells(shapes: Shapes, level: Level) -> Float64s:
    """About how many cells the lines and rings of each shape pass."""
    bounds = shapely.bounds(shapes)
    xy, of = shapely.get_coordinates(shapes, return_index=True)
    inner = of[1:] == of[:-1]
    dx, dy = np.abs(np.diff(xy, axis=0))[inner].T * UNITS_PER_DEGREE
    steps = dx / level.width + dy / level.height
    cells = np.bincount(of[1:][inner], steps, len(shapes)) + 1.0
    # Paths within one cell count once, however many vertices they have.
    size = (bounds[:, 2:] - bounds[:, :2]) * UNITS_PER_DEGREE / [level.width, level.height]
    all_cells = np.prod(np.ceil(size) + 1.0, axis=1)
    fewer: Float64s = np.minimum(cells, all_cells)
    return fewer
