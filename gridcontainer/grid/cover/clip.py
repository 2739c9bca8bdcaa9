"""Polygons clipped to the cells of their border.

In most cells the rings only pass through: each run of a ring goes in and out through the cell's
perimeter, and the chip is closed along the perimeter, counter-clockwise from each way out to the
next way in. That is done for all cells of all polygons at once. Cells in which more happens (a
ring that stays inside, a vertex on an edge) are left to ``shapely.intersection``.
"""

from typing import Final

import numpy as np
import shapely

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.edges import edge
from gridcontainer.grid.cover.frame import Frame, contains, distinct
from gridcontainer.grid.cover.pieces import ragged
from gridcontainer.grid.cover.runs import (
    Runs,
    Shapes,
    collect,
    is_none,
    join_pieces,
    rotate_rings,
)
from gridcontainer.grid.levels import LEVELS, Level

_LEAST_POINTS: Final = 3  # of a ring


def clip_polygons(
    polygons: Shapes, frame: Frame, keys: Int64s, crowded: Int64s, rings: tuple[Int64s, Int64s],
    ends: Float64s,
) -> Shapes:  # fmt: skip
    """The area of its polygon in each cell.

    Args:
        polygons: valid (multi-)polygon of each part of the frame.
        frame: that numbers the cells.
        keys: sorted numbers of the cells that have the border inside.
        crowded: numbers of cells that have a piece of a ring on their edges.
        rings: cell and ring of each piece of all rings, in order, interior on the left.
        ends: (n, 4) of these pieces.

    Returns:
        A (multi-)polygon for each key.
    """
    order, whole = rotate_rings(*rings)
    runs = join_pieces(rings[0][order], rings[1][order], ends[order])
    left = contains(distinct(np.concatenate([whole, crowded])), keys)
    runs = runs[contains(keys[~left], runs.key)]
    entry, exit_ = (_on_perimeter(runs.key, xy, frame) for xy in (runs.first, runs.last))
    doubtful = distinct(runs.key[np.isnan(entry) | np.isnan(exit_)])
    doubtful = np.union1d(doubtful, _not_alternating(runs.key, entry, exit_))
    if doubtful.size:
        sound = ~contains(doubtful, runs.key)
        runs, entry, exit_ = runs[sound], entry[sound], exit_[sound]
    out = np.empty(len(keys), dtype=object)
    if len(runs.key):
        built, shapes = _close(runs, entry, exit_, frame)
        out[np.searchsorted(keys, built)] = shapes
    left = is_none(out)
    out[left] = intersect(polygons, frame, keys[left])
    return out


def cell_boxes(frame: Frame, keys: Int64s) -> Float64s:
    """(4, n) west, south, east, north of cells, degrees."""
    _, column, row = frame.unpack(keys)
    return _boxes(column, row, frame.level)


def _boxes(column: Int64s, row: Int64s, level: Level) -> Float64s:
    width, height = level.width, level.height
    return np.stack(
        [edge(column, width), edge(row, height), edge(column + 1, width), edge(row + 1, height)]
    )


def intersect(polygons: Shapes, frame: Frame, keys: Int64s) -> Shapes:
    """What ``clip_polygons`` gives, by shapely; a polygon that lies in one cell is its own chip."""
    part = frame.part(keys)
    boxes = cell_boxes(frame, keys)
    west, south, east, north = shapely.bounds(polygons[part]).T
    crosses = (west < boxes[0]) | (south < boxes[1]) | (east > boxes[2]) | (north > boxes[3])
    out: Shapes = polygons[part]
    above = _clip_above(polygons, frame, keys[crosses])
    out[crosses] = only_area(shapely.intersection(above, shapely.box(*boxes[:, crosses])))
    return out


def _clip_above(polygons: Shapes, frame: Frame, keys: Int64s) -> Shapes:
    """For each cell its polygon clipped to the cell of the level above, each of these once."""
    level, above = frame.level, LEVELS[max(frame.level.number - 2, 0)]
    part, column, row = frame.unpack(keys)
    wide, high = above.width // level.width, above.height // level.height
    parents, inverse = np.unique(
        np.stack([part, column // wide, row // high], axis=1), axis=0, return_inverse=True
    )
    part, column, row = parents.T
    boxes = shapely.box(*_boxes(column, row, above))
    clipped = only_area(shapely.intersection(polygons[part], boxes))
    return clipped[inverse.reshape(-1)]


def only_area(shapes: Shapes) -> Shapes:
    """The polygons of geometries, without points and lines."""
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (3, 6)))
    if not mixed.size:
        return shapes
    shapes = shapes.copy()
    members, index = shapely.get_parts(shapes[mixed], return_index=True)
    members, within = shapely.get_parts(members, return_index=True)
    is_area = shapely.get_type_id(members) == 3
    found = np.unique(index[within][is_area])
    shapes[mixed] = shapely.polygons(None)
    if found.size:
        shapes[mixed[found]] = collect(found, index[within][is_area], members[is_area])
    empty = is_none(shapes)
    shapes[empty] = shapely.from_wkt("POLYGON EMPTY")
    return shapes


