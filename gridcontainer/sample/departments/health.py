"""Health: daily notices of addresses, their geocodes in GCJ-02, and case points in BD-09."""

from typing import Any

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset
from gridcontainer.sample.declaration import Declaration, Geometry, Json, Relation, Time
from gridcontainer.sample.dirt import Faults, PositionColumns, clean_table, soil
from gridcontainer.sample.formats import gzip_bytes, json_bytes
from gridcontainer.sample.positions import Ints, in_datum
from gridcontainer.sample.world import World

EVENTS = 46_000  # at scale 1: an address in the notice of a day
DAYS = 57
FIRST_DAY = "2024-03-01"
UNGEOCODED_SHARE = 0.005
CASE_POINTS = 9_000  # at scale 1
CASE_DAYS = 25
OWN_PLACE_SHARE = 0.25  # case points at no address of the notices
NOTICES = Declaration(
    department="health",
    dataset="notices",
    path="health/notices/*.json",
    format="json",
    key=("date", "district_name", "address"),
    json=Json(
        rows="$.districts[*].places[*]",
        columns={
            "date": "$.date",
            "district_name": "$.districts[*].district_name",
            "address": "$.districts[*].places[*]",
        },
    ),
    time=Time(columns=("date",), pattern="%Y-%m-%d"),
    sensitive=("address",),
    relations=(
        Relation(columns=("address",), to="health/geocodes", to_columns=("address",)),
        Relation(columns=("district_name",), to="planning/districts", to_columns=("name",)),
    ),
    note="one document a day; a few addresses have no geocode",
)
GEOCODES = Declaration(
    department="health",
    dataset="geocodes",
    path="health/geocodes.json.gz",
    format="json",
    compression="gzip",
    key=("address",),
    geometry=Geometry(kind="point", lon="lng", lat="lat", datum="gcj02"),
    json=Json(rows="$.*", columns={"address": "$.*~", "lng": "$.*.lng", "lat": "$.*.lat"}),
    sensitive=("address", "lng", "lat"),
    note="one object whose members are the addresses; coordinates are text",
)
CASES = Declaration(
    department="health",
    dataset="case_points",
    path="health/case_points.json.gz",
    format="json",
    compression="gzip",
    key=("lat", "lng", "time"),
    geometry=Geometry(kind="point", lon="lng", lat="lat", datum="bd09"),
    json=Json(rows="$[*]", columns={"lat": "$[*].lat", "lng": "$[*].lng", "time": "$[*].time"}),
    time=Time(columns=("time",), pattern="%Y-%m-%d"),
    sensitive=("lng", "lat"),
)


def notices(world: World) -> Dataset:
    """Addresses by district, a document a day; some are named twice on a day."""
    rng = world.generator(NOTICES.name)
    events = _events(world)
    places = world.addresses.iloc[events["place"].to_numpy()]
    cells = pd.DataFrame(
        {
            "date": _dates()[events["day"].to_numpy()],
            "district_name": np.array(world.city.districts)[places["district"].to_numpy()],
            "address": places["address"].to_numpy(),
        }
    )
    table = soil(clean_table(cells), Faults(repeated=0.014), rng, key=NOTICES.key)
    by_day = dict(list(table.cells.groupby("date")))
    content = {
        f"health/notices/{date}.json": json_bytes(
            _document(rng, world, date, by_day.get(date, table.cells.iloc[:0])), indent=4
        )
        for date in _dates()
    }
    return Dataset(NOTICES, table, content)


def geocodes(world: World) -> Dataset:
    """Address -> position as text; a fifth was found in another province."""
    rng = world.generator(GEOCODES.name)
    found = world.addresses[rng.random(len(world.addresses)) >= UNGEOCODED_SHARE]
    lon, lat = in_datum((found["lon"].to_numpy(), found["lat"].to_numpy()), "gcj02")
    cells = pd.DataFrame(
        {
            "address": found["address"].to_numpy(),
            "lng": [f"{value:.6f}" for value in lon],
            "lat": [f"{value:.6f}" for value in lat],
        }
    )
    table = soil(
        clean_table(cells, found),
        Faults(outside=0.2),
        rng,
        key=GEOCODES.key,
        position=PositionColumns(lon="lng", lat="lat"),
    )
    rows = table.cells.to_dict("records")
    members = {row["address"]: {"lng": row["lng"], "lat": row["lat"]} for row in rows}
    return Dataset(GEOCODES, table, {GEOCODES.path: gzip_bytes(json_bytes(members, indent=4))})


