"""Pieces that follow each other in one cell, joined; and as shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.grid.arrays import Bools, Float64s, Int64s

Shapes = NDArray[Any]  # of shapely geometries, or None


def is_none(shapes: Shapes) -> Bools:
    """True where there is no shape."""
    missing: Bools = shapely.is_missing(shapes)
    return missing


@dataclass(frozen=True)
class Runs:
    """Stretches of paths, each as long as the path stays in one cell.

    Attributes:
        key: cell of each run.
        start: first of its coordinates; one more for the end of the last run.
        xy: (n, 2) coordinates of all runs, in the order of travel.
    """

    key: Int64s
    start: Int64s
    xy: Float64s

    @property
    def first(self) -> Float64s:
        """(runs, 2) where runs begin."""
        return self.xy[self.start[:-1]]

    @property
    def last(self) -> Float64s:
        """(runs, 2) where runs end."""
        return self.xy[self.start[1:] - 1]

    def __getitem__(self, chosen: Bools) -> "Runs":
        """Chosen runs."""
        counts = np.diff(self.start)
        start = np.concatenate([[0], np.cumsum(counts[chosen])])
        return Runs(self.key[chosen], start, self.xy[np.repeat(chosen, counts)])


def join_pieces(key: Int64s, path: Int64s, ends: Float64s) -> Runs:
    """Runs of pieces in the order of travel.

    Args:
        key: cell of each piece.
        path: line or ring of each piece; those of one path follow each other.
        ends: (n, 4) x, y from and x, y to, degrees.
    """
    begins = np.ones(len(key), dtype=np.bool_)
    begins[1:] = (key[1:] != key[:-1]) | (path[1:] != path[:-1])
    run = np.cumsum(begins) - 1
    heads = np.flatnonzero(begins)
    xy = np.empty((len(key) + len(heads), 2))
    xy[np.arange(len(key)) + run + 1] = ends[:, 2:]
    start = heads + np.arange(len(heads))
    xy[start] = ends[heads, :2]
    return _without_repeats(Runs(key[heads], np.append(start, len(xy)), xy))


def _without_repeats(runs: Runs) -> Runs:
    kept = np.ones(len(runs.xy), dtype=np.bool_)
    kept[1:] = (runs.xy[1:] != runs.xy[:-1]).any(axis=1)
    kept[runs.start[:-1]] = True
    counts = np.add.reduceat(kept, runs.start[:-1]) if len(runs.key) else kept
    return Runs(runs.key, np.concatenate([[0], np.cumsum(counts)]), runs.xy[kept])


def rotate_rings(key: Int64s, path: Int64s) -> tuple[Int64s, Int64s]:
    """An order of pieces by which no run of a ring is parted where the ring begins and ends.

    Returns:
        The order, of the same length; and the cells that hold a ring whole.
    """
    if not len(key):
        return key, key
    start = np.flatnonzero(np.append(True, path[1:] != path[:-1]))
    count = np.diff(np.append(start, len(path)))
    ring = np.repeat(np.arange(len(start)), count)
    before = np.arange(len(key)) - 1
    before[start] = start + count - 1
    within = np.arange(len(key)) - start[ring]
    change = np.where(key != key[before], within, len(key))
    shift = np.minimum.reduceat(change, start)
    whole = shift == len(key)
    order = start[ring] + (within + np.where(whole, 0, shift)[ring]) % count[ring]
    return order, np.unique(key[start[whole]])


def run_shapes(runs: Runs) -> Shapes:
    """A line for each run, or a point for one without length."""
    counts = np.diff(runs.start)
    shapes = np.empty(len(counts), dtype=object)
    is_line = counts > 1
    shapes[~is_line] = shapely.points(runs.first[~is_line])
    of = np.repeat(np.cumsum(is_line) - 1, counts)[np.repeat(is_line, counts)]
    if is_line.any():
        shapes[is_line] = shapely.linestrings(runs.xy[np.repeat(is_line, counts)], indices=of)
    return shapes


def collect(keys: Int64s, key: Int64s, shapes: Shapes) -> Shapes:
    """One shape for each of the sorted, unique ``keys``; several of a key as a multi-geometry."""
    order = np.argsort(key, kind="stable")
    of, shapes = np.searchsorted(keys, key[order]), shapes[order]
    counts = np.bincount(of, minlength=len(keys))
    out = np.empty(len(keys), dtype=object)
    single = counts[of] == 1
    out[of[single]] = shapes[single]
    types = shapely.get_type_id(shapes)
    least, most = np.full(len(keys), 99), np.full(len(keys), -1)
    np.minimum.at(least, of, types)
    np.maximum.at(most, of, types)
    kinds = np.where((least == most) & np.isin(most, list(_BUILDERS)), most, -1)[of]
    for kind, build in _BUILDERS.items():
        chosen = ~single & (kinds == kind)
        if chosen.any():
            index, inverse = np.unique(of[chosen], return_inverse=True)
            out[index] = build(shapes[chosen], indices=inverse)
    return out


_BUILDERS: dict[int, Any] = {
    0: shapely.multipoints,
    1: shapely.multilinestrings,
    3: shapely.multipolygons,
    -1: shapely.geometrycollections,
}
