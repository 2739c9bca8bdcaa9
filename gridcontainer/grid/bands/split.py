"""Rows with too many edges, split until each has few."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.bands.result import FAR, Bands, Edges, Rows, TooManyEdgesError, turns_at
from gridcontainer.grid.cover.columns import Columns
from gridcontainer.grid.cover.pieces import ragged

_SPLITS: Final = 12  # rounds, along latitude and longitude in turn
_MOST_SLICES: Final = 32  # of a row in one round


def split_rows(rows: Rows, edges: Edges, most: int) -> Bands:
    """Rows with at most ``most`` edges each; the outermost rectangles are open to all sides.

    Raises:
        TooManyEdgesError: more edges meet in one place.
    """
    bands = _Bounded(rows, _outer(rows))
    edges = _without_pairs(edges)
    done_rows, done_edges, count = [], [], 0
    for step in range(_SPLITS + 1):
        counts = np.bincount(edges.row, minlength=len(bands.rows))
        few = counts <= most
        done_rows.append(_open(bands[few]))
        kept = edges[few[edges.row]]
        done_edges.append(replace(kept, row=(np.cumsum(few) - 1)[kept.row] + count))
        count += int(few.sum())
        if few.all():
            break
        if step == _SPLITS:
            worst = int(np.argmax(counts))
            raise TooManyEdgesError(
                f"{counts[worst]} edges of polygon {bands.rows.part[worst]} meet near "
                f"{bands.rows.west[worst]:.6f}, {bands.rows.south[worst]:.6f}; at most {most} can"
            )
        left = edges[~few[edges.row]]
        left = replace(left, row=(np.cumsum(~few) - 1)[left.row])
        slices = np.clip(-(-2 * counts[~few] // most), 2, _MOST_SLICES)
        split = _split_latitude if step % 2 == 0 else _split_longitude
        bands, edges = split(bands[~few], left, slices)
    return _tidy(Rows.stack(done_rows), Edges.stack(done_edges))


def _tidy(rows: Rows, edges: Edges) -> Bands:
    """Without rows that no point of the polygon lies in, and edges sorted by row."""
    kept = rows.is_inside.copy()
    kept[edges.row] = True
    edges = replace(edges, row=(np.cumsum(kept) - 1)[edges.row])
    return Bands(rows[kept], edges[np.argsort(edges.row, kind="stable")])


@dataclass(frozen=True)
class _Bounded(Columns):
    """Rows with all their sides, and which of these are sides of the band."""

    rows: Rows
    is_outer: "_Sides"


@dataclass(frozen=True)
class _Sides(Columns):
    west: Bools
    south: Bools
    east: Bools
    north: Bools


def _outer(rows: Rows) -> _Sides:
    return _Sides(*(np.ones(len(rows), dtype=np.bool_) for _ in range(4)))


def _open(bands: _Bounded) -> Rows:
    """Sides of the band do not bound its rows: what lies in the band is told by its key."""
    rows, outer = bands.rows, bands.is_outer
    return replace(
        rows,
        west=np.where(outer.west, -FAR, rows.west), south=np.where(outer.south, -FAR, rows.south),
        east=np.where(outer.east, FAR, rows.east), north=np.where(outer.north, FAR, rows.north),
    )  # fmt: skip


def _slice(
    low: Float64s, high: Float64s, slices: Int64s
) -> tuple[Int64s, Bools, Bools, Float64s, Float64s]:
    """Equal slices of ranges: of which range, whether first and last, and both ends."""
    of, within = ragged(slices)
    step = ((high - low) / slices)[of]
    is_first, is_last = within == 0, within == slices[of] - 1
    start = np.where(is_first, low[of], low[of] + within * step)
    stop = np.where(is_last, high[of], low[of] + (within + 1) * step)
    return of, is_first, is_last, start, stop


def _split_latitude(bands: _Bounded, edges: Edges, slices: Int64s) -> tuple[_Bounded, Edges]:
    of, is_first, is_last, south, north = _slice(bands.rows.south, bands.rows.north, slices)
    entry, row = _spread(edges.row, slices)
    low, high = edges.low[entry], edges.high[entry]
    is_turn = edges[entry].is_turn
    # Turns below a slice are settled for the whole of it.
    settled = is_turn & (low <= south[row])
    odd = np.bincount(row[settled], minlength=len(of)) & 1 == 1
    reaches = ~settled & (low <= north[row]) & (high >= south[row])
    rows, outer = bands.rows[of], bands.is_outer[of]
    rows = replace(rows, south=south, north=north, is_inside=rows.is_inside ^ odd)
    outer = replace(outer, south=outer.south & is_first, north=outer.north & is_last)
    return _Bounded(rows, outer), replace(edges[entry[reaches]], row=row[reaches])


def _split_longitude(bands: _Bounded, edges: Edges, slices: Int64s) -> tuple[_Bounded, Edges]:
    of, is_first, is_last, west, east = _slice(bands.rows.west, bands.rows.east, slices)
    entry, row = _spread(edges.row, slices)
    some = edges[entry]
    is_turn = some.is_turn
    left, right = np.minimum(some.x_low, some.x_high), np.maximum(some.x_low, some.x_high)
    reaches = is_turn | ((left <= east[row]) & (right >= west[row]))
    rows, outer = bands.rows[of], bands.is_outer[of]
    # An edge west of a slice is crossed by all its points between the latitudes of its ends.
    passed = ~reaches & (right < west[row])
    turn_row = np.concatenate([row[passed], row[passed]])
    turn_y = np.concatenate([some.low[passed], some.high[passed]])
    settled = turn_y <= rows.south[turn_row]
    odd = np.bincount(turn_row[settled], minlength=len(of)) & 1 == 1
    left_over = ~settled & (turn_y <= rows.north[turn_row])
    rows = replace(rows, west=west, east=east, is_inside=rows.is_inside ^ odd)
    outer = replace(outer, west=outer.west & is_first, east=outer.east & is_last)
    turns = turns_at(turn_row[left_over], turn_y[left_over])
    kept = replace(some[reaches], row=row[reaches])
    return _Bounded(rows, outer), _without_pairs(Edges.stack([kept, turns]))


def _spread(row: Int64s, slices: Int64s) -> tuple[Int64s, Int64s]:
    """Each entry for each slice of its row: which entry, and the slice."""
    entry, within = ragged(slices[row])
    first = np.cumsum(slices) - slices
    return entry, first[row[entry]] + within


def _without_pairs(edges: Edges) -> Edges:
    """Without turns that undo each other: two of a row at one latitude."""
    is_turn = edges.is_turn
    turns = edges[is_turn]
    turns = turns[np.lexsort((turns.low, turns.row))]
    begins = np.append(True, (turns.row[1:] != turns.row[:-1]) | (turns.low[1:] != turns.low[:-1]))
    begins = begins[: len(turns)]
    heads = np.flatnonzero(begins)
    counts = np.diff(np.append(heads, len(turns)))
    return Edges.stack([edges[~is_turn], turns[heads[counts & 1 == 1]]])
