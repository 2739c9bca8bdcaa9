"""Covers of lines and points: each cell that owns a point of them."""

import numpy as np
import shapely

from gridcontainer.grid.cell import lonlat_to_cell
from gridcontainer.grid.cover.accept import Family
from gridcontainer.grid.cover.areas import all_pieces
from gridcontainer.grid.cover.border import find_border
from gridcontainer.grid.cover.frame import contains
from gridcontainer.grid.cover.limit import Cap
from gridcontainer.grid.cover.result import Rows, make_rows
from gridcontainer.grid.cover.runs import collect, join_pieces, run_shapes
from gridcontainer.grid.cover.shapes import line_segments
from gridcontainer.grid.packing import index_to_cell


def cover_lines(family: Family, number: int, *, chips: bool, cap: Cap) -> Rows:
    """Rows of the cells of (multi-)lines below 88 degrees; see ``cover``."""
    segments = line_segments(family.shapes)
    border = find_border(segments, shapely.bounds(family.shapes), number, cap.require, keep=chips)
    keys = np.union1d(border.inside, border.touched_only())
    part, column, row = border.frame.unpack(keys)
    cap.require(np.bincount(part, minlength=len(family.geometry)))
    chip = None
    if chips:
        pieces, key, path = all_pieces(segments, border)
        runs = join_pieces(key, path, pieces.ends)
        runs = runs[contains(keys, runs.key)]
        chip = collect(keys, runs.key, run_shapes(runs))
    cells = index_to_cell(column, row, number)
    return make_rows(family.geometry[part], cells, number, interior=False, chip=chip)


def cover_points(family: Family, number: int, *, chips: bool, cap: Cap) -> Rows:
    """Rows of the cells of (multi-)points; see ``cover``."""
    xy, part = shapely.get_coordinates(family.shapes, return_index=True)
    cells = lonlat_to_cell(xy[:, 0], xy[:, 1], number)
    pairs, inverse = np.unique(np.stack([part, cells], axis=1), axis=0, return_inverse=True)
    cap.require(np.bincount(pairs[:, 0], minlength=len(family.geometry)))
    inverse = inverse.reshape(-1)
    chip = None
    if chips:
        # A place that is given twice is in its chip once.
        _, first = np.unique(np.column_stack([inverse, xy]), axis=0, return_index=True)
        chip = collect(np.arange(len(pairs)), inverse[first], shapely.points(xy[first]))
    geometry = family.geometry[pairs[:, 0]]
    return make_rows(geometry, pairs[:, 1], number, interior=False, chip=chip)
