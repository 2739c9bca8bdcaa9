"""Shops: the truth behind the map of them and behind the firms that run them."""

import numpy as np
import pandas as pd

from gridcontainer.sample.city import City
from gridcontainer.sample.names import FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import moved
from gridcontainer.sample.roads import Roads
from gridcontainer.sample.seeds import child_generator, scaled

SHOPS = 5_000  # at scale 1
KINDS = {
    "convenience": "便利店",
    "supermarket": "超市",
    "bakery": "面包房",
    "clothes": "服饰店",
    "hairdresser": "理发店",
    "mobile_phone": "手机店",
    "books": "书店",
    "florist": "花店",
    "car_repair": "汽修厂",
    "tea": "茶庄",
    "jewelry": "珠宝行",
    "mall": "购物中心",
}


def build_shops(seed: int, scale: float, city: City, roads: Roads) -> pd.DataFrame:
    """The shops of a seed, most of them near a crossing.

    Returns:
        One row a shop: ``object_id``, ``name`` (unique), ``shop`` (the tag of its kind), ``lon``
        and ``lat`` (degrees WGS 84).
    """
    rng = child_generator(seed, "shops")
    count = scaled(SHOPS, scale, at_least=30)
    names = distinct_names(rng, count, FIRST, SECOND, tuple(KINDS.values()))
    crossing = roads.crossings[rng.integers(0, len(roads.crossings), count)]
    at_crossing = rng.random(count) < 0.6
    lon, lat = city.sample(rng, count)
    lon, lat = moved(
        (np.where(at_crossing, crossing[:, 0], lon), np.where(at_crossing, crossing[:, 1], lat)),
        rng.normal(0.0, 70.0, count),
        rng.normal(0.0, 70.0, count),
    )
    return pd.DataFrame(
        {
            "object_id": [f"shop-{number:06d}" for number in range(count)],
            "name": names,
            "shop": [_tag(name) for name in names],
            "lon": lon,
            "lat": lat,
        }
    )


def _tag(name: str) -> str:
    return next(tag for tag, word in KINDS.items() if word in name)
