"""Covers of polygons: interior cells as coarse as they fit, and border cells with chips."""

from dataclasses import dataclass
from math import prod

import numpy as np
import shapely

from gridcontainer.grid.arrays import Float64s, Int64s
from gridcontainer.grid.cell import cell_bounds, cell_to_children
from gridcontainer.grid.cover.accept import Family
from gridcontainer.grid.cover.border import Border, find_border
from gridcontainer.grid.cover.clip import clip_polygons, intersect
from gridcontainer.grid.cover.frame import contains, distinct
from gridcontainer.grid.cover.interior import Interior, Parity, find_interior
from gridcontainer.grid.cover.limit import Cap
from gridcontainer.grid.cover.pieces import Pieces, Segments
from gridcontainer.grid.cover.result import Rows, make_rows
from gridcontainer.grid.cover.runs import Shapes, collect, join_pieces, run_shapes
from gridcontainer.grid.cover.shapes import ring_segments
from gridcontainer.grid.levels import LEVELS, POLAR_LATITUDE
from gridcontainer.grid.packing import index_to_cell

_AREA_TOLERANCE = 1e-10  # of the area, relative; rounding of chips is a thousandth of that
_NEAR = 1e-11  # degrees: a thousand times the rounding of a chip's vertices


@dataclass(frozen=True)
class _Batch:
    """Polygons covered at once."""

    polygons: Shapes
    geometry: Int64s
    segments: Segments
    border: Border


def cover_areas(
    family: Family, number: int, *, coarsest: int, compact: bool, include_edges: bool,
    chips: bool, cap: Cap,
) -> Rows:  # fmt: skip
    """Rows of the cells of valid (multi-)polygons below 88 degrees; see ``cover``."""
    segments = ring_segments(family.shapes)
    border = find_border(segments, shapely.bounds(family.shapes), number, cap.require, keep=chips)
    batch = _Batch(family.shapes, family.geometry, segments, border)
    interior = list(find_interior(border, segments))
    touched = border.touched_only()
    if include_edges and touched.size:
        touched = touched[~Parity(segments, border.frame)(touched)]
    else:
        touched = touched[:0]
    floor = coarsest if compact else number
    _require_cap(batch, interior, floor, cap)
    rows = [make_rows(batch.geometry[part.part], part.cell, part.number, interior=True)
            for part in (_expand(found, floor) for found in interior)]  # fmt: skip
    outer = np.sort(np.concatenate([border.inside, touched]))
    chip = _chips(batch, interior, outer, touched, include_edges) if chips else None
    part, column, row = border.frame.unpack(outer)
    cells = index_to_cell(column, row, number)
    rows.append(make_rows(batch.geometry[part], cells, number, interior=False, chip=chip))
    return Rows.stack(rows)


def _require_cap(batch: _Batch, interior: list[Interior], floor: int, cap: Cap) -> None:
    counts = np.bincount(batch.border.frame.part(batch.border.inside),
                         minlength=len(batch.geometry)).astype(np.float64)  # fmt: skip
    for found in interior:
        counts += float(_cells_each(found, floor)) * np.bincount(found.part, minlength=len(counts))
    cap.require(np.minimum(counts, 2.0**62).astype(np.int64))


def _expand(found: Interior, floor: int) -> Interior:
    """The same ground in cells not coarser than a level."""
    if found.number >= floor or not len(found.cell):
        return found
    children = cell_to_children(found.cell, found.number, floor, max_cells=1 << 62)
    return Interior(floor, np.repeat(found.part, _cells_each(found, floor)), children.reshape(-1))


def _cells_each(found: Interior, floor: int) -> int:
    """Cells at a level for one of the cells, where these are coarser."""
    return prod(level.children for level in LEVELS[found.number : floor])


def _chips(
    batch: _Batch, interior: list[Interior], outer: Int64s, touched: Int64s, include_edges: bool
) -> Shapes:
    pieces, key, path = all_pieces(batch.segments, batch.border)
    on_edge = ~pieces.is_inside
    crowded = distinct(key[on_edge])
    border, frame = batch.border, batch.border.frame
    chips = clip_polygons(batch.polygons, frame, border.inside, crowded, (key, path), pieces.ends)
    _mend(batch, interior, chips)
    thin = border.inside[shapely.is_empty(chips)]
    out = np.empty(len(outer), dtype=object)
    if include_edges and crowded.size:
        also = on_edge & contains(border.inside, key)
        _add_touches(border.inside, chips, key[also], pieces.ends[also])
    out[np.searchsorted(outer, border.inside)] = chips
    # Without area, or with less than doubles can tell: the border itself.
    if (flat := np.union1d(touched, thin)).size:
        runs = join_pieces(key, path, pieces.ends)
        runs = runs[contains(flat, runs.key)]
        out[np.searchsorted(outer, flat)] = collect(flat, runs.key, run_shapes(runs))
    return out


def all_pieces(segments: Segments, border: Border) -> tuple[Pieces, Int64s, Int64s]:
    """All pieces of segments, with the cell and the path of each."""
    pieces = Pieces.stack(border.kept)
    key = border.frame.key(segments.part[pieces.segment], pieces.column, pieces.row)
    return pieces, key, segments.path[pieces.segment]


def _mend(batch: _Batch, interior: list[Interior], chips: Shapes) -> None:
    """Clip anew, by shapely, what does not add up to its polygon."""
    border = batch.border
    part = border.frame.part(border.inside)
    wanted = _ordinary_areas(batch)
    total = _sums(part, shapely.area(chips), len(wanted))
    for found in interior:
        total += _sums(found.part, _areas(found), len(wanted))
    wrong = np.abs(total - wanted) > _AREA_TOLERANCE * wanted
    again = wrong[part] | ~shapely.is_valid(chips)
    if again.any():
        chips[again] = intersect(batch.polygons, border.frame, border.inside[again])


def _sums(index: Int64s, values: Float64s, count: int) -> Float64s:
    sums: Float64s = np.bincount(index, values, count).astype(np.float64)  # int64 if empty
    return sums


def _ordinary_areas(batch: _Batch) -> Float64s:
    """Areas of the polygons below 88 degrees."""
    bounds = batch.border.bounds
    areas: Float64s = shapely.area(batch.polygons)
    beyond = (bounds[:, 1] < -POLAR_LATITUDE) | (bounds[:, 3] > POLAR_LATITUDE)
    below = shapely.box(-180.0, -POLAR_LATITUDE, 180.0, POLAR_LATITUDE)
    areas[beyond] = shapely.area(shapely.intersection(batch.polygons[beyond], below))
    return areas


def _areas(found: Interior) -> Float64s:
    west, south, east, north = cell_bounds(found.cell, found.number).T
    areas: Float64s = (east - west) * (north - south)
    return areas


def _add_touches(keys: Int64s, chips: Shapes, key: Int64s, ends: Float64s) -> None:
    """Add to chips the points and lines in which the polygon only touches its own cell's edge."""
    at = np.searchsorted(keys, key)
    middle = shapely.points((ends[:, :2] + ends[:, 2:]) / 2.0)
    apart = ~shapely.dwithin(chips[at], middle, _NEAR)
    if apart.any():
        runs = join_pieces(key[apart], np.arange(int(apart.sum())), ends[apart])
        found = np.unique(at[apart])
        members = np.concatenate([chips[found], run_shapes(runs)])
        chips[found] = collect(found, np.concatenate([found, at[apart]]), members)
