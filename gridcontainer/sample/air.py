"""The air of the city: stations, and fine dust by the hour, which all its data sets agree on."""

from dataclasses import dataclass

import numpy as np

from gridcontainer.sample.city import CENTRE
from gridcontainer.sample.names import FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import Floats, Ints, Points, distance_metres
from gridcontainer.sample.world import World

SITES = 17
HOURS = 40 * 24  # at every scale, so that a reading does not change with the scale
START = np.datetime64("2024-03-01T00:00:00")  # local time
POLLUTANTS = ("PM2.5", "PM10", "O3", "SO2", "NO2", "CO")
LEVELS = ("优", "良", "轻度污染", "中度污染", "重度污染", "严重污染")
INDEX_EDGES = (0, 50, 100, 150, 200, 300, 500)
DUST_EDGES = (0, 35, 75, 115, 150, 250, 500)  # micrograms a cubic metre, mean of 24 h


@dataclass(frozen=True)
class Air:
    """Stations and what they measure.

    Attributes:
        sites: ids, as text.
        names: Chinese, all different.
        addresses: Chinese.
        points: degrees WGS 84.
        start: local time of the first hour.
        dust: (hours, sites), micrograms of PM2.5 a cubic metre.
    """

    sites: tuple[str, ...]
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    points: Points
    start: np.datetime64
    dust: Floats


def build_air(world: World) -> Air:
    """The air of a world; the same at every scale."""
    rng = world.generator("air")
    points = world.city.sample(rng, SITES)
    districts = world.city.district_of(points)
    stems = distinct_names(rng, SITES, FIRST, SECOND)
    names = [
        world.city.districts[district].removesuffix("区") + stem
        for district, stem in zip(districts, stems, strict=True)
    ]
    roads = rng.choice(len(world.roads.names), SITES, replace=False)
    numbers = rng.integers(5, 1500, SITES)
    return Air(
        sites=tuple(str(site) for site in rng.choice(np.arange(180, 260), SITES, replace=False)),
        names=tuple(names),
        addresses=tuple(
            f"{world.city.districts[district]}{world.roads.names[road]}{number}号"
            for district, road, number in zip(districts, roads, numbers, strict=True)
        ),
        points=points,
        start=START,
        dust=_dust(rng, points),
    )


def _dust(rng: np.random.Generator, points: Points) -> Floats:
    """Days of weather, a rush hour, more in the centre, and each station's own noise."""
    weather = np.empty(HOURS)
    state = 0.0
    for hour, push in enumerate(rng.normal(0.0, 0.14, HOURS)):
        state = 0.97 * state + push
        weather[hour] = state
    clock = np.arange(HOURS) % 24
    rush = 0.15 * np.exp(-((clock - 8) ** 2) / 8) + 0.1 * np.exp(-((clock - 19) ** 2) / 10)
    far = distance_metres(points, (np.array([CENTRE[0]]), np.array([CENTRE[1]])))
    centre = 0.25 * np.exp(-far / 12_000.0)
    noise = rng.normal(0.0, 0.12, (HOURS, len(far)))
    return np.asarray(38.0 * np.exp(weather[:, None] + rush[:, None] + centre + noise))


def air_index(dust: Floats) -> Ints:
    """The air quality index that PM2.5 alone gives, by straight lines between the edges.

    Source: HJ 633-2012, table 1.
    """
    return np.rint(np.interp(dust, DUST_EDGES, INDEX_EDGES)).astype(np.int64)


def index_level(index: Ints) -> Ints:
    """0 (best) to 5 of an index; an edge belongs to the better level."""
    return np.searchsorted(INDEX_EDGES[1:-1], index, side="left").astype(np.int64)