def _on_perimeter(key: Int64s, xy: Float64s, frame: Frame) -> Float64s:
    """How far round its cell each place is: side 0-3 from the south-west, and the share of it.

    NaN for a corner, and for a place that is not on the perimeter.
    """
    west, south, east, north = cell_boxes(frame, key)
    x, y = xy.T
    sides = np.stack([y == south, x == east, y == north, x == west])
    share = np.stack([x - west, y - south, east - x, north - y])
    share[0::2] /= east - west
    share[1::2] /= north - south
    side = np.argmax(sides, axis=0)
    position = side + share[side, np.arange(len(side))]
    return np.where(sides.sum(axis=0) == 1, position, np.nan)


def _not_alternating(key: Int64s, entry: Float64s, exit_: Float64s) -> Int64s:
    """Cells in which ways in and ways out do not follow each other in turn round the perimeter."""
    _, cell, position, is_entry = _events(key, entry, exit_)
    same = cell[1:] == cell[:-1]
    bad = same & ((is_entry[1:] == is_entry[:-1]) | (position[1:] <= position[:-1]))
    return distinct(cell[1:][bad])


def _events(
    key: Int64s, entry: Float64s, exit_: Float64s
) -> tuple[Int64s, Int64s, Float64s, Bools]:
    """Ends of runs round each cell: which run, cell, position, and whether the run begins there."""
    run = np.tile(np.arange(len(key)), 2)
    cell, position = np.tile(key, 2), np.concatenate([entry, exit_])
    order = np.lexsort((position, cell))
    return run[order], cell[order], position[order], (np.arange(2 * len(key)) < len(key))[order]


def _close(runs: Runs, entry: Float64s, exit_: Float64s, frame: Frame) -> tuple[Int64s, Shapes]:
    """Chips of cells whose runs alternate round the perimeter."""
    run, cell, _, is_entry = _events(runs.key, entry, exit_)
    heads = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    after = np.arange(len(cell)) + 1
    after[np.append(heads[1:], len(cell)) - 1] = heads
    ways_out = np.flatnonzero(~is_entry)
    follower = np.empty(len(runs.key), dtype=np.int64)
    follower[run[ways_out]] = run[after[ways_out]]
    target = entry[follower] + np.where(entry[follower] <= exit_, 4.0, 0.0)
    first_corner = np.floor(exit_).astype(np.int64) + 1
    corners = np.floor(target).astype(np.int64) + 1 - first_corner
    ring, member = _cycles(follower)
    xy, of = _ring_coordinates(runs, ring, member, first_corner, corners, frame)
    enough = np.bincount(of, minlength=ring[-1] + 1) >= _LEAST_POINTS
    kept = enough[of]
    renumbered = (np.cumsum(enough) - 1)[of[kept]]
    shapes = shapely.polygons(shapely.linearrings(xy[kept], indices=renumbered))
    key = np.empty(ring[-1] + 1, dtype=np.int64)
    key[ring] = runs.key[member]
    few = distinct(key[~enough])
    key = key[enough]
    sound = ~contains(few, key)
    keys = distinct(key[sound])
    return keys, collect(keys, key[sound], shapes[sound])


def _cycles(follower: Int64s) -> tuple[Int64s, Int64s]:
    """The cycles of a permutation: number of the cycle and member, cycle by cycle, in order."""
    label, jump = np.arange(len(follower)), follower
    for _ in range(len(follower).bit_length()):
        lower = np.minimum(label, label[jump])
        if (lower == label).all():
            break
        label, jump = lower, jump[jump]
    heads = np.flatnonzero(label == np.arange(len(label)))
    rings, members = [], []
    ring, current = np.arange(len(heads)), heads
    while current.size:
        rings.append(ring)
        members.append(current)
        current = follower[current]
        going = current != heads[ring]
        ring, current = ring[going], current[going]
    ring, member = np.concatenate(rings), np.concatenate(members)
    order = np.argsort(ring, kind="stable")
    return ring[order], member[order]


def _ring_coordinates(
    runs: Runs, ring: Int64s, member: Int64s, first_corner: Int64s, corners: Int64s, frame: Frame
) -> tuple[Float64s, Int64s]:
    """Coordinates of runs and of the corners after each; and the ring of each coordinate."""
    lengths = np.diff(runs.start)[member]
    total = lengths + corners[member]
    at, within = ragged(total)
    is_corner = within >= lengths[at]
    xy = np.empty((len(at), 2))
    plain = ~is_corner
    xy[plain] = runs.xy[runs.start[member[at[plain]]] + within[plain]]
    of, number = at[is_corner], (within - lengths[at])[is_corner]
    corner = (first_corner[member[of]] + number) % 4
    west, south, east, north = cell_boxes(frame, runs.key[member[of]])
    xy[is_corner, 0] = np.where((corner == 1) | (corner == 2), east, west)
    xy[is_corner, 1] = np.where(corner >= 2, north, south)
    return xy, ring[at]
