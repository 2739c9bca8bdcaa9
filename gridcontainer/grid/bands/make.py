"""Bands of polygons, made of the segments of their rings.

Which bands a segment passes is decided exactly (``cover.cut``), and a row keeps whole segments, as
they were given: nothing is rounded, and a point is judged by the polygon's own coordinates.

Whether a point of a band lies inside is told by the rings crossed on the way west. Segments that
pass the band are compared with the point. All others are crossed west of the band; how often (odd
or even) changes along the band's western side only where a segment that passes the band ends west
of it, so one bit at the southern end and the latitudes of such ends tell it for the whole band.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.bands.levels import BandLevels
from gridcontainer.grid.bands.result import FAR, Bands, Edges, Rows, turns_at
from gridcontainer.grid.bands.split import split_rows
from gridcontainer.grid.cover.cut import count_pieces, cut_segments
from gridcontainer.grid.cover.edges import edge, place
from gridcontainer.grid.cover.frame import Frame
from gridcontainer.grid.cover.pieces import NO_EDGE, Pieces, Segments, ragged
from gridcontainer.grid.cover.runs import Shapes
from gridcontainer.grid.cover.shapes import ring_segments
from gridcontainer.grid.levels import LEVELS


@dataclass(frozen=True)
class _Passed:
    """Bands that segments pass, sorted, and which segment passes which."""

    key: Int64s
    part: Int64s
    column: Int64s
    row: Int64s
    band: Int64s  # of each piece
    pieces: Pieces


def make_bands(shapes: Shapes, levels: BandLevels, *, most_edges: int) -> Bands:
    """Bands of valid (multi-)polygons.

    Args:
        shapes: shapely polygons and multi-polygons within 88 degrees; longitude and latitude.
        levels: of the bands.
        most_edges: of a row; bands with more are split.

    Raises:
        TooManyEdgesError: more edges than that meet in one place.
    """
    segments = ring_segments(shapes)
    frame = _make_frame(shapely.bounds(shapes), levels)
    passed = _find_passed(segments, frame)
    crossed = _crossed_keys(segments, frame, passed, levels)
    west = edge(passed.column, levels.width)
    south, north = (edge(passed.row + i, levels.height) for i in (0, 1))
    odd = np.searchsorted(crossed, passed.key, "left") & 1 == 1
    edges = _edges(segments, passed)
    odd ^= _odd(edges.row[_crosses_west_of_band(passed, edges, levels)], len(passed.key))
    turns = _turns(edges, west)
    odd ^= _odd(turns.row[turns.low <= _middles(passed.row, levels)[turns.row]], len(passed.key))
    odd ^= _odd(turns.row[turns.low <= south[turns.row]], len(passed.key))
    turns = turns[(turns.low > south[turns.row]) & (turns.low <= north[turns.row])]
    rows = Rows(
        levels.keys(passed.column, passed.row), passed.part,
        west, south, edge(passed.column + 1, levels.width), north, odd,
    )  # fmt: skip
    bands = split_rows(rows, Edges.stack([edges, turns]), most_edges)
    whole = _whole_rows(passed, crossed, levels)
    return Bands(Rows.stack([bands.rows, whole]), bands.edges)


def _make_frame(bounds: Float64s, levels: BandLevels) -> Frame:
    """Bands as cells; a margin of two columns and rows is left around each polygon."""
    level = replace(LEVELS[levels.cell - 1], height=levels.height)
    sizes = (level.width, level.height)
    first = [place(bounds[:, i]).floor // size - 2 for i, size in enumerate(sizes)]
    last = [place(bounds[:, 2 + i]).floor // size + 2 for i, size in enumerate(sizes)]
    columns, rows = (last[i] - first[i] + 1 for i in (0, 1))
    return Frame(
        level, first[0], first[1], columns, np.concatenate([[0], np.cumsum(columns * rows)])
    )


def _find_passed(segments: Segments, frame: Frame) -> _Passed:
    _, most = count_pieces(segments, frame.level)
    pieces = Pieces.stack(list(cut_segments(segments, frame.level, most)))
    part = segments.part[pieces.segment]
    key = frame.key(part, pieces.column, pieces.row)
    order = np.argsort(key, kind="stable")
    key, pieces = key[order], pieces[order]
    begins = np.append(True, key[1:] != key[:-1])
    heads = np.flatnonzero(begins)
    return _Passed(
        key[heads], part[order][heads], pieces.column[heads], pieces.row[heads],
        np.cumsum(begins) - 1, pieces,
    )  # fmt: skip


def _middles(row: Int64s, levels: BandLevels) -> Float64s:
    return (edge(row, levels.height) + edge(row + 1, levels.height)) / 2.0


def _on_middle(passed: _Passed, levels: BandLevels) -> Bools:
    """True for the piece of each segment and row that crosses the middle of the row."""
    middle = _middles(passed.pieces.row, levels)
    from_y, to_y = passed.pieces.ends[:, 1], passed.pieces.ends[:, 3]
    crossing: Bools = (from_y <= middle) != (to_y <= middle)
    return crossing


def _crossing_column(pieces: Pieces) -> Int64s:
    """Last column whose eastern side is not west of a piece: that before an edge it lies on."""
    return np.where(pieces.x_edge != NO_EDGE, pieces.x_edge - 1, pieces.column)


def _crossed_keys(segments: Segments, frame: Frame, passed: _Passed, levels: BandLevels) -> Int64s:
    """Sorted numbers of the bands where the middle of a row is crossed; even in each row."""
    pieces = passed.pieces[_on_middle(passed, levels)]
    part = segments.part[pieces.segment]
    return np.sort(frame.key(part, _crossing_column(pieces), pieces.row))


def _crosses_west_of_band(passed: _Passed, edges: Edges, levels: BandLevels) -> Bools:
    """True for pieces whose segment crosses the middle of the row in a column further west."""
    pieces = passed.pieces
    middle = _middles(pieces.row, levels)
    crosses = (edges.low <= middle) & (middle < edges.high)
    itself = _on_middle(passed, levels)
    is_below = pieces.ends[:, 1] <= middle
    is_eastward = edges.x_high > edges.x_low  # on the way north
    elsewhere: Bools = crosses & ~itself & (is_below != is_eastward)
    return elsewhere | (itself & (_crossing_column(pieces) < pieces.column))


def _edges(segments: Segments, passed: _Passed) -> Edges:
    """The whole segment of each piece, from south to north (or west to east)."""
    of = segments[passed.pieces.segment]
    turned = (of.y1 > of.y2) | ((of.y1 == of.y2) & (of.x1 > of.x2))
    return Edges(
        passed.band,
        np.where(turned, of.y2, of.y1), np.where(turned, of.y1, of.y2),
        np.where(turned, of.x2, of.x1), np.where(turned, of.x1, of.x2),
    )  # fmt: skip


def _turns(edges: Edges, west: Float64s) -> Edges:
    """Ends of edges that are not east of their band's western side."""
    row = np.concatenate([edges.row, edges.row])
    x, y = np.concatenate([edges.x_low, edges.x_high]), np.concatenate([edges.low, edges.high])
    chosen = x <= west[row]
    return turns_at(row[chosen], y[chosen])


def _odd(index: Int64s, count: int) -> Bools:
    """True for each number that occurs an odd number of times."""
    odd: Bools = np.bincount(index, minlength=count) & 1 == 1
    return odd


def _whole_rows(passed: _Passed, crossed: Int64s, levels: BandLevels) -> Rows:
    """Bands inside polygons: those between two that are passed, after an odd crossing."""
    odd = np.searchsorted(crossed, passed.key, "right") & 1 == 1
    between = np.append(np.diff(passed.column) - 1, 0)
    of, step = ragged(np.where(odd, between, 0))
    column, row = passed.column[of] + 1 + step, passed.row[of]
    far = np.full(len(of), FAR)
    return Rows(
        levels.keys(column, row), passed.part[of], -far, -far, far, far,
        np.ones(len(of), dtype=np.bool_),
    )  # fmt: skip
