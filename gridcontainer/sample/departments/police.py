"""Police: accidents whose place is a sentence, without coordinates."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Relation, Time
from gridcontainer.sample.dirt import Faults, clean_table, soil
from gridcontainer.sample.positions import moved
from gridcontainer.sample.world import World

ACCIDENTS = 3_000  # at scale 1
KINDS = ("伤人事故", "死亡事故", "财产损失事故")
SIDES = {"东": (1.0, 0.0), "南": (0.0, -1.0), "西": (-1.0, 0.0), "北": (0.0, 1.0)}
VERBS = ("出", "进", "")
METRES = (0, 1, 2, 5, 10, 15, 20, 30, 50, 80, 100, 150, 200, 300, 500, 800, 1500, 3000)
JUNCTION_SHARE = 0.06  # places that say a junction and no distance
FIRST_DAY = np.datetime64("2023-07-01T00:00:00")
DAYS = 300
DECLARATION = Declaration(
    department="police",
    dataset="accidents",
    path="police/accidents.txt",
    format="csv",
    key=("SGBH",),
    csv=Csv(columns=("id", "SGBH", "DMSM1", "SGDD", "SGFSSJ")),
    time=Time(columns=("SGFSSJ",), pattern="%Y-%m-%d %H:%M:%S"),
    sensitive=("SGDD",),
    relations=(
        Relation(
            columns=("SGDD",),
            to="traffic/bus_stops",
            to_columns=("ZDMC",),
            note="the two roads of the sentence, in either order, name the stops at the crossing",
        ),
    ),
    note="month, day and hour without a leading zero; the metres go from the crossing to the side",
)
FAULTS = Faults(broken=0.001, repeated=0.004)


def accidents(world: World) -> Dataset:
    """Accidents near crossings: one road, the other, a side and metres."""
    rng = world.generator(DECLARATION.name)
    count = world.rows(ACCIDENTS, at_least=30)
    crossing = rng.integers(0, len(world.roads.crossings), count)
    side = rng.choice(list(SIDES), count)
    metres = rng.choice(METRES, count)
    metres[rng.random(count) < JUNCTION_SHARE] = -1  # said without metres
    seconds = rng.integers(0, DAYS * 288, count) * 300
    at = world.roads.crossings[crossing]
    steps = np.array([SIDES[name] for name in side]) * np.maximum(metres, 0)[:, None]
    lon, lat = moved((at[:, 0], at[:, 1]), steps[:, 0], steps[:, 1])
    district = world.city.district_of((lon, lat))
    cells = pd.DataFrame(
        {
            "id": np.arange(1, count + 1).astype(str),
            "SGBH": [
                f"{world.city.district_code(d)}{2023:04d}{number:06d}"
                for number, d in enumerate(district.tolist())
            ],
            "DMSM1": rng.choice(KINDS, count, p=[0.7, 0.1, 0.2]),
            "SGDD": [
                _place(rng, world, *place)
                for place in zip(crossing.tolist(), side, metres.tolist(), strict=True)
            ],
            "SGFSSJ": [_moment(second) for second in seconds.tolist()],
        }
    )
    truth = pd.DataFrame(
        {
            "object_id": [f"accident-{number:06d}" for number in range(count)],
            "class": "accident",
            "lon": lon,
            "lat": lat,
        }
    )
    table = soil(clean_table(cells, truth), FAULTS, rng, key=DECLARATION.key)
    return csv_dataset(DECLARATION, table)


def _place(rng: np.random.Generator, world: World, crossing: int, side: str, metres: int) -> str:
    """``甲路出乙路南约300米`` or ``甲路乙路路口``; either road may come first."""
    first, second = rng.permutation(world.roads.crossing_pairs[crossing]).tolist()
    if metres < 0:
        return f"{world.roads.names[first]}{world.roads.names[second]}路口"
    verb = VERBS[int(rng.integers(0, len(VERBS)))]
    return f"{world.roads.names[first]}{verb}{world.roads.names[second]}{side}约{metres}米"


def _moment(second: int) -> str:
    moment = pd.Timestamp(FIRST_DAY) + pd.Timedelta(seconds=second)
    day = f"{moment.year}-{moment.month}-{moment.day}"
    return f"{day} {moment.hour}:{moment.minute:02d}:{moment.second:02d}"
