"""The jobs on Spark's own cluster, by spark-submit, with an executor killed in the middle."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from standalone import Cluster, start_cluster, submit
from tiny_city import TinyCity

from gridcontainer.sample import Truth

LOCAL = "local-cluster[2,1,1024]"
NAMES = ("communities", "towns")


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with start_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def require_truth(container: Path, sample: Truth, *names: str) -> None:
    """The tables hold each valid row of the made-up city once, and all others are set aside."""
    counts = {file.declaration.dataset: file.counts for file in sample.files}
    paths = {"communities": "communities_bd09"}
    aside = DeltaTable(str(container / "quarantine")).to_pandas()["dataset"].value_counts()
    for name in names:
        (table,) = container.glob(f"datasets/*/{name}")
        rows = DeltaTable(str(table)).to_pandas()
        truth = counts.get(name) or counts[paths[name]]
        assert len(rows) == rows["object_id"].nunique() == truth.valid, name
        assert len(rows) + aside.get(name, 0) == truth.rows, name


def require_well(job: "subprocess.Popen[bytes]") -> None:
    code = job.wait(300)
    job.stdout.seek(0)
    assert code == 0, job.stdout.read().decode(errors="replace")[-3000:]


def wait_for_table(container: Path, seconds: float = 280) -> None:
    """Until the first rows of a data set are written."""
    until = time.monotonic() + seconds
    while not next(container.glob("datasets/**/*.parquet"), None):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.spark
def test_an_executor_killed_in_the_middle_changes_nothing(cluster, sample, tmp_path):
    container = tmp_path / "container"
    options = ("--sources", sample.directory, "--container", container)
    with submit(cluster.url, "ingest", *options, "--datasets", "conf/sample", *NAMES) as job:
        wait_for_table(container)
        executors = cluster.executors()
        assert len(executors) == 2  # both workers take part
        os.kill(executors[0], signal.SIGKILL)
        require_well(job)
    require_truth(container, sample, *NAMES)


@pytest.mark.spark
def test_a_night_on_the_cluster(cluster, tmp_path):
    city = TinyCity.make(tmp_path)
    city.write("homes", {"red": 121.40, "green": 121.41, "far": 10.0})
    city.write("flats", {"red": 121.4001})
    city.write("readings", {"01:00": 20.0, "02:00": 30.0})
    with submit(cluster.url, "nightly", *city.arguments("--date", "2026-11-01")[1:]) as job:
        require_well(job)
    assert city.rows("datasets/housing/homes", "lon") == {"red": 121.40, "green": 121.41}
    objects = DeltaTable(f"{city.container}/identity/objects").to_pandas()
    assert sorted(objects["name"]) == ["green", "red", "red"]
    assert sorted(DeltaTable(f"{city.container}/sensors/readings").to_pandas()["value"]) == [20, 30]


@pytest.mark.spark
def test_local_cluster_gives_the_same(sample, tmp_path):
    container = tmp_path / "container"
    options = ("--sources", sample.directory, "--container", container)
    with submit(LOCAL, "ingest", *options, "--datasets", "conf/sample", "towns") as job:
        require_well(job)
    require_truth(container, sample, "towns")
