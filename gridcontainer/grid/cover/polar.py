"""Covers in the polar caps: one cell each at level 1, sixteen at level 2.

Cells are taken in the plane of longitude and latitude, where one that crosses the antimeridian is
two boxes and the pole is a line.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.accept import AREA_TYPES, Family
from gridcontainer.grid.cover.result import Rows, join_rows, make_rows
from gridcontainer.grid.cover.runs import Shapes, collect
from gridcontainer.grid.levels import LEVELS, POLAR_LATITUDE
from gridcontainer.grid.polar import POLAR_DIGITS, polar_bounds


@dataclass(frozen=True)
class _Boxes:
    """Boxes of the polar cells of a level, both caps; ``owned`` without the edges of others."""

    cell: Int64s
    whole: Shapes
    owned: Shapes


def cover_polar(
    family: Family, number: int, *, coarsest: int, compact: bool, include_edges: bool, chips: bool
) -> Rows:
    """Rows of the polar cells of shapes; see ``cover``."""
    bounds = shapely.bounds(family.shapes)
    reaching = (bounds[:, 3] >= POLAR_LATITUDE) | (bounds[:, 1] <= -POLAR_LATITUDE)
    shapes, geometry = family.shapes[reaching], family.geometry[reaching]
    boxes = _boxes(number)
    shape = np.repeat(np.arange(len(shapes)), len(boxes.cell))
    box = np.tile(np.arange(len(boxes.cell)), len(shapes))
    is_area = np.isin(shapely.get_type_id(shapes), AREA_TYPES)[shape]
    met = _meets(shapes[shape], boxes, box, is_area & (not include_edges))
    full = is_area & shapely.covers(shapes[shape], boxes.whole[box])
    shape, box, full = shape[met], box[met], full[met]
    # A cell of two boxes is interior if both are.
    cells, need = np.unique(boxes.cell, return_counts=True)
    pair, inverse = np.unique(np.stack([shape, boxes.cell[box]], axis=1), axis=0,
                              return_inverse=True)  # fmt: skip
    inverse = inverse.reshape(-1)
    inside = np.bincount(inverse, full, len(pair)) == need[np.searchsorted(cells, pair[:, 1])]
    inner = make_rows(geometry[pair[inside, 0]], pair[inside, 1], number, interior=True)
    if compact and coarsest == 1 and number > 1:
        inner = _compact_caps(inner)
    outer = make_rows(geometry[pair[~inside, 0]], pair[~inside, 1], number, interior=False)
    if chips and len(outer):
        cut = shapely.intersection(shapes[shape], boxes.whole[box])
        kept = ~inside[inverse]
        outer.chip[:] = collect(np.flatnonzero(~inside), inverse[kept], cut[kept])
    return join_rows([inner, outer])


def _meets(shapes: Shapes, boxes: _Boxes, box: Int64s, by_area: Bools) -> Bools:
    met: Bools = shapely.intersects(shapes, boxes.owned[box])
    whole = shapely.intersects(shapes[by_area], boxes.whole[box[by_area]])
    met[by_area] = whole & ~shapely.touches(shapes[by_area], boxes.whole[box[by_area]])
    return met


def _compact_caps(rows: Rows) -> Rows:
    """One cell of level 1 in place of all sixteen of a cap."""
    caps = np.stack([rows.geometry, rows.cell & LEVELS[0].mask], axis=1)
    pairs, inverse, counts = np.unique(caps, axis=0, return_inverse=True, return_counts=True)
    whole = counts == len(POLAR_DIGITS)
    top = make_rows(pairs[whole, 0], pairs[whole, 1], 1, interior=True)
    return join_rows([rows[~whole[inverse.reshape(-1)]], top])


def _boxes(number: int) -> _Boxes:
    caps = np.array([0, np.iinfo(np.int64).min])
    cells = caps if number == 1 else (caps[:, None] | POLAR_DIGITS << LEVELS[1].shift).reshape(-1)
    west, south, east, north = polar_bounds(cells, number).T
    across = west > east
    boxes = np.concatenate([
        np.stack([west, south, np.where(across, 180.0, east), north], axis=1),
        np.stack([np.full(len(cells), -180.0), south, east, north], axis=1)[across],
    ])  # fmt: skip
    return _Boxes(np.concatenate([cells, cells[across]]), _box(boxes), _box(_owned(boxes)))


def _box(bounds: Float64s) -> Any:
    return shapely.box(*bounds.T)


def _owned(boxes: Float64s) -> Float64s:
    """Boxes of the coordinates that the cells own: without the edges of others."""
    west, south, east, north = boxes.T
    around = (west == -180.0) & (east == 180.0)
    eastern = west >= 0.0
    inner_west = np.where(eastern | (west == -180.0), west, np.nextafter(west, 0.0))
    open_east = (eastern & (east < 180.0)) | (~eastern & ~around & (east == 0.0))
    inner_east = np.where(open_east, np.nextafter(east, -180.0), east)
    inner_north = np.where((north > 0) & (north < 90), np.nextafter(north, 0.0), north)
    inner_south = np.where((south < 0) & (south > -90), np.nextafter(south, 0.0), south)
    return np.stack([inner_west, inner_south, inner_east, inner_north], axis=1)
