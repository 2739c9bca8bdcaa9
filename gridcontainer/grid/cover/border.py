"""Cells in which the paths of geometries lie, at one level and at the levels above it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.cut import count_pieces, cut_segments
from gridcontainer.grid.cover.frame import Frame, contains, distinct, is_ordinary, make_frame
from gridcontainer.grid.cover.pieces import NO_EDGE, Pieces, Segments
from gridcontainer.grid.levels import LEVELS

RequireCap = Callable[[Int64s], None]  # is given the cells that each part has at least


@dataclass(frozen=True)
class Border:
    """Cells that own points of the paths of parts.

    Attributes:
        frame: that numbers the cells.
        bounds: (n, 4) of each part, degrees.
        inside: sorted numbers of cells with points of the path inside them, off their edges.
        touched: (n, 5) part, column, row and edge indices of pieces that lie on an edge.
        kept: all pieces, if they were to be kept.
    """

    frame: Frame
    bounds: Float64s
    inside: Int64s
    touched: Int64s
    kept: list[Pieces]

    def touched_only(self) -> Int64s:
        """Sorted numbers of the cells that own points of the path on their edges only."""
        part, column, row, _, _ = self.touched.T
        keys = distinct(self.frame.key(part, column, row))
        return keys[~contains(self.inside, keys)]

    def inside_at(self, number: int) -> tuple[Frame, Int64s]:
        """Sorted numbers, and their frame, of the cells of a level that have the path inside."""
        if number == self.frame.level.number:
            return self.frame, self.inside
        frame, finest = make_frame(self.bounds, number), self.frame.level
        wide, high = frame.level.width // finest.width, frame.level.height // finest.height
        part, column, row = self.frame.unpack(self.inside)
        keys = [distinct(frame.key(part, column // wide, row // high))]
        part, column, row, x_edge, y_edge = self.touched.T
        inner = ~(_is_edge(x_edge, wide) | _is_edge(y_edge, high))
        keys.append(frame.key(part[inner], column[inner] // wide, row[inner] // high))
        return frame, distinct(np.concatenate(keys))


def _is_edge(index: Int64s, step: int) -> Bools:
    is_edge: Bools = (index != NO_EDGE) & (index % step == 0)
    return is_edge


def find_border(
    segments: Segments, bounds: Float64s, number: int, require_cap: RequireCap, *, keep: bool
) -> Border:
    """Cells of a level that own points of the segments; those below 88 degrees.

    Args:
        segments: of all parts.
        bounds: (n, 4) of each part, degrees.
        number: the level, 1-10.
        require_cap: raises where a part has too many cells; is asked while they are found.
        keep: keep all pieces, for chips.
    """
    frame = make_frame(bounds, number)
    least, most = count_pieces(segments, LEVELS[number - 1])
    longest = np.zeros(len(bounds), dtype=np.int64)
    np.maximum.at(longest, segments.part, least)
    require_cap(longest)
    inside, touched = [np.empty(0, dtype=np.int64)], [np.empty((0, 5), dtype=np.int64)]
    kept = []
    for pieces in cut_segments(segments, frame.level, most):
        if keep:
            kept.append(pieces)
        below = pieces[is_ordinary(pieces.row, number)]
        part = segments.part[below.segment]
        within = below.is_inside
        keys = frame.key(part[within], below.column[within], below.row[within])
        inside = [distinct(np.concatenate([*inside, keys]))]
        touched.append(_touched(part[~within], below[~within]))
        require_cap(np.bincount(frame.part(inside[0]), minlength=len(bounds)))
    return Border(frame, bounds, inside[0], np.concatenate(touched), kept)


def _touched(part: Int64s, pieces: Pieces) -> Int64s:
    columns = (part, pieces.column, pieces.row, pieces.x_edge, pieces.y_edge)
    return np.stack(columns, axis=1)
