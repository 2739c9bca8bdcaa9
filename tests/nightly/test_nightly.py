"""The night as a person or a timer starts it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable
from tiny_city import ROOT, TinyCity, begun

from gridcontainer.container.files import LocalFiles
from gridcontainer.nightly.lock import Lock

HOMES = {"red": 121.40, "green": 121.41, "far": 10.0}  # one lies outside the city
FLATS = {"red": 121.4001}
READINGS = {"01:00": 20.0, "02:00": 30.0, "03:00": 900.0}  # one cannot be
ALL = {
    "ingest flats", "ingest homes", "ingest readings", "identity objects", "sensors air",
    "catalogue datasets", "retention tables",
}  # fmt: skip


@pytest.fixture
def city(tmp_path: Path) -> TinyCity:
    made = TinyCity.make(tmp_path)
    made.write("homes", HOMES)
    made.write("flats", FLATS)
    made.write("readings", READINGS)
    return made


@pytest.mark.spark
def test_a_failure_stops_what_needs_it_and_nothing_is_done_twice(spark, city):
    readings = city.folder / "sources/readings.csv"
    readings.rename(city.folder / "readings.csv")
    first = city.run("--date", "2026-11-01")
    assert first.exit_code == 1, first.output
    assert begun(first) == ALL - {"sensors air"}
    assert "sensors air: not run since ingest readings failed" in first.stdout
    assert "no file" in first.stdout
    assert city.rows("datasets/housing/homes", "lon") == {"red": 121.40, "green": 121.41}

    (city.folder / "readings.csv").rename(readings)
    second = city.run("--date", "2026-11-01")
    assert second.exit_code == 0, second.output
    assert begun(second) == {"ingest readings", "sensors air", "catalogue datasets"}
    values = DeltaTable(f"{city.container}/sensors/readings").to_pandas()["value"]
    assert sorted(values) == [20.0, 30.0]

    third = city.run("--date", "2026-11-01")
    assert (third.exit_code, begun(third)) == (0, set())
    versions = {log.parent: DeltaTable(str(log.parent)).version()
                for log in city.container.glob("**/_delta_log")}  # fmt: skip
    assert city.run("--date", "2026-11-01", "--again", "--only", "ingest").exit_code == 0
    for table, version in versions.items():  # unchanged sources change no table
        if table.name != "steps":
            assert DeltaTable(str(table)).version() == version, table

    city.write("homes", HOMES | {"red": 121.43, "blue": 121.42})
    night = city.run("--date", "2026-11-02")
    assert night.exit_code == 0
    assert city.rows("datasets/housing/homes", "lon")["red"] == 121.43
    said = json.loads((city.container / "ops/reports/2026-11-02.json").read_text())
    assert "ingest homes: rows in 4, +1" in said["changes"]
    assert (said["is_well"], said["former"]) == (True, "2026-11-01")
    homes = next(entry for entry in said["entries"] if entry["task"] == "homes")
    assert (homes["rows_in"], homes["rows_out"], homes["rows_aside"]) == (4, 3, 1)
    assert homes["reasons"] == {"outside the city": 1}
    assert "outside the city" in (city.container / "ops/reports/2026-11-02.html").read_text()


def test_a_delivery_that_takes_away_fails_alone_and_the_night_goes_on(city):
    assert city.run("--date", "2026-11-01", "--only", "ingest").exit_code == 0
    city.write("homes", {})
    city.write("flats", {"red": 10.0})  # outside the city
    city.write("readings", READINGS | {"04:00": 25.0})
    night = city.run("--date", "2026-11-02", "--only", "ingest")
    assert night.exit_code == 1
    assert begun(night) == {"ingest flats", "ingest homes", "ingest readings"}
    assert "homes: the delivery lacks 3 of 3 records" in night.stdout
    assert "gridcontainer ingest homes --accept-removal" in night.stdout
    assert "flats: all 1 records were quarantined" in night.stdout
    assert city.rows("datasets/housing/homes", "lon") == {"red": 121.40, "green": 121.41}
    assert len(DeltaTable(f"{city.container}/datasets/environment/readings").to_pandas()) == 4
    again = city.run("--date", "2026-11-02", "--only", "ingest")
    assert (again.exit_code, begun(again)) == (1, {"ingest flats", "ingest homes"})


@pytest.mark.spark
def test_a_night_has_its_own_files_by_its_date(spark, tmp_path):
    city = TinyCity.make(tmp_path, homes="homes-{date}.csv")
    city.write("homes-2026-11-01", {"red": 121.40})
    city.write("homes-2026-11-02", {"red": 121.41})
    city.write("flats", FLATS)
    for day, lon in (("2026-11-02", 121.41), ("2026-11-01", 121.40)):
        assert city.run("--date", day, "--only", "ingest").exit_code == 1  # there are no readings
        assert city.rows("datasets/housing/homes", "lon") == {"red": lon}


def test_a_dry_run_tells_all_and_writes_nothing(city):
    said = city.run("--dry-run")
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    assert {line.split(":")[0] for line in lines} == {f"run   {task}" for task in ALL}
    assert not city.container.exists()
    only = city.run("--dry-run", "--from", "catalogue").stdout.splitlines()
    assert [line.split(":")[0].split()[1] for line in only] == ["catalogue", "retention"]


def test_a_locked_container_is_to_be_tried_later(city):
    with Lock(LocalFiles(), str(city.container), minutes=15):
        said = city.run()
    assert said.exit_code == 75
    assert said.stderr.startswith("locked: ")
    assert f"process {os.getpid()} on" in said.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "dance"], "the night has no step dance"),
        (["--config", "nowhere.yaml"], "nowhere.yaml does not exist"),
        (["--sources", "nowhere"], "no folder of sources nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_tried(city, arguments, said):
    ended = city.run(*arguments)
    assert ended.exit_code == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not city.container.exists()


@pytest.mark.spark
def test_told_to_stop_it_marks_what_ran_and_lets_the_lock_go(city):
    command = [sys.executable, "-c", "from gridcontainer.cli.main import main; main()"]
    job = subprocess.Popen(
        [*command, *city.arguments("--date", "2026-11-01")], stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=os.environ | {"SPARK_DRIVER_MEMORY": "1g"},
    )  # fmt: skip
    told = []
    for line in job.stdout:
        told.append(line)
        if "begun" in line and "identity" in line:  # a step of Spark's, which takes a while
            break
    job.send_signal(signal.SIGTERM)
    told += job.stdout.readlines()
    assert job.wait(60) == 143, told
    assert "stopped by SIGTERM" in "".join(told)
    entries = DeltaTable(f"{city.container}/ops/steps").to_pandas()
    ended = set(entries.groupby("task")["status"].agg(list).map(sorted).map(tuple))
    assert ("failed", "started") in ended
    assert ended <= {("failed", "started"), ("done", "started")}  # another may just have ended
    with Lock(LocalFiles(), str(city.container), minutes=15):
        pass  # released, or free since all who wrote for it have ended
