"""Files that arrive in a folder: what each line becomes, and that a kill loses and doubles none."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from air import SERIES
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import functions as F

from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError, SourceError
from gridcontainer.sensors.lines import line_candidates
from gridcontainer.sensors.registry import sensor_id
from gridcontainer.sensors.stream import stream_series
from gridcontainer.sensors.tables import SENSORS_SCHEMA, readings_path, registry_path

pytestmark = pytest.mark.spark
ROOT = Path(__file__).parents[2]
ZONE = "Asia/Shanghai"
KILLS = int(os.environ.get("GRIDCONTAINER_KILLS", "1"))  # 20 for a long look
FILES = 6
LINES = {  # line: station, quantity, hour of 2019-01-01 UTC, text, whether it is broken
    "a,2019-01-01 08:00,1": ("a", "aqi", 0, "1", False),
    'a,2019-01-01T08:00:00+09:00,"2"': ("a", "aqi", -1, "2", False),
    "a,2019-01-01T03:00Z,3,pm25": ("a", "pm25", 3, "3", False),
    " a , 2019-01-01 08:00:00.5 , 4 ": ("a", "aqi", 0, "4", False),
    "a,2019-01-01 08:00,": ("a", "aqi", 0, None, False),
    '{"time": "2019-01-01T00:00:00Z", "value": 5.5, "station": 17}': ("17", "aqi", 0, "5.5", False),
    '{"station": "a", "time": "2019-01-01T00:00:00Z", "value": null}':
        ("a", "aqi", 0, None, False),
    "a,08:00,6": ("a", "aqi", None, "6", False),
    "a,2019-02-30 08:00,7": ("a", "aqi", None, "7", False),
    "a,2019,8": ("a", "aqi", None, "8", False),
    "a,2019-01-01 08:00,9,aqi,more": ("a", "aqi", 0, "9", True),
    "garbage": ("garbage", "aqi", None, None, True),
    '{"station": "a", "time"': (None, "aqi", None, None, True),
}  # fmt: skip


def test_each_line_is_read_as_it_is_meant(spark):
    text = "\ufeffstation,time,value\r\n\r\n" + "\n".join(LINES) + "\n"
    file = spark.createDataFrame([(text, "f")], "value string, file_path string").withColumn(
        "file_modification_time", F.lit("2019-01-02").cast("timestamp")
    )
    found = line_candidates(file, quantities=["aqi"], zone=ZONE).withColumn(
        "hour", F.floor((F.unix_seconds("measured_at") - 1546300800) / 3600)
    )
    rows = {row["row"]: row for row in found.collect()}
    assert {
        line: (row.station, row.quantity, row.hour, row.text and row.text.strip(), bool(row.fault))
        for line, row in rows.items()
    } == LINES
    assert [row.source_row for row in rows.values()] == list(range(3, 3 + len(LINES)))
    of_two = line_candidates(file, quantities=["aqi", "pm25"], zone=ZONE)
    named = {row.row for row in of_two.where("quantity IS NOT NULL").collect()}
    assert named == {line for line in LINES if line.count(",") > 2 and line[0] != "{"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Readings of two stations and three days, each in some of the files, shuffled, with dirt."""
    chance = random.Random(5)
    folder = tmp_path_factory.mktemp("arriving")
    for number in range(FILES):
        lines = []
        for _ in range(40):
            station, hour = chance.choice("ab"), chance.randrange(72)
            when = pd.Timestamp("2019-01-30") + pd.Timedelta(hours=hour)
            lines.append(f"{station},{when:%Y-%m-%d %H:%M},{chance.randrange(3)}")
        lines += [f"nobody,2019-01-30 00:00,{number}", f"a,2019-01-30 00:00,{900 + number}"]
        lines += [json.dumps({"station": "b", "time": f"2019-02-03T{number:02}:00:00Z",
                              "value": number})]  # fmt: skip
        chance.shuffle(lines)
        file = folder / f"{number}.txt"
        file.write_text("\n".join(lines))
        os.utime(file, (1_600_000_000 + number, 1_600_000_000 + number))
    return folder


def new_container(spark, root: Path) -> Storage:
    """With two sensors, and no reading yet."""
    storage = Storage(str(root))
    names = spark.createDataFrame([("a",), ("b",)], "station string").withColumn(
        "quantity", F.lit("aqi")
    )
    ids = {row.station: row.id for row in
           names.select("station", sensor_id(SERIES.dataset).alias("id")).collect()}  # fmt: skip
    sensors = pd.DataFrame(
        {
            "sensor_id": list(ids.values()), "series": "air", "station": list(ids),
            "quantity": "aqi", "unit": "1", "dataset": SERIES.dataset, "department": "environment",
            "lateness_seconds": 0, "valid_min": 0.0, "valid_max": 500.0,
        }
    )  # fmt: skip
    write_deltalake(registry_path(storage), sensors)
    missing = [field for field in SENSORS_SCHEMA if field.name not in sensors]
    added = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in missing)
    spark.sql(f"ALTER TABLE delta.`{registry_path(storage)}` ADD COLUMNS ({added})")
    return storage


