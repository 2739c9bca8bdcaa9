"""Traffic: metro stations, once as a table in WGS 84 and once as nested lines in BD-09."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry, Json, Relation
from gridcontainer.sample.dirt import Faults, PositionColumns, Table, clean_table, soil
from gridcontainer.sample.formats import json_bytes
from gridcontainer.sample.metro import LINES
from gridcontainer.sample.positions import Ints, in_datum, moved
from gridcontainer.sample.world import World

WGS84 = Declaration(
    department="traffic",
    dataset="metro_stations",
    path="traffic/metro_stations.csv",
    format="csv",
    key=("station",),
    geometry=Geometry(kind="point", lon="lon", lat="lat", datum="wgs84"),
    csv=Csv(columns=("station", "lon", "lat"), bom=True, newline="\r\n"),
)
BD09 = Declaration(
    department="traffic",
    dataset="metro_stations_bd09",
    path="traffic/metro_stations_bd09.json",
    format="json",
    key=("id",),
    geometry=Geometry(kind="point", lon="lng", lat="lat", datum="bd09"),
    json=Json(
        rows="$[*][*].stations[*]",
        columns={
            "line": "$[*][*].name",
            "name": "$[*][*].stations[*].name",
            "lng": "$[*][*].stations[*].position.lng",
            "lat": "$[*][*].stations[*].position.lat",
            "_uid": "$[*][*].stations[*]._uid",
            "id": "$[*][*].stations[*].id",
        },
    ),
    relations=(Relation(columns=("name",), to="traffic/metro_stations", to_columns=("station",)),),
    note="the outer list is of lines, and null for one that was never built; a line has branches; "
    "a transfer station is listed by each of its lines",
)
UNBUILT = (0, LINES - 2, LINES - 1)  # places in the outer list that hold null


def metro_stations(world: World) -> Dataset:
    """Stations with a position each, WGS 84; byte-order mark and CRLF."""
    rng = world.generator(WGS84.name)
    lon, lat = world.metro.stations.T
    cells = pd.DataFrame(
        {
            "station": world.metro.names,
            "lon": [repr(round(float(value), 7)) for value in lon],
            "lat": [repr(round(float(value), 7)) for value in lat],
        }
    )
    faults = Faults(missing=0.002, outside=0.002, repeated=0.005)
    table = soil(
        clean_table(cells, _truth(world, np.arange(len(cells)))),
        faults,
        rng,
        key=WGS84.key,
        position=PositionColumns(),
    )
    return csv_dataset(WGS84, table)


def metro_stations_bd09(world: World) -> Dataset:
    """The same stations listed by line and branch, BD-09; no faults but nulls between lines."""
    rng = world.generator(BD09.name)
    stations = np.concatenate([np.array(path) for _, path in world.metro.branches])
    branch = np.repeat(
        np.arange(len(world.metro.branches)), [len(path) for _, path in world.metro.branches]
    )
    points = world.metro.stations[stations]
    # Each line's stop was placed by hand: a few metres off, and not the same at a transfer.
    east, north = rng.normal(0.0, 8.0, (2, len(stations)))
    lon, lat = in_datum(moved((points[:, 0], points[:, 1]), east, north), "bd09")
    cells = pd.DataFrame(
        {
            "line": [_branch_name(world, number) for number in branch.tolist()],
            "name": [world.metro.names[station] for station in stations],
            "lng": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "_uid": [rng.bytes(12).hex() for _ in stations],
            "id": 10_000 + np.arange(len(stations)),
        }
    )
    table = clean_table(cells, _truth(world, stations))
    content = json_bytes(_nested(world, table, branch), indent=1)
    return Dataset(BD09, table, {BD09.path: content})


def _truth(world: World, stations: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "object_id": [f"metro-station-{station:06d}" for station in stations],
            "class": "metro_station",
            "lon": world.metro.stations[stations, 0],
            "lat": world.metro.stations[stations, 1],
        }
    )


def _branch_name(world: World, branch: int) -> str:
    line, stations = world.metro.branches[branch]
    first, last = world.metro.names[stations[0]], world.metro.names[stations[-1]]
    return f"地铁{line}号线({first}-{last})"


def _nested(world: World, table: Table, branch: Ints) -> list[list[dict[str, Any]] | None]:
    """Lines -> branches -> stations; lines move up past the places that hold null."""
    lines: dict[int, list[dict[str, Any]]] = {}
    for number, (line, _) in enumerate(world.metro.branches):
        rows = table.cells[branch == number].to_dict("records")
        stops = [_stop(row) for row in rows]
        lines.setdefault(line, []).append({"name": rows[0]["line"], "stations": stops})
    filled = iter(lines.values())
    places = range(len(lines) + len(UNBUILT))
    return [None if place in UNBUILT else next(filled) for place in places]


def _stop(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "position": {"lng": row["lng"], "lat": row["lat"]},
        "_uid": row["_uid"],
        "id": row["id"],
    }