def case_points(world: World) -> Dataset:
    """The same events as another office mapped them: no address, BD-09."""
    rng = world.generator(CASES.name)
    known = _known_cases(rng, world)
    own = _own_cases(rng, world)
    shown = pd.concat([known, own], ignore_index=True)
    shown = shown.iloc[rng.permutation(len(shown))].reset_index(drop=True)
    lon, lat = in_datum((shown["lon"].to_numpy(), shown["lat"].to_numpy()), "bd09")
    cells = pd.DataFrame(
        {"lat": np.round(lat, 9), "lng": np.round(lon, 9), "time": shown["time"].to_numpy()}
    )
    faults = Faults(swapped=0.0005, outside=0.0017, repeated=0.035)
    position = PositionColumns(lon="lng", lat="lat", spell=lambda value: round(float(value), 9))
    table = soil(clean_table(cells, shown), faults, rng, key=CASES.key, position=position)
    content = gzip_bytes(json_bytes(table.cells.to_dict("records"), indent=4))
    return Dataset(CASES, table, {CASES.path: content})


def _dates() -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.datetime_as_string(np.datetime64(FIRST_DAY) + np.arange(DAYS))


def _events(world: World) -> pd.DataFrame:
    """``day`` and ``place`` (row of the addresses), each pair once; a wave over the days."""
    rng = world.generator("health/events")
    wave = np.exp(-(((np.arange(DAYS) - 30) / 14.0) ** 2)) + 0.05
    per_day = np.rint(world.rows(EVENTS, at_least=200) * wave / wave.sum()).astype(int)
    weights = rng.lognormal(0.0, 0.8, len(world.addresses))
    parts = []
    for day, count in enumerate(per_day):
        order = np.argsort(rng.exponential(1.0, len(weights)) / weights)  # weighted, no repeats
        parts.append(pd.DataFrame({"day": day, "place": order[:count]}))
    return pd.concat(parts, ignore_index=True)


def _document(
    rng: np.random.Generator, world: World, date: str, rows: pd.DataFrame
) -> dict[str, Any]:
    places = {name: part["address"].tolist() for name, part in rows.groupby("district_name")}
    districts: list[dict[str, Any]] = []
    for name in world.city.districts:
        listed = places.get(name, [])
        confirmed = int(rng.binomial(len(listed), 0.1))
        total = len(listed) + int(rng.poisson(0.3 * len(listed)))
        districts.append(
            {
                "district_name": name,
                "confirmed": confirmed,
                "asymptomatic": total - confirmed,
                "total": total,
                "places": listed,
            }
        )
    sums = {key: sum(d[key] for d in districts) for key in ("confirmed", "asymptomatic", "total")}
    moved_over = int(rng.binomial(sums["confirmed"], 0.2))
    return {"date": date, **sums, "asymptomatic_to_confirmed": moved_over, "districts": districts}


def _known_cases(rng: np.random.Generator, world: World) -> pd.DataFrame:
    events = _events(world)
    early = events[events["day"] < CASE_DAYS]
    wanted = round(world.rows(CASE_POINTS, at_least=60) * (1 - OWN_PLACE_SHARE))
    picked = early.iloc[rng.permutation(len(early))[:wanted]]
    shown = world.addresses.iloc[picked["place"].to_numpy()]
    columns = ["object_id", "class", "lon", "lat"]
    return shown[columns].assign(time=_dates()[picked["day"].to_numpy()])


def _own_cases(rng: np.random.Generator, world: World) -> pd.DataFrame:
    count = round(world.rows(CASE_POINTS, at_least=60) * OWN_PLACE_SHARE)
    lon, lat = world.city.sample(rng, count)
    days: Ints = rng.integers(0, CASE_DAYS, count)
    return pd.DataFrame(
        {
            "object_id": [f"case-place-{number:06d}" for number in range(count)],
            "class": "case_place",
            "lon": lon,
            "lat": lat,
            "time": _dates()[days],
        }
    )