def stream(spark, folder: Path, storage: Storage, **options) -> list[tuple[int, int]]:
    """Files of each batch, and lines."""
    batches = []
    stream_series(
        spark, SERIES, folder, zone=ZONE, storage=storage, once=True,
        report=lambda _, files, accepted: batches.append((files, accepted.run.rows_in)), **options,
    )  # fmt: skip
    return batches


def contents(storage: Storage) -> dict[str, pd.DataFrame]:
    """All that a stream writes, but for when it did."""
    readings = DeltaTable(readings_path(storage)).to_pandas()
    aside = DeltaTable(storage.quarantine).to_pandas().drop(columns="run_id")
    runs = DeltaTable(storage.runs).to_pandas()
    counts = ["rows_in", "rows_out", "rows_quarantined"]
    return {
        "readings": readings.sort_values(
            ["sensor_id", "measured_at", "revision"], ignore_index=True
        ),
        "aside": aside.sort_values(["source_file", "source_row"], ignore_index=True),
        "runs": runs[counts].sum().to_frame(),
    }


@pytest.fixture(scope="module")
def unbroken(spark, folder, tmp_path_factory) -> Storage:
    storage = new_container(spark, tmp_path_factory.mktemp("unbroken") / "container")
    assert stream(spark, folder, storage) == [(FILES, FILES * 43)]
    return storage


def test_what_arrived_is_there_once(folder, unbroken):
    lines = [line.split(",") for file in sorted(folder.iterdir())
             for line in file.read_text().splitlines() if line[0] != "{"]  # fmt: skip
    said = {
        (station, pd.Timestamp(when, tz=ZONE)): float(value)  # the last file's last line wins ...
        for station, when, value in lines
        if station != "nobody" and float(value) <= 500
    }
    held = contents(unbroken)
    current = held["readings"].query("is_current")
    assert len(current) == len(said) + FILES
    assert not current.duplicated(["sensor_id", "measured_at"]).any()
    assert {time for _, time in said} <= set(current["measured_at"])
    assert dict(held["aside"].groupby("reason").size()) == {
        "unknown sensor": FILES, "value out of range": FILES,
    }  # fmt: skip


def test_a_kill_at_any_moment_neither_loses_nor_doubles(spark, folder, unbroken, tmp_path):
    storage = new_container(spark, tmp_path / "container")
    declared = tmp_path / "declared"
    declared.mkdir()
    (declared / "air.yaml").write_text(SERIES.model_dump_json())  # JSON is YAML
    chance = random.Random(os.environ.get("GRIDCONTAINER_KILL_SEED", "3"))
    for kill in range(KILLS):
        kill_a_stream(folder, storage, declared, chance.uniform(0, 5), offsets=kill)
    batches = stream(spark, folder, storage, files_per_batch=2)
    assert sum(files for files, _ in batches) <= FILES
    for name, whole in contents(unbroken).items():
        pd.testing.assert_frame_equal(contents(storage)[name], whole)


def kill_a_stream(
    folder: Path, storage: Storage, declared: Path, seconds: float, *, offsets: int
) -> None:
    """Run the job, and kill it and its JVM some seconds after it has begun a further batch."""
    command = [
        *(sys.executable, str(ROOT / "jobs/sensors_stream.py"), str(folder), "air"),
        *("--container", storage.root, "--sensors", str(declared), "--files-per-batch", "1"),
        *("--city", str(ROOT / "conf/city/shanghai.yaml"), "--once"),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SPARK_DRIVER_MEMORY": "1g"}
    process = subprocess.Popen(
        command, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
    )
    checkpoints = Path(storage.root) / "sensors/checkpoints/air"
    while process.poll() is None and len(list(checkpoints.glob("*/offsets/[0-9]*"))) <= offsets:
        time.sleep(0.1)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)  # of the session that was started here
    process.wait()


def test_mistakes_are_said(spark, tmp_path):
    storage = Storage(str(tmp_path))
    with pytest.raises(SourceError, match="no folder"):
        stream(spark, tmp_path / "nowhere", storage)
    with pytest.raises(DatasetError, match="no sensors in"):
        stream(spark, tmp_path, storage)
