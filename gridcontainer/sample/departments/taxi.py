"""Traffic: taxi positions every few seconds, on trips that follow a street grid."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry, Time
from gridcontainer.sample.dirt import Faults, PositionColumns, clean_table, soil
from gridcontainer.sample.positions import (
    METRES_PER_DEGREE_LAT,
    METRES_PER_DEGREE_LON,
    Floats,
    Ints,
    moved,
)
from gridcontainer.sample.world import World

CABS = 150  # at scale 1
DAYS = 3
FIXES = 110  # of a cab and day
FIRST_DAY = np.datetime64("2024-03-04T00:00:00")
WAYPOINTS = 14
DECLARATION = Declaration(
    department="traffic",
    dataset="taxi",
    path="traffic/taxi.txt",
    format="csv",
    key=("车ID", "GPS测定时间"),
    geometry=Geometry(kind="point", lon="经度", lat="纬度", datum="wgs84"),
    csv=Csv(
        columns=(
            *("车ID", "报警", "空车", "顶灯状态", "高架", "刹车"),
            *("接收时间", "GPS测定时间", "经度", "纬度", "速度", "方向"),
        ),
        newline="\r\n",
    ),
    time=Time(columns=("GPS测定时间",), pattern="%Y-%m-%d %H:%M:%S"),
    sensitive=("车ID",),
)
FAULTS = Faults(
    broken=0.0004,
    missing=0.0008,
    not_a_number=0.0002,
    zero=0.004,
    swapped=0.001,
    outside=0.001,
    repeated=0.006,
    resent=0.0002,
)


def taxi(world: World) -> Dataset:
    """Positions of cabs on three days, WGS 84, with the noise of a receiver."""
    rng = world.generator(DECLARATION.name)
    cab = np.repeat(np.arange(world.rows(CABS, at_least=5)), DAYS)
    seconds = np.cumsum(rng.integers(8, 20, (len(cab), FIXES)), axis=1)
    speed = _speeds(rng, len(cab))
    lon, lat, heading = _drive(rng, world, speed * np.diff(seconds, axis=1, prepend=0) / 3.6)
    start = (
        rng.integers(5 * 3600, 22 * 3600, len(cab))
        + np.tile(np.arange(DAYS), len(cab) // DAYS) * 86_400
    )
    measured = FIRST_DAY + (start[:, None] + seconds).reshape(-1).astype("timedelta64[s]")
    received = measured + rng.integers(4, 8, measured.size).astype("timedelta64[s]")
    hired = np.repeat(rng.random(len(cab)) < 0.55, FIXES)
    cells = pd.DataFrame(
        {
            "车ID": [f"{number + 2:05d}" for number in np.repeat(cab, FIXES)],
            "报警": "0",
            "空车": np.where(hired, "0", "1"),
            "顶灯状态": np.where(hired, "1", rng.choice(["0", "2", "3"], measured.size)),
            "高架": (rng.random(measured.size) < 0.12).astype(int).astype(str),
            "刹车": (speed.reshape(-1) == 0).astype(int).astype(str),
            "接收时间": _texts(received),
            "GPS测定时间": _texts(measured),
            "经度": [f"{value:.6f}" for value in lon],
            "纬度": [f"{value:.6f}" for value in lat],
            "速度": [f"{value:.1f}" for value in speed.reshape(-1)],
            "方向": [f"{value:.1f}" for value in heading],
        }
    )
    position = PositionColumns(lon="经度", lat="纬度")
    table = soil(clean_table(cells), FAULTS, rng, key=DECLARATION.key, position=position)
    return csv_dataset(DECLARATION, table)


def _texts(times: "np.ndarray[tuple[int], np.dtype[np.datetime64]]") -> list[str]:
    return [text.replace("T", " ") for text in np.datetime_as_string(times, unit="s").tolist()]


def _speeds(rng: np.random.Generator, sessions: int) -> Floats:
    """(sessions, FIXES) km/h: slow changes, with stops."""
    noise = rng.standard_normal((sessions, FIXES))
    drift = np.cumsum(noise, axis=1) - np.cumsum(noise, axis=1).mean(axis=1, keepdims=True)
    speed = np.clip(32.0 + 4.0 * drift, 0.0, 75.0)
    return np.where(rng.random(speed.shape) < 0.15, 0.0, np.round(speed, 1))


def _drive(rng: np.random.Generator, world: World, metres: Floats) -> tuple[Floats, Floats, Floats]:
    """Positions and headings after each step of ``metres`` (sessions, FIXES), flattened."""
    corners = _corners(rng, world, len(metres))
    lon, lat = np.empty_like(metres), np.empty_like(metres)
    for session, (path, steps) in enumerate(zip(corners, metres, strict=True)):
        sides = np.abs(np.diff(path, axis=0)) * (METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT)
        along = np.concatenate([[0.0], np.cumsum(sides.sum(axis=1))])
        driven = np.cumsum(steps) % along[-1]  # back to the start when the way is done
        lon[session] = np.interp(driven, along, path[:, 0])
        lat[session] = np.interp(driven, along, path[:, 1])
    east, north = np.diff(lon, axis=1, prepend=lon[:, :1]), np.diff(lat, axis=1, prepend=lat[:, :1])
    heading = np.round(np.degrees(np.arctan2(east, north)) % 360.0, 0) % 360.0
    noise = rng.normal(0.0, 4.0, (2, metres.size))
    points = moved((lon.reshape(-1), lat.reshape(-1)), *noise)
    return *points, heading.reshape(-1)


def _corners(rng: np.random.Generator, world: World, sessions: int) -> Floats:
    """(sessions, corners, 2): near places one after the other, by way of right angles."""
    lon, lat = world.city.sample(rng, sessions * WAYPOINTS * 12)
    choices = np.stack([lon, lat], axis=1).reshape(WAYPOINTS, sessions, 12, 2)
    here: Floats = choices[0, :, 0]
    path = [here]
    rows: Ints = np.arange(sessions)
    for options in choices[1:]:
        gaps = ((options - here[:, None]) ** 2).sum(axis=2)
        there: Floats = options[rows, np.argmin(gaps, axis=1)]
        path.extend([np.column_stack([there[:, 0], here[:, 1]]), there])
        here = there
    return np.stack(path, axis=1)
