"""Traffic: smart-card taps at metro stations, in at one and out at another, twice a day."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Relation, Time
from gridcontainer.sample.dirt import Faults, clean_table, soil
from gridcontainer.sample.positions import Floats, Ints, distance_metres
from gridcontainer.sample.world import World

TAPS = 40_000  # at scale 1
DAYS = np.array(["2024-03-04", "2024-03-05", "2024-03-06"])  # Monday to Wednesday
METRES_PER_SECOND = 8.0  # stops included
DECLARATION = Declaration(
    department="traffic",
    dataset="smartcard",
    path="traffic/smartcard.txt",
    format="csv",
    key=("卡号", "交易日期", "交易时间"),
    csv=Csv(
        columns=("卡号", "交易日期", "交易时间", "站点名称", "行业名称", "交易金额", "交易性质"),
        header=False,
    ),
    time=Time(columns=("交易日期", "交易时间"), pattern="%Y-%m-%d %H:%M:%S"),
    sensitive=("卡号",),
    relations=(
        Relation(
            columns=("站点名称",),
            to="traffic/metro_stations",
            to_columns=("station",),
            note="the line stands before the name, such as 7号线; some end in a blank",
        ),
    ),
)
FAULTS = Faults(broken=0.0005, repeated=0.003)


def smartcard(world: World) -> Dataset:
    """Four taps for each card and day: to work in the morning, home in the evening."""
    rng = world.generator(DECLARATION.name)
    cards = world.rows(TAPS // (4 * len(DAYS)), at_least=20)
    home, work = _homes_and_works(rng, world, cards)
    taps = _taps(rng, world, home, work)
    names = world.metro.names
    lines = world.metro.first_line()
    blank = np.where(rng.random(len(taps)) < 0.01, " ", "")
    card_numbers = rng.choice(900_000_000, cards, replace=False) + 100_000_000
    station = taps["station"].to_numpy()
    cells = pd.DataFrame(
        {
            "卡号": card_numbers[taps["card"].to_numpy()].astype(str),
            "交易日期": DAYS[taps["day"].to_numpy()],
            "交易时间": [_clock(int(second)) for second in taps["second"]],
            "站点名称": [
                f"{lines[s]}号线{names[s]}{b}" for s, b in zip(station, blank, strict=True)
            ],
            "行业名称": "地铁",
            "交易金额": [f"{fare:.2f}" for fare in taps["fare"]],
            "交易性质": np.where(rng.random(len(taps)) < 0.2, "优惠", "非优惠"),
        }
    )
    table = soil(clean_table(cells), FAULTS, rng, key=DECLARATION.key)
    return csv_dataset(DECLARATION, table)


def _homes_and_works(rng: np.random.Generator, world: World, cards: int) -> tuple[Ints, Ints]:
    """Stations near where people live, and stations that draw work to the centre."""
    stations = world.metro.stations
    middle = stations.mean(axis=0)
    far = distance_metres((stations[:, 0], stations[:, 1]), (middle[:1], middle[1:]))
    lives = 0.3 + far / far.max()
    works = np.exp(-far / 6_000.0)
    home = rng.choice(len(stations), cards, p=lives / lives.sum())
    work = rng.choice(len(stations), cards, p=works / works.sum())
    return home, np.where(work == home, (work + 1) % len(stations), work)


def _taps(rng: np.random.Generator, world: World, home: Ints, work: Ints) -> pd.DataFrame:
    """One row a tap, ``second`` of the day; in any order inside a card, as the source has it."""
    card = np.repeat(np.arange(len(home)), len(DAYS))
    day = np.tile(np.arange(len(DAYS)), len(home))
    points = world.metro.stations
    ways = distance_metres((points[home, 0], points[home, 1]), (points[work, 0], points[work, 1]))[
        card
    ]
    travel = 300.0 + ways / METRES_PER_SECOND * rng.uniform(0.9, 1.3, len(card))
    morning = np.clip(rng.normal(8.0, 0.6, len(card)), 5.5, 10.5) * 3600
    evening = np.clip(rng.normal(18.2, 0.9, len(card)), 13.5, 20.5) * 3600
    fare = np.clip(3.0 + np.floor(ways / 6_000.0), 3.0, 9.0)
    free = np.zeros(len(card))
    legs = [
        _leg(card, day, home, morning, free),
        _leg(card, day, work, morning + travel, fare),
        _leg(card, day, work, evening, free),
        _leg(card, day, home, evening + travel, fare),
    ]
    taps = pd.concat(legs, ignore_index=True)
    return taps.iloc[np.lexsort((rng.random(len(taps)), taps["card"]))].reset_index(drop=True)


def _leg(card: Ints, day: Ints, station: Ints, second: Floats, fare: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "card": card,
            "day": day,
            "station": station[card],
            "second": second.astype(np.int64),
            "fare": fare,
        }
    )


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
