"""Spark's own cluster on this machine: a master and two workers, of one core and 1 GB each."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark

ROOT = Path(__file__).parents[2]
_HOME = Path(str(pyspark.__file__)).parent
_HOST = "127.0.0.1"
_SMALL = {
    "spark.driver.host": _HOST,
    "spark.driver.memory": "1g",
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}
_CLASS = "org.apache.spark.deploy"
_EXECUTOR = "CoarseGrainedExecutorBackend"


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Attributes:
        url: of the master.
        workers: their process ids.
    """

    url: str
    workers: tuple[int, ...]

    def executors(self) -> list[int]:
        """Process ids of the executors that its workers have started."""
        return [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if _EXECUTOR in _read(path) and _parent(path.parent) in self.workers
        ]


def environment() -> dict[str, str]:
    """As in an activated environment: spark-submit asks the first python3 on the path for Spark."""
    bin_first = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {
        "PATH": bin_first, "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(_HOME),
        "SPARK_LOCAL_IP": _HOST, "SPARK_DAEMON_MEMORY": "256m", "PYTHONPATH": str(ROOT),
    }  # fmt: skip


@contextmanager
def start_cluster(folder: Path) -> Iterator[Cluster]:
    """A master and two workers; all that they started is ended with them."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    url = f"spark://{_HOST}:{port}"
    with ExitStack() as stack:

        def daemon(name: str, *arguments: str) -> "subprocess.Popen[bytes]":
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            words = (str(_HOME / "bin/spark-class"), *arguments)
            process = subprocess.Popen(
                words, stdout=log, stderr=log, env=environment(), cwd=folder, start_new_session=True
            )
            stack.callback(_end, process)
            return process

        at = ("--host", _HOST, "--webui-port", "0")
        daemon("master", f"{_CLASS}.master.Master", *at, "--port", str(port))
        _wait(lambda: "Starting Spark master" in _read(folder / "master.log"))
        workers = [
            daemon(
                name, f"{_CLASS}.worker.Worker", *at, "--cores", "1", "--memory", "1g",
                "--work-dir", str(folder / name), url,
            )
            for name in ("worker-1", "worker-2")
        ]  # fmt: skip
        for name in ("worker-1", "worker-2"):
            _wait(lambda log=folder / f"{name}.log": "Successfully registered" in _read(log))
        yield Cluster(url, tuple(worker.pid for worker in workers))


@contextmanager
def submit(master: str, job: str, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    """A job, started as ``docs/cluster.md`` says; ended at the latest with the ``with``.

    What it says goes to a file, ``process.stdout``: a pipe that nobody reads would stop it.
    """
    settings = [word for pair in _SMALL.items() for word in ("--conf", "=".join(pair))]
    command = [
        str(_HOME / "bin/spark-submit"), "--master", master,
        "--properties-file", str(ROOT / "conf/spark-defaults.conf"), *settings,
        str(ROOT / f"jobs/{job}.py"), *map(str, arguments),
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+b") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, cwd=ROOT, env=environment(),
            start_new_session=True,
        )  # fmt: skip
        process.stdout = said
        try:
            yield process
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(happened: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "the cluster does not start"
        time.sleep(0.05)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _parent(process: Path) -> int:
    fields = _read(process / "stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0
