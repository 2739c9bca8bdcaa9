"""Positions that are hard to encode, and random ones: for the exact tests, long and short."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNITS = 7_372_800
WIDTHS = (44_236_800, 3_686_400, 1_843_200, 122_880, 8_192, 4_096, 512, 64, 8, 1)  # in units
HEIGHTS = (29_491_200, 3_686_400, 1_228_800, 122_880, 8_192, 4_096, 512, 64, 8, 1)
LONGITUDES = (0.0, 5e-324, 1e-9, 6.0, 60.0, 120.0, 174.0, 180.0)
LATITUDES = (0.0, 5e-324, 1e-9, 4.0, 84.0, 88.0, 88.5, 89.0, 89.5, 90.0)


def make_points(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Longitudes and latitudes in all four quadrants, polar caps included.

    Half of the longitudes and half of the latitudes, independently, are hard: the corner of a cell
    of some level, or a place where the grid changes, and the doubles next to either.
    """
    return (
        _coordinates(rng, count, 180, WIDTHS, LONGITUDES),
        _coordinates(rng, count, 90, HEIGHTS, LATITUDES),
    )


def _coordinates(
    rng: np.random.Generator,
    count: int,
    limit: int,
    sizes: tuple[int, ...],
    special: tuple[float, ...],
) -> Floats:
    size = rng.choice(np.array(sizes), count)
    corner = rng.integers(0, limit * UNITS, count) // size * size / UNITS
    hard = np.where(rng.random(count) < 0.1, rng.choice(np.array(special), count), corner)
    hard = _step(hard, rng.integers(-2, 3, count))
    values = np.where(rng.random(count) < 0.5, hard, rng.uniform(0, limit, count))
    return np.clip(np.where(rng.random(count) < 0.5, values, -values), -limit, limit)


def _step(values: Floats, steps: NDArray[np.int64]) -> Floats:
    """The double so many doubles above (or below) each value."""
    for step in (1, 2):
        values = np.where(steps >= step, np.nextafter(values, np.inf), values)
        values = np.where(steps <= -step, np.nextafter(values, -np.inf), values)
    return values
