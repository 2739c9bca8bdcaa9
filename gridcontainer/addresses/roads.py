"""Where on a road: between known numbers, at a crossing, some metres on from it. Plane metres.

Each answer is a guess with its reckoned uncertainty; how much larger the stated one must be was
measured (``docs/addresses.md``).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from gridcontainer.grid.arrays import Float64s

_KERB: Final = 30.0  # metres: houses stand beside the road
_FURTHEST_NUMBER: Final = 400  # beyond the last known number nothing is said
_MOST_GAP: Final = 1500.0  # metres between known points of two roads that are said to cross
_STRAY: Final = 1500.0  # metres without another point of the road
_NEIGHBOURS: Final = 3  # on each side
_LEAST_ANGLE: Final = np.sin(np.radians(20))
_COMPASS: Final = {"东": (1.0, 0.0), "西": (-1.0, 0.0), "北": (0.0, 1.0), "南": (0.0, -1.0)}


@dataclass(frozen=True)
class Guess:
    """A point, and how sure it is.

    Attributes:
        point: east and north, metres.
        metres: reckoned uncertainty.
        used: indices of the known points that it stands on.
    """

    point: Float64s
    metres: float
    used: tuple[int, ...]


def without_strays(points: Float64s) -> NDArray[np.bool_]:
    """Which points of a road have another one near: a single far one is a wrong geocode.

    Of fewer than four points none is called wrong.
    """
    if len(points) < 4:
        return np.ones(len(points), dtype=bool)
    to_next: Float64s = cKDTree(points).query(points, k=2)[0][:, 1]
    return to_next <= _STRAY


def between_numbers(numbers: NDArray[np.int64], points: Float64s, wanted: int) -> Guess | None:
    """The place of a number on a road from its known neighbours.

    Args:
        numbers: (n,) known ones, in any order, repeated or not.
        points: (n, 2) where they are.
        wanted: the number.

    Returns:
        Between the next lower and the next higher number, in proportion; at the nearest where one
        side has none. None where no known number is near enough in the series.
    """
    near = _near_in_series(numbers, points, wanted)
    lower, upper = near[numbers[near] <= wanted], near[numbers[near] >= wanted]
    if not len(lower) and not len(upper):
        return None
    if not len(lower) or not len(upper):
        return _beyond(numbers, points, wanted, lower if len(lower) else upper)
    below, above = lower[0], upper[0]
    gap = numbers[above] - numbers[below]
    share = 0.5 if gap == 0 else (wanted - numbers[below]) / gap
    point = points[below] + share * (points[above] - points[below])
    apart = float(np.hypot(*(points[above] - points[below])))
    metres = _KERB + apart * min(0.5, max(share * (1 - share) * 2, 0.1))
    return Guess(point, metres, (int(below), int(above)))


def _near_in_series(numbers: NDArray[np.int64], points: Float64s, wanted: int) -> NDArray[np.int64]:
    """Indices of the next numbers on either side, nearest first, without those that lie apart."""
    order = np.argsort(np.abs(numbers - wanted), kind="stable")
    order = order[np.abs(numbers[order] - wanted) <= _FURTHEST_NUMBER]
    lower = order[numbers[order] <= wanted][:_NEIGHBOURS]
    upper = order[numbers[order] >= wanted][:_NEIGHBOURS]
    near = np.unique(np.concatenate([lower, upper]))
    if len(near) < 3:
        return _nearest_first(near, numbers, wanted)
    away = np.hypot(*(points[near] - np.median(points[near], axis=0)).T)
    near = near[away <= 3 * np.median(away) + 200]
    return _nearest_first(near, numbers, wanted)


def _nearest_first(
    near: NDArray[np.int64], numbers: NDArray[np.int64], wanted: int
) -> NDArray[np.int64]:
    ordered: NDArray[np.int64] = near[np.argsort(np.abs(numbers[near] - wanted), kind="stable")]
    return ordered


def _beyond(
    numbers: NDArray[np.int64], points: Float64s, wanted: int, near: NDArray[np.int64]
) -> Guess:
    """At the nearest known number, as uncertain as the numbers between take room."""
    nearest = near[0]
    steps = abs(int(numbers[nearest]) - wanted)
    return Guess(points[nearest], _KERB + 1.5 * steps, (int(nearest),))


def crossing(first: Float64s, second: Float64s) -> Guess | None:
    """Where two roads cross, from known points of each: where these come nearest.

    Args:
        first: (n, 2) points on one road.
        second: (m, 2) points on the other.

    Returns:
        Where the roads' lines near there meet, if they do; else the middle of the nearest pair.
        ``used`` are the pair: an index of ``first`` and one of ``second``. None where no points
        come near.
    """
    if not len(first) or not len(second):
        return None
    gaps, nearest = cKDTree(second).query(first)
    row = int(np.argmin(gaps))
    column, gap = int(nearest[row]), float(gaps[row])
    if gap > _MOST_GAP:
        return None
    middle = (first[row] + second[column]) / 2
    used = (row, column)
    reach = max(500.0, 2 * gap)
    lines = (road_axis(first, middle, reach), road_axis(second, middle, reach))
    if lines[0] is not None and lines[1] is not None:
        met = _meet(lines[0], lines[1])
        if met is not None and np.hypot(*(met - middle)) <= max(gap, 150.0):
            return Guess(met, _KERB + gap / 2, used)
    return Guess(middle, 2 * _KERB + gap, used)


def road_axis(points: Float64s, centre: Float64s, reach: float) -> tuple[Float64s, Float64s] | None:
    """Middle and direction of a road near a point; None where its points there make no line."""
    near = points[np.hypot(*(points - centre).T) <= reach]
    if len(near) < 3:
        return None
    middle = near.mean(axis=0)
    _, sizes, directions = np.linalg.svd(near - middle, full_matrices=False)
    if sizes[0] < 3 * sizes[1]:
        return None
    return middle, directions[0]


def move_along(start: Guess, road: Float64s, direction: str | None, offset: float) -> Guess:
    """Some metres on from a crossing, along the road, in a direction of the compass.

    Args:
        start: the crossing.
        road: (n, 2) points on the road.
        direction: of 东南西北, one or two; None where it is not said.
        offset: metres.

    Returns:
        Along the road's own direction where that is known and goes about that way, else due east,
        south, west or north. Without a direction the crossing, as uncertain as the distance.
    """
    if direction is None:
        return Guess(start.point, start.metres + offset, start.used)
    heading = sum((np.array(_COMPASS[letter]) for letter in direction), np.zeros(2))
    if not heading.any():  # 东西
        return Guess(start.point, start.metres + offset, start.used)
    heading = heading / np.hypot(*heading)
    axis = road_axis(road, start.point, max(800.0, 2 * offset))
    if axis is None or abs(axis[1] @ heading) < 0.5:
        return Guess(start.point + offset * heading, start.metres + 0.5 * offset, start.used)
    along = axis[1] * np.sign(axis[1] @ heading)
    return Guess(start.point + offset * along, start.metres + 0.2 * offset, start.used)


def _meet(first: tuple[Float64s, Float64s], second: tuple[Float64s, Float64s]) -> Float64s | None:
    """Where two lines cross; None where they run nearly side by side."""
    (p, d), (q, e) = first, second
    sine = d[0] * e[1] - d[1] * e[0]
    if abs(sine) < _LEAST_ANGLE:
        return None
    between = q - p
    met: Float64s = p + d * (between[0] * e[1] - between[1] * e[0]) / sine
    return met
