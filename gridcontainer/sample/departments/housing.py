"""Housing: two lists of communities that agree neither in datum, order of columns nor names."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry
from gridcontainer.sample.dirt import Faults, PositionColumns, clean_table, soil
from gridcontainer.sample.positions import in_datum
from gridcontainer.sample.world import World

LISTED_SHARE = 0.9  # of all communities, in the long list
PRICED_SHARE = 0.21  # of all communities, in the short list; independent of the long one
LONG_LIST = Declaration(
    department="housing",
    dataset="communities_bd09",
    path="housing/communities_gbk_bd09.csv",
    format="csv",
    encoding="gbk",
    key=("小区",),
    geometry=Geometry(kind="point", lon="经度", lat="纬度", datum="bd09"),
    csv=Csv(columns=("小区", "纬度", "经度")),
)
SHORT_LIST = Declaration(
    department="housing",
    dataset="communities_wgs84",
    path="housing/communities_wgs84.csv",
    format="csv",
    encoding="gbk",
    key=("name",),
    geometry=Geometry(kind="point", lon="lon", lat="lat", datum="wgs84"),
    csv=Csv(columns=("name", "lon", "lat", "price", "count"), header=False),
)


def communities_bd09(world: World) -> Dataset:
    """The long list: name, latitude, longitude; GBK; BD-09."""
    rng = world.generator(LONG_LIST.name)
    shown = world.communities[rng.random(len(world.communities)) < LISTED_SHARE]
    shown = shown.iloc[rng.permutation(len(shown))].assign(**{"class": "community"})
    lon, lat = in_datum((shown["lon"].to_numpy(), shown["lat"].to_numpy()), "bd09")
    cells = pd.DataFrame(
        {
            "小区": shown["name"].to_numpy(),
            "纬度": [_trimmed(value) for value in lat],
            "经度": [_trimmed(value) for value in lon],
        }
    )
    faults = Faults(
        broken=0.0004,
        missing=0.0006,
        not_a_number=0.0006,
        zero=0.0005,
        swapped=0.001,
        outside=0.04,
        repeated=0.004,
        resent=0.0002,
    )
    position = PositionColumns(lon="经度", lat="纬度", spell=_trimmed)
    clean = clean_table(cells, shown)
    return csv_dataset(LONG_LIST, soil(clean, faults, rng, key=LONG_LIST.key, position=position))


def communities_wgs84(world: World) -> Dataset:
    """The short list, with prices (CNY a square metre) and flats on offer; GBK, no header."""
    rng = world.generator(SHORT_LIST.name)
    shown = world.communities[rng.random(len(world.communities)) < PRICED_SHARE]
    shown = shown.iloc[rng.permutation(len(shown))].assign(**{"class": "community"})
    price = shown["price"].to_numpy().copy()
    odd = rng.random(len(price)) < 0.004
    price[odd] /= 10_000.0  # typed in the unit of another list
    cells = pd.DataFrame(
        {
            "name": shown["other_name"].to_numpy(),
            "lon": [_trimmed(value) for value in shown["lon"]],
            "lat": [_trimmed(value) for value in shown["lat"]],
            "price": [repr(float(np.round(value, 4))) for value in price],
            "count": rng.geometric(0.12, len(price)).astype(str),
        }
    )
    faults = Faults(broken=0.0008, missing=0.002, outside=0.003, repeated=0.005)
    clean = clean_table(cells, shown)
    position = PositionColumns(spell=_trimmed)
    return csv_dataset(SHORT_LIST, soil(clean, faults, rng, key=SHORT_LIST.key, position=position))


def _trimmed(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
