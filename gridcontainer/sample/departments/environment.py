"""Environment: stations, their index by the hour, their readings, and one pollutant in Parquet."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.sample.air import (
    HOURS,
    LEVELS,
    POLLUTANTS,
    air_index,
    build_air,
    index_level,
)
from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry, Relation, Time
from gridcontainer.sample.dirt import MISSING, Faults, clean_table, soil
from gridcontainer.sample.formats import parquet_bytes
from gridcontainer.sample.names import to_roman
from gridcontainer.sample.world import World

INDEX_HOURS = 28 * 24  # at scale 1
READING_HOURS = 14 * 24
DUST_HOURS = 40 * 24
ZONE_SECONDS = 8 * 3600  # Asia/Shanghai is 8 h ahead of UTC and has no summer time
TO_STATIONS = Relation(columns=("SITEID",), to="environment/stations", to_columns=("SITEID",))
STATIONS = Declaration(
    department="environment",
    dataset="stations",
    path="environment/stations.csv",
    format="csv",
    key=("SITEID",),
    geometry=Geometry(kind="point", lon="LON", lat="LAT", datum="wgs84"),
    csv=Csv(
        columns=(
            *("id", "SITEID", "SITENAME", "ORDERID", "ISCITY", "ISDISTRICT", "ISNATIONAL"),
            *("ISACTIVE", "SITENAMEEN", "ADDRESS", "ISPUBLIC", "LON", "LAT"),
        ),
        quoted=True,
    ),
    note="SITEID 0 is the mean of the city and has no position",
)
INDEX = Declaration(
    department="environment",
    dataset="aqi",
    path="environment/aqi.csv",
    format="csv",
    key=("TIME", "SITEID"),
    csv=Csv(columns=("TIME", "SITEID", "AQI", "GRADE", "AIRQUALITY", "PPITEMID")),
    time=Time(columns=("TIME",), pattern="%Y/%m/%d %H:%M"),
    missing=("/",),
    relations=(TO_STATIONS,),
    note="month, day and hour without a leading zero",
)
READINGS = Declaration(
    department="environment",
    dataset="air_readings",
    path="environment/air_readings.csv",
    format="csv",
    key=("时间", "站点"),
    csv=Csv(columns=("时间", "站点", *POLLUTANTS, "AQI", "质量评价", "首要污染物"), delimiter="\t"),
    time=Time(columns=("时间",), pattern="%Y/%m/%d %H:%M"),
    missing=("-", "—"),
    relations=(Relation(columns=("站点",), to="environment/stations", to_columns=("SITENAME",)),),
    note="tab-separated in spite of its name",
)
DUST = Declaration(
    department="environment",
    dataset="pm25_hourly",
    path="environment/pm25_hourly.parquet",
    format="parquet",
    key=("SITEID", "time"),
    time=Time(columns=("time",), pattern="timestamp", zone="UTC"),
    relations=(TO_STATIONS,),
)


def stations(world: World) -> Dataset:
    """The stations and the mean of the city, all in quotes."""
    air = build_air(world)
    count = len(air.sites)
    cells = pd.DataFrame(
        {
            "id": np.arange(1, count + 2),
            "SITEID": ["0", *air.sites],
            "SITENAME": ["全市平均", *air.names],
            "ORDERID": ["999", *(str(number) for number in range(1, count + 1))],
            "ISCITY": ["0", *["-1"] * count],
            "ISDISTRICT": "-1",
            "ISNATIONAL": "-1",
            "ISACTIVE": "-1",
            "SITENAMEEN": ["City mean", *(f"{to_roman(name)} Station" for name in air.names)],
            "ADDRESS": ["全市平均", *air.addresses],
            "ISPUBLIC": "-1",
            "LON": ["", *(f"{value:.10f}" for value in air.points[0])],
            "LAT": ["", *(f"{value:.10f}" for value in air.points[1])],
        }
    )
    truth = pd.DataFrame(
        {
            "object_id": [None, *(f"air-station-{site}" for site in air.sites)],
            "class": [None, *["air_station"] * count],
            "lon": [np.nan, *air.points[0]],
            "lat": [np.nan, *air.points[1]],
        }
    )
    table = clean_table(cells, truth)
    table.truth.loc[0, "reason"] = MISSING
    return csv_dataset(STATIONS, table)


def aqi(world: World) -> Dataset:
    """The index of each station and of the city by the hour; whole rows may be missing."""
    rng = world.generator(INDEX.name)
    air = build_air(world)
    hours = min(world.rows(INDEX_HOURS, at_least=24), HOURS)
    dust = np.column_stack([air.dust.mean(axis=1), air.dust])[:hours]
    index = air_index(dust.reshape(-1))
    level = index_level(index)
    cells = pd.DataFrame(
        {
            "TIME": np.repeat(_times(hours), dust.shape[1]),
            "SITEID": np.tile(["0", *air.sites], hours),
            "AQI": index.astype(str),
            "GRADE": (level + 1).astype(str),
            "AIRQUALITY": np.array(LEVELS)[level],
            "PPITEMID": rng.choice(["9", "9", "9", "9", "4", "6"], index.size),
        }
    )
    gone = rng.random(len(cells)) < 0.016
    cells.loc[gone, ["AQI", "GRADE", "AIRQUALITY", "PPITEMID"]] = "/"
    faults = Faults(broken=0.0004, repeated=0.002)
    return csv_dataset(INDEX, soil(clean_table(cells), faults, rng, key=INDEX.key))


def air_readings(world: World) -> Dataset:
    """Six pollutants by station and hour; single values may be missing."""
    rng = world.generator(READINGS.name)
    air = build_air(world)
    hours = min(world.rows(READING_HOURS, at_least=24), HOURS)
    dust = air.dust[:hours].reshape(-1)
    index = air_index(dust)
    noise = rng.lognormal(0.0, 0.15, (5, dust.size))
    cells = pd.DataFrame(
        {
            "时间": np.repeat(_times(hours), len(air.sites)),
            "站点": np.tile(air.names, hours),
            "PM2.5": np.rint(dust).astype(int).astype(str),
            "PM10": np.rint(1.5 * dust * noise[0]).astype(int).astype(str),
            "O3": np.rint(60 * noise[1]).astype(int).astype(str),
            "SO2": np.rint(9 * noise[2]).astype(int).astype(str),
            "NO2": np.rint((14 + 0.3 * dust) * noise[3]).astype(int).astype(str),
            "CO": [f"{value:.1f}" for value in (0.4 + 0.006 * dust) * noise[4]],
            "AQI": index.astype(str),
            "质量评价": np.array(LEVELS)[index_level(index)],
            "首要污染物": rng.choice(["PM2.5", "PM2.5", "PM10", "O3"], dust.size),
        }
    )
    for column in (*POLLUTANTS, "首要污染物"):
        cells.loc[rng.random(len(cells)) < 0.012, column] = "-"
        cells.loc[rng.random(len(cells)) < 0.008, column] = "—"
    faults = Faults(broken=0.0004, repeated=0.002)
    return csv_dataset(READINGS, soil(clean_table(cells), faults, rng, key=READINGS.key))


def pm25_hourly(world: World) -> Dataset:
    """PM2.5 by station and hour; instants in UTC, empty where the station was silent."""
    rng = world.generator(DUST.name)
    air = build_air(world)
    hours = min(world.rows(DUST_HOURS, at_least=24), HOURS)
    local = air.start.astype("int64") + 3600 * np.arange(hours)
    instants = np.repeat((local - ZONE_SECONDS) * 1_000_000, len(air.sites))
    silent = rng.random(instants.size) < 0.03
    dust = np.round(air.dust[:hours].reshape(-1), 1)
    sites = np.tile(np.array(air.sites, dtype=np.int64), hours)
    columns: dict[str, Any] = {
        "SITEID": pa.array(sites),
        "time": pa.array(instants, type=pa.timestamp("us", tz="UTC")),
        "pm25": pa.array(dust, mask=silent),
    }
    table = clean_table(pd.DataFrame({"SITEID": sites, "time": instants, "pm25": dust}))
    return Dataset(DUST, table, {DUST.path: parquet_bytes(pa.table(columns))})


def _times(hours: int) -> list[str]:
    """``2024/3/1 0:00`` and so on, without leading zeros."""
    stamps = pd.date_range("2024-03-01", periods=hours, freq="h")
    return [f"{t.year}/{t.month}/{t.day} {t.hour}:00" for t in stamps]
