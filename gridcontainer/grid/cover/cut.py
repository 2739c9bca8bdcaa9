"""Segments cut at the edges of cells.

Cells are found by walking the columns that a segment crosses and, in each, the rows: nothing is
sampled, and each crossing is placed exactly (``edges.crossing``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.cover.columns import Columns
from gridcontainer.grid.cover.edges import Places, choose, crossing, edge, place
from gridcontainer.grid.cover.pieces import NO_EDGE, Pieces, Segments, ragged
from gridcontainer.grid.levels import UNITS_PER_DEGREE, Level

CHUNK_PIECES: Final = 1 << 20


def count_pieces(segments: Segments, level: Level) -> tuple[Int64s, Int64s]:
    """Cells that each segment has at least, and pieces that it has at most."""
    steps = [
        np.abs(place(to).at(size).owner - place(origin).at(size).owner)
        for origin, to, size in (
            (segments.x1, segments.x2, level.width),
            (segments.y1, segments.y2, level.height),
        )
    ]
    return np.maximum(np.maximum(*steps) - 1, 1), steps[0] + steps[1] + 3


def cut_segments(segments: Segments, level: Level, most: Int64s) -> Iterator[Pieces]:
    """Pieces of all segments, in order, about ``CHUNK_PIECES`` at a time.

    Args:
        segments: of any number of parts.
        level: of the cells.
        most: pieces that each segment can have, from ``count_pieces``.
    """
    total = np.cumsum(most)
    start = 0
    while start < len(segments):
        done = total[start - 1] if start else 0
        stop = max(int(np.searchsorted(total, done + CHUNK_PIECES, "right")), start + 1)
        pieces = _cut(segments[start:stop], level)
        pieces.segment[:] += start
        yield pieces
        start = stop


@dataclass(frozen=True)
class _Strips:
    """The parts of segments that each lie in one column, eastward; ``flip`` are westward ones."""

    segment: Int64s
    column: Int64s
    is_point: Bools  # the segment only touches the column
    left: "_Ends"
    right: "_Ends"


@dataclass(frozen=True)
class _Ends(Columns):
    """West or east ends of strips."""

    x: Float64s
    y: Float64s
    across: Places  # of y
    x_edge: Int64s
    is_closed: Bools  # the column owns the end

    def pick(self, condition: Bools, other: "_Ends") -> "_Ends":
        """Elementwise these where the condition holds, else the other ones."""
        return _Ends(
            np.where(condition, self.x, other.x),
            np.where(condition, self.y, other.y),
            choose(condition, self.across, other.across),
            np.where(condition, self.x_edge, other.x_edge),
            np.where(condition, self.is_closed, other.is_closed),
        )


def _cut(segments: Segments, level: Level) -> Pieces:
    flip = segments.x1 > segments.x2
    x1, x2 = np.where(flip, segments.x2, segments.x1), np.where(flip, segments.x1, segments.x2)
    y1, y2 = np.where(flip, segments.y2, segments.y1), np.where(flip, segments.y1, segments.y2)
    eastward = Segments(segments.part, segments.path, x1, y1, x2, y2)
    strips = _strips(eastward, level)
    pieces = _rows(strips, eastward, level)
    if not flip.any():
        return pieces
    counts = np.bincount(pieces.segment, minlength=len(segments))
    stop = np.cumsum(counts)
    index = np.arange(len(pieces))
    back = flip[pieces.segment]
    mirrored = (2 * stop - counts - 1)[pieces.segment] - index
    pieces = pieces[np.where(back, mirrored, index)]
    pieces.ends[back] = pieces.ends[back][:, [2, 3, 0, 1]]
    return pieces


def _strips(segments: Segments, level: Level) -> _Strips:
    first, last = place(segments.x1).at(level.width), place(segments.x2).at(level.width)
    half = 180 * UNITS_PER_DEGREE // level.width
    column0 = np.clip(first.owner, -half, half - 1)
    counts = np.clip(last.owner, -half, half - 1) - column0 + 1
    segment, step = ragged(counts)
    column = column0[segment] + step
    starts, stops = step == 0, step == counts[segment] - 1
    vertex1 = _vertices(segments.x1, segments.y1, first, level)
    vertex2 = _vertices(segments.x2, segments.y2, last, level)
    crossed = _crossings(segments, segment, column, ~stops, level)
    left = vertex1[segment].pick(starts, _closed(_shift(crossed), column >= 0))
    right = vertex2[segment].pick(stops, _closed(crossed, column < -1))
    several = counts[segment] > 1
    is_point = several & starts & (left.x_edge == column + 1)
    is_point |= several & stops & (right.x_edge == column)
    return _Strips(segment, column, is_point, left, right)


def _vertices(x: Float64s, y: Float64s, along: Places, level: Level) -> _Ends:
    x_edge = np.where(along.is_edge, along.floor, NO_EDGE)
    return _Ends(x, y, place(y).at(level.height), x_edge, np.ones(len(x), dtype=np.bool_))


def _closed(ends: _Ends, is_closed: Bools) -> _Ends:
    return replace(ends, is_closed=is_closed)


def _shift(ends: _Ends) -> _Ends:
    """The east end of each strip as the west end of the next."""
    return ends[np.maximum(np.arange(len(ends)) - 1, 0)]


def _crossings(
    segments: Segments, segment: Int64s, column: Int64s, crossed: Bools, level: Level
) -> _Ends:
    """East ends of strips where the segment goes on into the next column."""
    where = np.flatnonzero(crossed)
    of = segments[segment[where]]
    size = len(segment)
    x_edge, x, y = column + 1, np.zeros(size), np.zeros(size)
    floor, is_edge = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    x[where] = edge(x_edge[where], level.width)
    flat = of.y1 == of.y2
    across = place(of.y1[flat]).at(level.height)
    floor[where[flat]], is_edge[where[flat]], y[where[flat]] = (
        across.floor,
        across.is_edge,
        of.y1[flat],
    )
    steep, at = of[~flat], where[~flat]
    across, y[at] = crossing(steep.x1, steep.y1, steep.x2, steep.y2, x[at], level.height)
    floor[at], is_edge[at] = across.floor, across.is_edge
    return _Ends(x, y, Places(floor, is_edge), x_edge, crossed)


def _rows(strips: _Strips, segments: Segments, level: Level) -> Pieces:
    """The rows of each strip."""
    dy = (segments.y2 - segments.y1)[strips.segment]
    low, high = strips.left.pick(dy >= 0.0, strips.right), strips.right.pick(dy >= 0.0, strips.left)
    flat = dy == 0.0
    row0 = np.where(low.is_closed | flat, low.across.owner, low.across.floor)
    row1 = np.where(high.is_closed | flat, high.across.owner, high.across.below)
    strip, step = ragged(row1 - row0 + 1)
    starts, stops = step == 0, step == (row1 - row0)[strip]
    row = np.where(dy[strip] >= 0.0, row0[strip] + step, row1[strip] - step)
    x_edge, y_edge = _edges_of_pieces(strips, segments, low, high, strip, row)
    segment = strips.segment[strip]
    next_edge = edge(row + (dy[strip] > 0.0), level.height)  # between this row and the next
    ends = np.empty((len(strip), 4))
    ends[:, 2], ends[:, 3] = strips.right.x[strip], strips.right.y[strip]
    on = np.flatnonzero(~stops)
    ends[on, 2], ends[on, 3] = (
        _x_at(segments[segment[on]], next_edge[on], strips, strip[on]),
        next_edge[on],
    )
    ends[1:, :2] = ends[:-1, 2:]
    ends[starts, 0], ends[starts, 1] = strips.left.x[strip[starts]], strips.left.y[strip[starts]]
    return Pieces(segment, strips.column[strip], row, x_edge, y_edge, ends)


def _edges_of_pieces(
    strips: _Strips, segments: Segments, low: _Ends, high: _Ends, strip: Int64s, row: Int64s
) -> tuple[Int64s, Int64s]:
    """Edge indices where a whole piece lies on an edge."""
    upright = (segments.x1 == segments.x2)[strips.segment] | strips.is_point
    x_edge = np.where(upright, strips.left.x_edge, NO_EDGE)[strip]
    under, over = row < low.across.floor[strip], row > high.across.below[strip]
    y_edge = np.where(over, high.across.floor[strip], NO_EDGE)
    y_edge = np.where(under, low.across.floor[strip], y_edge)
    # A slanted piece on an edge between rows is a single point: an end of its strip.
    slanted = ~(upright | (segments.y1 == segments.y2)[strips.segment])[strip]
    x_edge = np.where(over & slanted, high.x_edge[strip], x_edge)
    x_edge = np.where(under & slanted, low.x_edge[strip], x_edge)
    return x_edge, y_edge


def _x_at(segments: Segments, y: Float64s, strips: _Strips, strip: Int64s) -> Float64s:
    """Where segments cross the edges between rows, within their strips."""
    x1, y1 = segments.x1, segments.y1
    x = x1 + (y - y1) / (segments.y2 - y1) * (segments.x2 - x1)
    left, right = strips.left, strips.right
    x = np.clip(x, left.x[strip], right.x[strip])
    x = np.where(y == left.y[strip], left.x[strip], x)
    return np.where(y == right.y[strip], right.x[strip], x)
