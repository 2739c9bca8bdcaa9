"""One Spark for all workers of a test run: the first that needs it starts it, the others join it.

Each worker has a SQL session of its own in it: settings and views of one are not the other's.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

_PATIENCE = 300  # seconds for another worker to start Spark


@contextmanager
def start_or_join(folder: Path, start: Callable[[], SparkSession]) -> Iterator[SparkSession]:
    """The run's Spark.

    Args:
        folder: that the workers of one run share, and no other run.
        start: starts Spark in this process.
    """
    started, address = folder / "spark-started", folder / "spark-address.json"
    mine = folder / f"spark-joined-{os.getpid()}"
    mine.touch()
    try:
        started.touch(exist_ok=False)
    except FileExistsError:
        yield _join(address)
        mine.unlink()
        return
    spark = start()
    gateway = spark.sparkContext._gateway
    assert gateway is not None
    parameters = gateway.gateway_parameters
    fresh = address.with_suffix(".tmp")
    fresh.write_text(json.dumps([parameters.port, parameters.auth_token]))
    fresh.rename(address)
    yield spark
    mine.unlink()
    while any(_is_alive(joined) for joined in folder.glob("spark-joined-*")):
        time.sleep(0.2)
    spark.stop()


def _join(address: Path) -> SparkSession:
    deadline = time.monotonic() + _PATIENCE
    while not address.is_file():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no other worker has started Spark in {_PATIENCE} s")
        time.sleep(0.2)
    port, token = json.loads(address.read_text())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Only while it connects: programs that tests start take these for spark-submit's.
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(port), "PYSPARK_GATEWAY_SECRET": token}
    try:
        gateway = launch_gateway()
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
    java = gateway.jvm
    first = java.SparkSession.getDefaultSession().get()
    context = java.JavaSparkContext(first.sparkContext())
    conf = SparkConf(_jvm=java, _jconf=context.getConf())
    spark = SparkSession(SparkContext(gateway=gateway, jsc=context, conf=conf), first.newSession())
    java.SparkSession.setDefaultSession(first)
    return spark


def _is_alive(joined: Path) -> bool:
    """Whether the process that left this file uses Spark still: a killed one does not remove it."""
    return Path("/proc", joined.name.rpartition("-")[2]).is_dir() and joined.exists()
