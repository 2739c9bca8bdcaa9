"""The k nearest points to any place, by a tree of the different positions.

The tree is of places in space: by chords through the ellipsoid. Chords order nearly all points as
geodesics do; where they might not (``longest_geodesic`` and ``shortest_geodesic`` tell), the
geodesics themselves are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from scipy.spatial import KDTree

from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.ellipsoid import (
    CHORD_ROUNDING,
    GEODESIC,
    earth_centred,
    longest_geodesic,
    shortest_geodesic,
)

_SPARE: Final = 1  # neighbors more than asked, to see that there is no tie
_AT_ONCE: Final = 2_000_000  # chords looked at together
Found = tuple[Int64s, Int64s, Float64s]


@dataclass
class Neighbors:
    """Points right, and the k nearest of them to any place. The tree is made once in a process.

    Points at one position are one node of the tree: thousands of them cost no more than one.

    Attributes:
        lon: longitudes of the points right, degrees; one that is not on the globe is left out.
        lat: latitudes of the points right, degrees.
        k: number of neighbors to find, from 1.
    """

    lon: Float64s
    lat: Float64s
    k: int
    _made: "_Positions | None" = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without the tree, which is quicker made than sent."""
        return {"lon": self.lon, "lat": self.lat, "k": self.k, "_made": None}

    @cached_property
    def usable(self) -> Bools:
        """True for points that are on the globe."""
        return _on_globe(self.lon, self.lat)

    def find(self, lon: Float64s, lat: Float64s) -> Found:
        """Pairs: index of the place, index of the point, metres; by place, the nearest first.

        Of points at equal distance those that come first are taken.
        """
        here = np.flatnonzero(_on_globe(lon, lat))
        if not len(here) or not self.usable.any():
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        if self._made is None:
            self._made = _Positions(self.lon, self.lat, np.flatnonzero(self.usable))
        parts = list(self._made.find(lon[here], lat[here], self.k))
        place, point, metres = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(place, kind="stable")
        return here[place[order]], point[order], metres[order]


class _Positions:
    """The different positions of points, and the points that are at each."""

    def __init__(self, lon: Float64s, lat: Float64s, points: Int64s) -> None:
        """Group the points; both meridians of 180 degrees, and all at a pole, are one."""
        x, y = lon[points], lat[points]
        x = np.where(np.abs(y) == 90.0, 0.0, np.where(x == -180.0, 180.0, x))
        unique, group = np.unique(x + 1j * y, return_inverse=True)
        self._lon, self._lat = unique.real.copy(), unique.imag.copy()
        self._points = points[np.argsort(group, kind="stable")]  # by position, then as they come
        self._counts = np.bincount(group, minlength=len(unique))
        self._start = np.cumsum(self._counts) - self._counts
        self._tree = KDTree(earth_centred(self._lon, self._lat))

    def find(self, lon: Float64s, lat: Float64s, k: int) -> Iterator[Found]:
        """The pairs of places on the globe, some places at a time."""
        at = earth_centred(lon, lat)
        for place, position in self._candidates(at, min(k, self._tree.n)):
            ends = lon[place], lat[place], self._lon[position], self._lat[position]
            metres = np.asarray(GEODESIC.inv(*ends)[2], dtype=np.float64)
            yield self._nearest_points(place, position, metres, k)

    def _candidates(self, at: Float64s, count: int) -> Iterator[tuple[Int64s, Int64s]]:
        """All positions that may be among the nearest ``count``: more are asked for as needed."""
        open_places, asked = np.arange(len(at)), min(count + _SPARE, self._tree.n)
        while len(open_places):
            unsettled = []
            for some in np.array_split(open_places, len(open_places) * asked // _AT_ONCE + 1):
                chord, position = self._tree.query(at[some], k=np.arange(1, asked + 1))
                limit = longest_geodesic(chord[:, count - 1]) + CHORD_ROUNDING
                least = shortest_geodesic(chord)
                settled = (least[:, -1] > limit) | (asked == self._tree.n)
                row, column = np.nonzero((least <= limit[:, None]) & settled[:, None])
                yield some[row], position[row, column]
                unsettled.append(some[~settled])
            open_places, asked = np.concatenate(unsettled), min(asked * 4, self._tree.n)

    def _nearest_points(self, place: Int64s, position: Int64s, metres: Float64s, k: int) -> Found:
        """The first ``k`` points of each place, by distance and then as they come."""
        order = np.lexsort((metres, place))
        place, position, metres = place[order], position[order], metres[order]
        nearer = _before(place, self._counts[position])
        farthest = np.full(int(place.max(initial=0)) + 1, -np.inf)
        np.maximum.at(farthest, place[nearer < k], metres[nearer < k])
        needed = metres <= farthest[place]  # with all positions at the farthest distance
        place, position, metres = place[needed], position[needed], metres[needed]
        taken = np.minimum(self._counts[position], k)
        step = np.arange(taken.sum()) - np.repeat(np.cumsum(taken) - taken, taken)
        point = self._points[np.repeat(self._start[position], taken) + step]
        place, metres = np.repeat(place, taken), np.repeat(metres, taken)
        order = np.lexsort((point, metres, place))
        place, point, metres = place[order], point[order], metres[order]
        first = _before(place, np.ones(len(place), dtype=np.int64)) < k
        return place[first], point[first], metres[first]


def _before(place: Int64s, counts: Int64s) -> Int64s:
    """Sum of the counts that stand before each entry of its place; places come in order."""
    total = np.cumsum(counts) - counts
    start = np.searchsorted(place, place)
    before: Int64s = total - total[start]
    return before


def _on_globe(lon: Float64s, lat: Float64s) -> Bools:
    on_globe: Bools = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
    return on_globe
