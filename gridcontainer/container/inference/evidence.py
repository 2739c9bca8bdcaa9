"""Kinds of evidence for a datum: each measured after each candidate conversion.

A kind of evidence either decides for one datum, by a margin that chance does not give, or for
none; it never decides by a name of a column or file. Distances are metres on a plane tangent to
the city; positions are converted to WGS 84 first.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from gridcontainer.container.inference.references import Areas, Places
from gridcontainer.grid.arrays import Bools, Float64s
from gridcontainer.grid.datum import to_wgs84

CANDIDATES: Final = ("WGS84", "GCJ02", "BD09")

_NEAR: Final = 3000.0  # metres; two places of one name farther apart are two places
_FEWEST_NAMES: Final = 15
_FARTHEST: Final = 150.0  # metres of common offset that the right datum may leave
_MARGIN: Final = 200.0  # metres by which the next datum must be worse; the shifts are 480 to 1140
_SAME_PLACE: Final = 500.0  # metres from one another, in the middle, that things of one name may be
_FEWEST_TEXTS: Final = 30
_MEET: Final = 60.0  # metres at which two points are the same place
_FEWEST_MEETINGS: Final = 20
_RINGS: Final = (700.0, 1700.0)  # metres; no two datums differ by such a shift
_MOST_POINTS: Final = 4000

Converted = dict[str, tuple[Float64s, Float64s]]


@dataclass(frozen=True)
class Evidence:
    """What one kind of evidence says.

    Attributes:
        kind: ``names``, ``text``, ``pair`` or ``nearest``.
        reference: what was measured against.
        datum: what it decides for, or None.
        numbers: what was measured, for each candidate.
        rows: how many rows it rests on.
    """

    kind: str
    reference: str
    datum: str | None
    numbers: str
    rows: int


def convert_all(lon: Float64s, lat: Float64s) -> Converted:
    """The positions in WGS 84, taken to be in each candidate datum."""
    return {datum: to_wgs84(lon, lat, datum) for datum in CANDIDATES}


def metres(lon: Float64s, lat: Float64s, middle: float) -> Float64s:
    """Degrees as metres east and north, on a plane true at the latitude ``middle``; n x 2."""
    east = lon * (111_320.0 * np.cos(np.radians(middle)))
    return np.column_stack([east, lat * 110_900.0])


def compare_names(names: list[str], points: Converted, places: Places) -> Evidence | None:
    """Offsets to places of the same name (the nearest one within 3 km).

    The length of the *median offset* decides: scatter cancels in it, a datum's shift does not.
    """
    middle = float(np.median(places.lat))
    targets = metres(places.lon, places.lat, middle)
    matches = [
        (row, places.by_name[name]) for row, name in enumerate(names) if name in places.by_name
    ]
    common: dict[str, float] = {}
    single: dict[str, float] = {}
    numbers, rows = [], 0
    for datum, (lon, lat) in points.items():
        offsets = _offsets(matches, metres(lon, lat, middle), targets)
        if not len(offsets):
            common[datum] = single[datum] = np.inf
            continue
        rows = max(rows, len(offsets))
        common[datum] = float(np.hypot(*np.median(offsets, axis=0)))
        single[datum] = float(np.median(np.hypot(offsets[:, 0], offsets[:, 1])))
        numbers.append(f"{datum} {common[datum]:.0f} m (single {single[datum]:.0f} m)")
    if not rows:
        return None
    best, second = sorted(common, key=lambda datum: common[datum])[:2]
    clear = common[best] <= _FARTHEST and common[second] >= common[best] + _MARGIN
    same = single[best] <= _SAME_PLACE and rows >= _FEWEST_NAMES
    decided = best if clear and same else None
    text = f"{rows:,} same names; median offset {', '.join(numbers)}"
    return Evidence("names", places.dataset, decided, text, rows)


def _offsets(
    matches: Sequence[tuple[int, list[int]]], points: Float64s, targets: Float64s
) -> Float64s:
    offsets = []
    for row, numbers in matches:
        apart = points[row] - targets[numbers]
        nearest = apart[np.argmin((apart**2).sum(axis=1))]
        if (nearest**2).sum() < _NEAR**2:
            offsets.append(nearest)
    return np.array(offsets).reshape(-1, 2)


def compare_texts(texts: list[str], points: Converted, areas: Areas) -> Evidence | None:
    """Share of the rows whose text names an area that lie in it (in any, where names repeat)."""
    by_name: dict[str, list[int]] = {}
    for number, name in enumerate(areas.names):
        if len(name) > 1:
            by_name.setdefault(name, []).append(number)
    if not by_name:
        return None
    pattern = re.compile("|".join(sorted(map(re.escape, by_name), key=len, reverse=True)))
    found = [(row, match[0]) for row, text in enumerate(texts) if (match := pattern.search(text))]
    if not found:
        return None
    inside = {datum: _lie_inside(found, by_name, areas, *xy) for datum, xy in points.items()}
    shares = {datum: float(inside[datum].mean()) for datum in inside}
    best = max(shares, key=lambda datum: shares[datum])
    clear = all(_is_better(inside[best], inside[d]) for d in shares if d != best)
    decided = best if clear and len(found) >= _FEWEST_TEXTS and shares[best] >= 0.6 else None
    listed = ", ".join(f"{datum} {share:.1%}" for datum, share in shares.items())
    text = f"{len(found):,} rows name one; in it {listed}"
    return Evidence("text", areas.dataset, decided, text, len(found))


def _lie_inside(
    found: list[tuple[int, str]],
    by_name: dict[str, list[int]],
    areas: Areas,
    lon: Float64s,
    lat: Float64s,
) -> Bools:
    rows: dict[str, list[int]] = {}
    for place, (_, name) in enumerate(found):
        rows.setdefault(name, []).append(place)
    inside = np.zeros(len(found), dtype=bool)
    for name, places in rows.items():
        own = [found[place][0] for place in places]
        for number in by_name[name]:
            shape = areas.shapes[number]
            inside[places] |= shapely.contains_xy(shape, lon[own], lat[own])
    return inside


def _is_better(best: Bools, other: Bools) -> bool:
    """Rows that only one of two holds: four standard errors, and two rows in a hundred."""
    won, lost = int((best & ~other).sum()), int((other & ~best).sum())
    return won - lost >= max(4.0 * math.sqrt(won + lost), 0.02 * len(best))


def compare_nearest(points: Converted, places: Places) -> Evidence | None:
    """How many distinct points have a reference point within 60 m, more than by chance.

    Chance is the same count with the points shifted 700 and 1,700 m in eight directions each.
    """
    middle = float(np.median(places.lat))
    targets = shapely.points(np.unique(metres(places.lon, places.lat, middle), axis=0))
    tree = shapely.STRtree(targets)
    scores: dict[str, float] = {}
    counts: dict[str, int] = {}
    numbers = []
    for datum, (lon, lat) in points.items():
        own = np.unique(metres(lon, lat, middle), axis=0)
        own = own[:: -(-len(own) // _MOST_POINTS) or 1]
        chance = [_meetings(tree, own + shift) for shift in _shifts()]
        mean, spread = float(np.mean(chance)), float(np.std(chance))
        counts[datum] = _meetings(tree, own)
        error = max(spread, np.sqrt(mean), 1.0)
        scores[datum] = (counts[datum] - mean) / error if counts[datum] > 1.4 * mean else 0.0
        numbers.append(f"{datum} {counts[datum]} (chance {mean:.0f}±{spread:.0f})")
    best, second = sorted(scores, key=lambda datum: -scores[datum])[:2]
    clear = scores[best] >= 6.0 and scores[second] <= scores[best] / 2.0
    decided = best if clear and counts[best] >= _FEWEST_MEETINGS else None
    text = f"within 60 m of one: {', '.join(numbers)}"
    return Evidence("nearest", places.dataset, decided, text, counts[best])


def _shifts() -> list[Any]:
    angles = np.arange(8) * np.pi / 4.0 + 0.2
    return [[r * np.cos(angle), r * np.sin(angle)] for r in _RINGS for angle in angles]


def _meetings(tree: Any, points: Float64s) -> int:
    pairs = tree.query(shapely.points(points), predicate="dwithin", distance=_MEET)
    return len(np.unique(pairs[0]))


def compare_pair(one: Converted, other: Converted) -> tuple[str | None, str | None, str, int]:
    """Which datums two columns of positions of the same things are in, from their mutual offset.

    Returns:
        The two datums, or None twice where they are the same or it is not clear; the numbers; how
        many rows it rests on.
    """
    middle = float(np.nanmedian(one["WGS84"][1]))
    left: dict[tuple[str, str], float] = {}
    for first in CANDIDATES:
        for second in CANDIDATES:
            a, b = metres(*one[first], middle), metres(*other[second], middle)
            offsets = (a - b)[np.isfinite(a - b).all(axis=1)]
            left[first, second] = float(np.hypot(*np.median(offsets, axis=0)))
    rows = len(offsets)
    ranked = sorted(left, key=lambda pair: left[pair])
    best = ranked[0]
    shift = [np.nanmedian(one["WGS84"][axis] - other["WGS84"][axis]) for axis in (0, 1)]
    text = (
        f"{rows:,} rows; median difference {shift[0]:+.4f},{shift[1]:+.4f} degrees; leaves "
        + ", ".join(f"{left[pair]:.0f} m as {pair[0]}/{pair[1]}" for pair in ranked[:2])
    )
    clear = best[0] != best[1] and left[best] <= 60.0 and left[ranked[1]] >= _MARGIN and rows >= 10
    return (*best, text, rows) if clear else (None, None, text, rows)
