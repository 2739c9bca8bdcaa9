"""sensors, as a person calls them, on the real air-quality stations: checked against pandas."""

import json
from pathlib import Path

import pandas as pd
import pytest
from command import error, run

CONF = Path(__file__).parents[2] / "conf"
CITY = ["--city", CONF / "city/shanghai.yaml"]
SOURCE = "soda_shanghai_2015/environment/aqi.txt"


@pytest.fixture(scope="module")
def source(real_data) -> pd.DataFrame:
    """The readings of the source: station, time in UTC, index; without ``/``, not measured."""
    rows = pd.read_csv(real_data / SOURCE, dtype=str, encoding="utf-8-sig")
    local = pd.to_datetime(rows["TIME"].str.strip(), format="%Y/%m/%d %H:%M")
    rows["time"] = local.dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC")
    return rows[rows["AQI"] != "/"].assign(value=lambda r: r["AQI"].astype(float))


@pytest.fixture(scope="module")
def container(spark, real_data, tmp_path_factory) -> list[object]:
    where = ["--container", tmp_path_factory.mktemp("sensors") / "container"]
    said = run("ingest", "air_stations", "air_station_hours", "--sources", real_data,
               "--datasets", CONF / "datasets", *CITY, *where)  # fmt: skip
    assert said.exit_code == 0, said.output
    said = run(
        "sensors", "load", "air_station_hours", "--declared", CONF / "sensors", *CITY, *where
    )
    assert said.exit_code == 0, said.output
    assert "of 1 sensors it is not known where they are" in said.output  # 0, the whole city
    return [*CITY, *where]


def answer(*arguments: object) -> list[dict]:
    said = run("sensors", *arguments, "--json")
    assert said.exit_code == 0, said.output
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]


@pytest.mark.real_data
def test_history_is_the_source(source, container):
    told = answer("history", "--series", "air_station_hours", *container)
    found = sorted((row["station"], row["measured_at"], row["value"]) for row in told)
    times = source["time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found == sorted(zip(source["SITEID"], times, source["value"], strict=True))


@pytest.mark.real_data
def test_gaps_are_the_hours_that_the_source_leaves_out(source, container):
    missing = 0
    for _, times in source.groupby("SITEID")["time"]:
        hours = pd.date_range(times.min(), times.max(), freq="h")
        missing += len(hours.difference(pd.DatetimeIndex(times)))
    gaps = answer("gaps", *container)
    assert sum(row["missing"] for row in gaps) == missing > 0
    covered = answer("gaps", "--coverage", *container)
    assert sum(row["readings"] for row in covered) == len(source)
    assert sum(row["missing"] for row in covered) == missing


@pytest.mark.real_data
def test_latest_state_of_cells_before_a_moment(source, container):
    moment = pd.Timestamp("2014-07-03 12:30", tz="Asia/Shanghai")
    before = source[(source["time"] <= moment) & (source["SITEID"] != "0")]
    newest = before.sort_values("time").groupby("SITEID").last()
    told = answer("latest", "--level", "1", "--at", "2014-07-03T12:30", *container)
    (cell,) = told
    assert (cell["grid_code"], cell["sensors"]) == ("N51H", 10)
    assert cell["mean"] == pytest.approx(newest["value"].mean())
    assert cell["highest"] == newest["value"].max()


def test_mistakes_are_one_line(spark, tmp_path):
    where = ["--container", tmp_path]
    assert "no sensors in" in error(run("sensors", "latest", *CITY, *where))
    assert "is no time" in error(run("sensors", "history", "--from", "noon", *CITY, *where))
    unknown = run("sensors", "load", "water", "--declared", CONF / "sensors", *CITY, *where)
    assert "not declared in" in error(unknown)
    nowhere = run("sensors", "stream", tmp_path / "x", "--series", "pm25_hours", "--declared",
                  CONF / "sensors", *CITY, *where)  # fmt: skip
    assert "no folder" in error(nowhere)
