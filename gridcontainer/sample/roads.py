"""Roads: straight named lines, the crossings they make, and positions along them."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridcontainer.sample.city import CENTRE, City
from gridcontainer.sample.names import FIRST, ROAD_KINDS, SECOND, distinct_names
from gridcontainer.sample.positions import (
    Floats,
    Ints,
    Points,
    distance_metres,
    moved,
)
from gridcontainer.sample.seeds import child_generator

ROADS = 900


@dataclass(frozen=True)
class Roads:
    """The road network.

    Attributes:
        names: by road number, all different.
        starts: (roads, 2), degrees WGS 84.
        ends: (roads, 2), degrees WGS 84.
        crossing_pairs: (crossings, 2) road numbers, the lower first.
        crossings: (crossings, 2), degrees WGS 84.
    """

    names: tuple[str, ...]
    starts: Floats
    ends: Floats
    crossing_pairs: Ints
    crossings: Floats

    def along(self, road: Ints, share: Floats) -> Points:
        """Positions on roads; ``share`` is 0 at the start of the road and 1 at its end."""
        points = self.starts[road] + share[:, None] * (self.ends - self.starts)[road]
        return points[:, 0], points[:, 1]

    def lengths(self) -> Floats:
        """Length of each road, metres."""
        return distance_metres(
            (self.starts[:, 0], self.starts[:, 1]), (self.ends[:, 0], self.ends[:, 1])
        )

    def crossing_name(self, crossing: int) -> str:
        """A stop's name at a crossing: both roads, one after the other."""
        first, second = self.crossing_pairs[crossing].tolist()
        return f"{self.names[first]}{self.names[second]}"


def build_roads(seed: int, city: City) -> Roads:
    """The roads of a seed; short and many in the centre, long and few outside."""
    rng = child_generator(seed, "roads")
    starts, ends = _lines(rng, city)
    pairs, crossings = _crossings(starts, ends)
    return Roads(
        names=tuple(distinct_names(rng, len(starts), FIRST, SECOND, ROAD_KINDS)),
        starts=starts,
        ends=ends,
        crossing_pairs=pairs,
        crossings=crossings,
    )


def _lines(rng: np.random.Generator, city: City) -> tuple[Floats, Floats]:
    lon, lat = city.sample(rng, ROADS)
    from_centre = distance_metres((lon, lat), (np.array(CENTRE[0]), np.array(CENTRE[1])))
    half = rng.uniform(600.0, 1800.0, ROADS) + 0.08 * from_centre  # metres
    # Two directions, a little turned: a street grid, not a heap of sticks.
    angle = rng.integers(0, 2, ROADS) * np.pi / 2 + rng.normal(0.12, 0.1, ROADS)
    for _ in range(6):
        starts = np.column_stack(moved((lon, lat), -half * np.cos(angle), -half * np.sin(angle)))
        ends = np.column_stack(moved((lon, lat), half * np.cos(angle), half * np.sin(angle)))
        off = ~(_inside(city, starts) & _inside(city, ends))
        half[off] /= 2  # a road ends where the city ends
    keep = ~off
    return starts[keep], ends[keep]


def _inside(city: City, points: Floats) -> NDArray[np.bool_]:
    return np.asarray(shapely.contains_xy(city.outline, points[:, 0], points[:, 1]), dtype=np.bool_)


def _crossings(starts: Floats, ends: Floats) -> tuple[Ints, Floats]:
    """Where two roads cross, by solving start + t * direction for every pair at once."""
    direction = ends - starts
    first, second = np.triu_indices(len(starts), k=1)
    gap = starts[second] - starts[first]
    cross = _cross(direction[first], direction[second])
    parallel = np.abs(cross) < 1e-12  # degrees squared
    divisor = np.where(parallel, 1.0, cross)
    on_first = _cross(gap, direction[second]) / divisor
    on_second = _cross(gap, direction[first]) / divisor
    met = ~parallel & (on_first >= 0) & (on_first <= 1) & (on_second >= 0) & (on_second <= 1)
    pairs = np.column_stack([first[met], second[met]]).astype(np.int64)
    points = starts[first[met]] + on_first[met, None] * direction[first[met]]
    return pairs, points


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], dtype=np.float64)
