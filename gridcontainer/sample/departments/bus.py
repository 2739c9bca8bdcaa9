"""Traffic: bus stops, one row for each stop of each line and direction."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry
from gridcontainer.sample.dirt import Faults, PositionColumns, clean_table, soil
from gridcontainer.sample.positions import (
    CITY_BOX,
    METRES_PER_DEGREE_LAT,
    METRES_PER_DEGREE_LON,
    Floats,
    Ints,
    moved,
)
from gridcontainer.sample.world import World

LINES = 540  # at scale 1
ASIDE_METRES = 450.0  # a line calls at crossings nearer than this to its straight way
STOP_GAP_METRES = 420.0
MIN_METRES, MAX_METRES = 4_000.0, 25_000.0  # from the first stop of a line to its last
DECLARATION = Declaration(
    department="traffic",
    dataset="bus_stops",
    path="traffic/bus_stops.txt",
    format="csv",
    key=("XLID", "ZDID"),
    geometry=Geometry(kind="point", lon="SOURCE_LON", lat="SOURCE_LAT", datum="wgs84"),
    csv=Csv(columns=("XLID", "ZDID", "SZGJFX", "ZDMC", "SOURCE_LON", "SOURCE_LAT")),
)
FAULTS = Faults(
    broken=0.0008, missing=0.0004, zero=0.006, outside=0.0015, repeated=0.03, resent=0.0002
)


def bus_stops(world: World) -> Dataset:
    """Stops of bus lines: coordinates of 4 digits, ids that look like those of a grid."""
    rng = world.generator(DECLARATION.name)
    calls = _calls(rng, world)
    stops = _stops(rng, world)
    at = calls["crossing"].to_numpy() * 2 + calls["direction"].to_numpy()
    lon, lat = stops["lon"].to_numpy()[at], stops["lat"].to_numpy()[at]
    cells = pd.DataFrame(
        {
            "XLID": calls["line"].astype(str),
            "ZDID": stops["id"].to_numpy()[at],
            "SZGJFX": calls["direction"].astype(str),
            "ZDMC": stops["name"].to_numpy()[at],
            "SOURCE_LON": [_short(value) for value in lon],
            "SOURCE_LAT": [_short(value) for value in lat],
        }
    )
    garbled = rng.random(len(cells)) < 0.002  # names that went through a wrong decoding once
    cells.loc[garbled, "ZDMC"] = "\ufffd" + cells.loc[garbled, "ZDMC"].str[1:]
    truth = pd.DataFrame(
        {
            "object_id": stops["object_id"].to_numpy()[at],
            "class": "bus_stop",
            "lon": lon,
            "lat": lat,
        }
    )
    position = PositionColumns(lon="SOURCE_LON", lat="SOURCE_LAT", spell=_short)
    clean = clean_table(cells, truth)
    table = soil(clean, FAULTS, rng, key=DECLARATION.key, position=position)
    return csv_dataset(DECLARATION, table)


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _stops(rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Two stops a crossing, one for each direction; row ``2 * crossing + direction``."""
    crossing = np.repeat(np.arange(len(world.roads.crossings)), 2)
    points = world.roads.crossings[crossing]
    side = np.tile([-30.0, 30.0], len(crossing) // 2)
    lon, lat = moved((points[:, 0], points[:, 1]), side, rng.normal(0.0, 15.0, len(crossing)))
    west, south, east, north = CITY_BOX
    column = ((lon - west) / (east - west) * 256).astype(np.int64)
    row = ((lat - south) / (north - south) * 256).astype(np.int64)
    frame = pd.DataFrame({"lon": lon, "lat": lat, "cell": column * 256 + row})
    number = frame.groupby("cell").cumcount() + 1
    frame["id"] = [f"{c:04X}{n:04X}" for c, n in zip(frame["cell"], number, strict=True)]
    frame["name"] = [world.roads.crossing_name(int(c)) for c in crossing]
    frame["object_id"] = [f"bus-stop-{number:06d}" for number in range(len(frame))]
    return frame


def _calls(rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Which crossings each line calls at, there and back."""
    parts: list[pd.DataFrame] = []
    number = 10_000
    for _ in range(world.rows(LINES, at_least=8)):
        number += int(rng.integers(1, 9))
        stops = _line(rng, world.roads.crossings)
        for direction, order in enumerate((stops, stops[::-1])):
            parts.append(pd.DataFrame({"line": number, "direction": direction, "crossing": order}))
    return pd.concat(parts, ignore_index=True)


def _line(rng: np.random.Generator, crossings: Floats) -> Ints:
    """Crossings near the straight way between two of them, in order and not too close."""
    metres = crossings * (METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT)
    length = 0.0
    while not MIN_METRES < length < MAX_METRES:
        start, end = metres[rng.integers(0, len(metres), 2)]
        length = float(np.hypot(*(end - start)))
    way = (end - start) / length
    ahead = (metres - start) @ way
    aside = (metres - start) @ np.array([-way[1], way[0]])
    near = np.flatnonzero((np.abs(aside) < ASIDE_METRES) & (ahead >= 0) & (ahead <= length))
    near = near[np.argsort(ahead[near])]
    kept = [int(near[0])]
    for crossing in near[1:]:
        if ahead[crossing] - ahead[kept[-1]] >= STOP_GAP_METRES:
            kept.append(int(crossing))
    return np.array(kept, dtype=np.int64)
