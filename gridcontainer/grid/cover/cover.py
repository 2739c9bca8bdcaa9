"""Geometries to cells.

Source: GB/T 39409-2020, clause 5, for the cells; what a cover holds is this project's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely

from gridcontainer.errors import CoverError
from gridcontainer.grid.arrays import OnInvalid
from gridcontainer.grid.cover.accept import (
    Accepted,
    Family,
    accept,
    require_none,
    split_dimensions,
)
from gridcontainer.grid.cover.areas import cover_areas
from gridcontainer.grid.cover.frame import LARGEST, frame_size
from gridcontainer.grid.cover.limit import Cap, TooManyCellsError
from gridcontainer.grid.cover.lines import cover_lines, cover_points
from gridcontainer.grid.cover.polar import cover_polar
from gridcontainer.grid.cover.result import Cover, Rows, join_rows, merge_dimensions
from gridcontainer.grid.cover.runs import Shapes
from gridcontainer.grid.levels import (
    MAX_POLAR_LEVEL,
    UNITS_PER_DEGREE,
    get_level,
)

MAX_CELLS_EACH: Final = 1_000_000  # cells of one geometry, unless told otherwise
_BATCH_PIECES: Final = 1 << 19  # of paths, about; so much is worked on at once


@dataclass(frozen=True)
class _Options:
    """What is asked for; see ``cover``."""

    level: int
    coarsest: int
    compact: bool
    chips: bool
    include_edges: bool
    max_cells: int


def cover(
    geometries: Sequence[object] | Shapes,
    level: int,
    *,
    compact: bool = False,
    coarsest: int = 1,
    chips: bool = False,
    include_edges: bool = True,
    repair: bool = True,
    unwrap: bool = False,
    on_invalid: OnInvalid = "raise",
    max_cells: int = MAX_CELLS_EACH,
) -> Cover:
    """Cells of geometries.

    Edges of geometries are straight in the plane of longitude and latitude. A cell owns its edges
    that are nearer to the equator and to Greenwich, as in ``lonlat_to_cell``; all is decided
    exactly on the coordinates given. So

    - **points and lines** have the cells that own a point of them: each cell that a line passes,
      also through one corner; a line along an edge has the cells that own the edge.
    - **polygons** have the cells with which they share area; with ``include_edges`` also those
      that own a point of their boundary and share no area. Each point of the geometry then lies in
      a cell of its cover. Without, a polygon that is a cell has that cell alone.
    - a cell is *interior* if the polygon holds it whole, its edges included.

    Args:
        geometries: shapely geometries of any kind, or WKB; longitude and latitude in degrees,
            CGCS2000 or WGS 84. Heights are left out. Longitudes may go on past +-180, as far as
            +-360, for a geometry that crosses the antimeridian.
        level: 1-10, of the border cells; above 2 the geometries lie within 88 degrees.
        compact: interior cells as coarse as they fit, instead of all at ``level``.
        coarsest: coarsest level of the interior cells of a compact cover.
        chips: give the part of the geometry in each border cell. A chip of a polygon is the
            polygon within the closed cell, and the boundary's points and lines that the cell owns;
            chips of a line do not overlap.
        include_edges: see above. Only polygons differ.
        repair: invalid polygons are made valid, and said so in ``repairs``; else a problem.
        unwrap: an edge longer than 180 degrees of longitude goes the shorter way, across the
            antimeridian; else all is taken as it lies in the plane.
        on_invalid: ``"mark"`` sets a geometry without a cover aside with its problem.
        max_cells: most cells of one geometry.

    Returns:
        The cells of all geometries, by geometry and cell, each cell of a geometry once.

    Raises:
        CoverError: a geometry has a problem (none, empty, not finite, outside the globe, in a polar
            cap at a level above 2, not repaired) or more than ``max_cells`` cells, and
            ``on_invalid`` is ``"raise"``; names the geometry and the level that would fit.
        CodeError: no such level.
    """
    options = _Options(
        get_level(level).number,
        get_level(coarsest).number,
        compact,
        chips,
        include_edges,
        max_cells,
    )
    if options.coarsest > options.level:
        raise CoverError(f"coarsest={coarsest} is finer than level={level}")
    if max_cells < 1:
        raise CoverError(f"max_cells={max_cells} leaves no cell")
    accepted = accept(
        geometries, level, include_edges=include_edges, repair=repair, unwrap=unwrap,
        on_invalid=on_invalid,
    )  # fmt: skip
    rows = _cover_within_cap(accepted, options, on_invalid)
    return Cover(
        rows.geometry, rows.cell, rows.level, rows.is_interior, rows.chip,
        accepted.problems, accepted.repairs,
    )  # fmt: skip


def _cover_within_cap(accepted: Accepted, options: _Options, on_invalid: OnInvalid) -> Rows:
    """Rows; those with too many cells are set aside, one lot after the other."""
    while True:
        try:
            return _cover_all(accepted.shapes, options)
        except TooManyCellsError as error:
            at = error.geometries
            for index in at.tolist() if on_invalid == "mark" else at[:1].tolist():
                accepted.problems[index] = _too_many(accepted.shapes[index], options)
            accepted.shapes[at] = None
            if on_invalid == "raise":
                require_none(accepted.problems, len(accepted.problems))


def _too_many(shape: Any, options: _Options) -> str:
    """The problem of a shape with too many cells, and the level that would fit."""
    problem = f"more than max_cells={options.max_cells} cells at level {options.level}"
    for level in range(options.level - 1, 0, -1):
        coarsest = min(options.coarsest, level)
        coarser = replace(options, level=level, coarsest=coarsest, chips=False)
        try:
            count = len(_cover_all(np.array([shape], dtype=object), coarser))
        except TooManyCellsError:
            continue
        return f"{problem}; level {level} would fit ({count} cells)"
    return f"{problem}; no coarser level would fit"


def _cover_all(shapes: Shapes, options: _Options) -> Rows:
    points, lines, areas = split_dimensions(shapes)
    level, chips = options.level, options.chips
    parts = [cover_points(points, level, chips=chips, cap=Cap(options.max_cells, points.geometry))]
    for batch in _batches(lines, level):
        cap = Cap(options.max_cells, batch.geometry)
        parts.append(cover_lines(batch, level, chips=chips, cap=cap))
    settings: dict[str, Any] = {
        "coarsest": options.coarsest, "compact": options.compact,
        "include_edges": options.include_edges, "chips": chips,
    }  # fmt: skip
    for batch in _batches(areas, level):
        cap = Cap(options.max_cells, batch.geometry)
        parts.append(cover_areas(batch, level, cap=cap, **settings))
    if level <= MAX_POLAR_LEVEL:
        parts += [cover_polar(family, level, **settings) for family in (lines, areas)]
    geometry = np.concatenate([points.geometry, lines.geometry, areas.geometry])
    present, counts = np.unique(geometry, return_counts=True)
    rows = merge_dimensions(join_rows(parts), present[counts > 1])
    Cap(options.max_cells, np.arange(len(shapes))).require(
        np.bincount(rows.geometry, minlength=len(shapes))
    )
    return rows


def _batches(family: Family, level: int) -> Iterator[Family]:
    """Shapes in lots whose pieces fit the memory and whose cells can be numbered."""
    if not len(family.shapes):
        return
    bounds = shapely.bounds(family.shapes)
    step = get_level(level).height / UNITS_PER_DEGREE
    pieces = shapely.get_num_coordinates(family.shapes) + 2.0 * shapely.length(family.shapes) / step
    cost = np.maximum(pieces / _BATCH_PIECES, frame_size(bounds, level) / LARGEST)
    lot = np.floor(np.cumsum(cost)).astype(np.int64)
    for start, stop in _slices(lot):
        yield Family(family.shapes[start:stop], family.geometry[start:stop])


def _slices(lot: Any) -> Iterator[tuple[int, int]]:
    starts = np.flatnonzero(np.append(True, lot[1:] != lot[:-1])).tolist()
    yield from zip(starts, [*starts[1:], len(lot)], strict=True)
