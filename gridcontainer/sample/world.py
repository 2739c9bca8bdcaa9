"""Everything that more than one data set shows, made once."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gridcontainer.sample.addresses import build_addresses
from gridcontainer.sample.city import City, build_city
from gridcontainer.sample.communities import build_communities
from gridcontainer.sample.metro import Metro, build_metro
from gridcontainer.sample.roads import Roads, build_roads
from gridcontainer.sample.seeds import child_generator, scaled
from gridcontainer.sample.shops import build_shops


@dataclass(frozen=True)
class World:
    """The true city, before any department has written it down.

    The city, its roads and its metro depend on the seed alone; the frames also on the scale.
    """

    seed: int
    scale: float
    city: City
    roads: Roads
    metro: Metro
    communities: pd.DataFrame
    addresses: pd.DataFrame
    shops: pd.DataFrame

    def generator(self, dataset: str) -> np.random.Generator:
        """The generator of one data set; see ``child_generator``."""
        return child_generator(self.seed, dataset)

    def rows(self, at_scale_one: int, *, at_least: int = 1) -> int:
        """How many rows a data set has at the scale of this world."""
        return scaled(at_scale_one, self.scale, at_least=at_least)


def build_world(seed: int, scale: float) -> World:
    """The world of a seed; ``scale`` multiplies the number of objects and events."""
    city = build_city(seed)
    roads = build_roads(seed, city)
    communities = build_communities(seed, scale, city, roads)
    return World(
        seed=seed,
        scale=scale,
        city=city,
        roads=roads,
        metro=build_metro(seed, city, roads),
        communities=communities,
        addresses=build_addresses(seed, scale, city, roads, communities),
        shops=build_shops(seed, scale, city, roads),
    )
