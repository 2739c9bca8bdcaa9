"""Addresses: house numbers along roads, communities by name, and villages."""

import numpy as np
import pandas as pd

from gridcontainer.sample.city import City
from gridcontainer.sample.names import FIRST, SECOND, VILLAGE_KINDS, distinct_names
from gridcontainer.sample.positions import moved
from gridcontainer.sample.roads import Roads
from gridcontainer.sample.seeds import child_generator, scaled

ADDRESSES = 9_000  # at scale 1
COMMUNITY_SHARE = 0.08
VILLAGE_SHARE = 0.08


def build_addresses(
    seed: int, scale: float, city: City, roads: Roads, communities: pd.DataFrame
) -> pd.DataFrame:
    """The addresses that notices speak of.

    Returns:
        One row an address: ``object_id`` and ``class`` (of the community where the address is
        one), ``address`` (unique), ``lon`` and ``lat`` (degrees WGS 84), ``district`` (number).
    """
    rng = child_generator(seed, "addresses")
    total = scaled(ADDRESSES, scale, at_least=60)
    named = min(round(total * COMMUNITY_SHARE), len(communities))
    villages = round(total * VILLAGE_SHARE)
    frame = pd.concat(
        [
            _lanes(rng, total - named - villages, roads),
            _communities(rng, named, communities),
            _villages(rng, villages, city),
        ],
        ignore_index=True,
    ).drop_duplicates("address", ignore_index=True)
    frame["class"] = np.where(frame["object_id"].isna(), "address", "community")
    own = [f"address-{number:06d}" for number in range(len(frame))]
    frame["object_id"] = frame["object_id"].fillna(pd.Series(own))
    frame["district"] = city.district_of((frame["lon"].to_numpy(), frame["lat"].to_numpy()))
    return frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)


def _lanes(rng: np.random.Generator, count: int, roads: Roads) -> pd.DataFrame:
    road = rng.integers(0, len(roads.names), count)
    share = rng.random(count)
    number = (share * roads.lengths()[road] / 3).astype(np.int64) + 1  # about 3 m a house number
    lon, lat = moved(
        roads.along(road, share), rng.normal(0.0, 25.0, count), rng.normal(0.0, 25.0, count)
    )
    unit = np.where(rng.random(count) < 0.85, "弄", "号")
    names = [f"{roads.names[r]}{n}{u}" for r, n, u in zip(road, number, unit, strict=True)]
    return pd.DataFrame({"object_id": None, "address": names, "lon": lon, "lat": lat})


def _communities(rng: np.random.Generator, count: int, communities: pd.DataFrame) -> pd.DataFrame:
    picked = communities.iloc[rng.permutation(len(communities))[:count]].reset_index(drop=True)
    as_other = rng.random(count) < 0.5
    return pd.DataFrame(
        {
            "object_id": picked["object_id"],
            "address": picked["name"].where(as_other, picked["other_name"]),
            "lon": picked["lon"],
            "lat": picked["lat"],
        }
    )


def _villages(rng: np.random.Generator, count: int, city: City) -> pd.DataFrame:
    lon, lat = city.sample(rng, count)
    names = distinct_names(rng, count, FIRST, SECOND, VILLAGE_KINDS)
    return pd.DataFrame({"object_id": None, "address": names, "lon": lon, "lat": lat})
