"""The metro: lines through the centre, and stations that lines share where they meet."""

from dataclasses import dataclass

import numpy as np
import shapely

from gridcontainer.sample.city import CENTRE, City
from gridcontainer.sample.names import FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import Floats, Ints, distance_metres, moved
from gridcontainer.sample.roads import Roads
from gridcontainer.sample.seeds import child_generator

LINES = 17
BRANCHED = (2, 10)  # lines whose stations are listed once a branch
TRANSFER_METRES = 450.0  # stations of two lines nearer than this are one
HALF_LINE = (9, 17)  # at least, and fewer than: stations each way from the middle of a line
NAME_METRES = 1500.0  # a road further away does not name a station


@dataclass(frozen=True)
class Metro:
    """The metro network.

    Attributes:
        names: of the stations, all different.
        stations: (stations, 2), degrees WGS 84.
        branches: (line number from 1, station numbers from end to end), one a branch.
    """

    names: tuple[str, ...]
    stations: Floats
    branches: tuple[tuple[int, tuple[int, ...]], ...]

    def first_line(self) -> Ints:
        """The lowest line number at each station."""
        lines = np.full(len(self.names), LINES + 1, dtype=np.int64)
        for line, stations in self.branches:
            np.minimum.at(lines, list(stations), line)
        return lines


def build_metro(seed: int, city: City, roads: Roads) -> Metro:
    """The network of a seed; the same at every scale."""
    rng = child_generator(seed, "metro")
    stations: list[tuple[float, float]] = []
    branches: list[tuple[int, tuple[int, ...]]] = []
    for line in range(1, LINES + 1):
        heading = np.pi * line / LINES + rng.normal(0.0, 0.08)
        middle = (rng.normal(CENTRE[0], 0.035), rng.normal(CENTRE[1], 0.03))
        back = _arm(rng, city, middle, heading + np.pi)
        path = _joined(stations, [*reversed(back), middle, *_arm(rng, city, middle, heading)])
        branches.append((line, path))
        if line in BRANCHED:
            fork = len(path) * 2 // 3
            arm = _arm(rng, city, stations[path[fork]], heading + 0.6)
            branches.append((line, path[: fork + 1] + _joined(stations, arm)))
    positions = np.array(stations)
    return Metro(_station_names(rng, positions, roads), positions, tuple(branches))


def _arm(
    rng: np.random.Generator, city: City, start: tuple[float, float], heading: float
) -> list[tuple[float, float]]:
    """Positions from next to ``start`` outwards; steps grow with the distance from the centre."""
    arm: list[tuple[float, float]] = []
    point = start
    for _ in range(rng.integers(*HALF_LINE)):
        from_centre = float(distance_metres(_arrays(point), _arrays(CENTRE))[0])
        step = rng.uniform(900.0, 1300.0) + 0.05 * from_centre
        heading += rng.normal(0.0, 0.13)
        east, north = np.array([step * np.cos(heading)]), np.array([step * np.sin(heading)])
        lon, lat = moved(_arrays(point), east, north)
        point = (float(lon[0]), float(lat[0]))
        if not shapely.contains_xy(city.outline, *point):
            break
        arm.append(point)
    return arm


def _joined(
    stations: list[tuple[float, float]], path: list[tuple[float, float]]
) -> tuple[int, ...]:
    """Station numbers of a path; stations that are not there yet are added to the list."""
    numbers: list[int] = []
    for point in path:
        known = np.array(stations).reshape(-1, 2)
        gaps = distance_metres((known[:, 0], known[:, 1]), _arrays(point))
        near = int(np.argmin(gaps)) if len(gaps) else -1
        if near >= 0 and gaps[near] < TRANSFER_METRES and near not in numbers:
            numbers.append(near)
        else:
            stations.append(point)
            numbers.append(len(stations) - 1)
    return tuple(numbers)


def _station_names(rng: np.random.Generator, stations: Floats, roads: Roads) -> tuple[str, ...]:
    """The nearest road that names no other station, else an invented place."""
    middles = (roads.starts + roads.ends) / 2
    places = iter(distinct_names(rng, len(stations), FIRST, SECOND))
    names: list[str] = []
    for lon, lat in stations:
        gaps = distance_metres((middles[:, 0], middles[:, 1]), _arrays((lon, lat)))
        near = [roads.names[road] for road in np.argsort(gaps)[:4] if gaps[road] < NAME_METRES]
        free = [name for name in near if name not in names]
        names.append(free[0] if free else next(places))
    return tuple(names)


def _arrays(point: tuple[float, float]) -> tuple[Floats, Floats]:
    return np.array([point[0]]), np.array([point[1]])
