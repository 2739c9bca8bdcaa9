"""Residential communities: the truth behind every department's list of them."""

import numpy as np
import pandas as pd

from gridcontainer.sample.city import CENTRE, City
from gridcontainer.sample.names import FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import Points, distance_metres, moved
from gridcontainer.sample.roads import Roads
from gridcontainer.sample.seeds import child_generator, scaled

KINDS = ("花园", "公寓", "小区", "苑", "家园", "新村", "名邸", "公馆", "雅苑", "新城", "华庭", "里")
PHASES = "一二三"
ESTATES = 10_200  # at scale 1
PHASED_SHARE = 0.22  # estates built in two or three phases, each a community of its own
LANE_SHARE = 0.12  # estates known by a lane of a road only


def build_communities(seed: int, scale: float, city: City, roads: Roads) -> pd.DataFrame:
    """The communities of a seed.

    Returns:
        One row a community: ``object_id``; ``name``, as one agency writes it; ``other_name``, as
        another does (both unique in their column); ``lon`` and ``lat``, degrees WGS 84; ``price``,
        CNY a square metre.
    """
    rng = child_generator(seed, "communities")
    estates = scaled(ESTATES, scale, at_least=40)
    names = distinct_names(rng, estates, FIRST, SECOND, KINDS)
    points = city.sample(rng, estates)
    names, points = _on_lanes(rng, names, points, roads)
    frame = _in_phases(rng, names, points)
    frame["object_id"] = [f"community-{number:06d}" for number in range(len(frame))]
    frame["other_name"] = _other_names(rng, frame["name"].tolist())
    centre = (np.array([CENTRE[0]]), np.array([CENTRE[1]]))
    far = distance_metres((frame["lon"].to_numpy(), frame["lat"].to_numpy()), centre)
    frame["price"] = 14_000 + 76_000 * np.exp(-far / 14_000) * rng.lognormal(0.0, 0.2, len(frame))
    return frame


def _on_lanes(
    rng: np.random.Generator, names: list[str], points: Points, roads: Roads
) -> tuple[list[str], Points]:
    """Move some estates to a road and name them after their lane there."""
    count = round(len(names) * LANE_SHARE)
    road = rng.integers(0, len(roads.names), count)
    share = rng.random(count)
    lane = (share * roads.lengths()[road] / 3).astype(np.int64) + 1  # about 3 m a house number
    on_road = moved(roads.along(road, share), rng.normal(0, 40, count), rng.normal(0, 40, count))
    points[0][:count], points[1][:count] = on_road
    taken = set(names)
    for index in range(count):
        name = f"{roads.names[road[index]]}{lane[index]}弄小区"
        if name not in taken:
            taken.add(name)
            names[index] = name
    return names, points


def _in_phases(rng: np.random.Generator, names: list[str], points: Points) -> pd.DataFrame:
    phases = np.where(rng.random(len(names)) < PHASED_SHARE, rng.integers(2, 4, len(names)), 1)
    estate = np.repeat(np.arange(len(names)), phases)
    phase = np.concatenate([np.arange(count) for count in phases])
    east = rng.normal(0.0, 20.0, len(estate)) + 160.0 * phase
    lon, lat = moved(
        (points[0][estate], points[1][estate]), east, rng.normal(0.0, 60.0, len(estate))
    )
    labels = [
        names[number] + (f"({PHASES[part]}期)" if phases[number] > 1 else "")
        for number, part in zip(estate, phase, strict=True)
    ]
    return pd.DataFrame({"name": labels, "lon": lon, "lat": lat})


def _other_names(rng: np.random.Generator, names: list[str]) -> list[str]:
    """The same names by other habits, never the name of another community."""
    taken = set(names)
    others: list[str] = []
    for name, habit in zip(names, rng.integers(0, 6, len(names)), strict=True):
        other = _by_habit(name, int(habit))
        if other in taken:
            other = name
        taken.add(other)
        others.append(other)
    return others


def _by_habit(name: str, habit: int) -> str:
    if habit == 0:
        return name.replace("(", "").replace(")", "")
    if habit == 1:
        return name.replace("(", "（").replace(")", "）")
    if habit == 2 and name.endswith("花园"):
        return f"{name}(公寓)"
    if habit == 3 and name.endswith("小区"):
        return name.removesuffix("小区")
    if habit == 4 and name.endswith(("公寓", "苑", "里")):
        return f"{name}小区"
    return name
