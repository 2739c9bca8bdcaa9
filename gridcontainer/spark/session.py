"""One Spark session for the command line, ``spark-submit``, notebooks and tests.

What a session needs is in ``SETTINGS``; ``conf/spark-defaults.conf`` says the same to
``spark-submit`` (a test holds the two equal). What a user or cluster has set already is left alone.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pyspark import SparkConf
from pyspark.errors import PySparkRuntimeError
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from gridcontainer.errors import SparkSetupError
from gridcontainer.spark import class_archive
from gridcontainer.spark.resources import usable_memory, usable_processors

JAVA_VERSIONS: Final = (17, 21)
PACKAGES: Final = (
    "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0",
    "org.datasyslab:geotools-wrapper:1.8.0-33.1",
    "io.delta:delta-spark_2.13:4.0.1",
)
_COMPILE_ALL: Final = "-XX:-DontCompileHugeMethods"
SETTINGS: Final[Mapping[str, str]] = {
    "spark.jars.packages": ",".join(PACKAGES),
    "spark.sql.extensions": (
        "io.delta.sql.DeltaSparkSessionExtension,org.apache.sedona.sql.SedonaSqlExtensions"
    ),
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
    "spark.kryo.registrator": "org.apache.sedona.core.serde.SedonaKryoRegistrator",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Else PySpark asks for Python's stack at each operation on a column, and takes 5 times as long.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # Rows sorted by cell are written to their partitions as they come, not sorted by them again.
    "spark.sql.maxConcurrentOutputFileWriters": "32",
    # Spark makes one method of all that happens to a row, and Java runs a long one 10 times slower.
    "spark.driver.extraJavaOptions": _COMPILE_ALL,
    "spark.executor.extraJavaOptions": _COMPILE_ALL,
}
LOCAL_SETTINGS: Final[Mapping[str, str]] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "localhost",
    "spark.driver.bindAddress": "127.0.0.1",
    # One process: after a sleep of the machine Spark would take itself for lost, and end.
    "spark.network.timeout": "1d",
    # One machine: a task for each core, and no more.
    "spark.sql.shuffle.partitions": str(usable_processors()),
    "spark.databricks.delta.snapshotPartitions": "1",  # of small logs, which ours are
}
_MEMORY_SHARE: Final = 0.4  # of the usable memory for the driver; Python workers take the rest


def build_session(name: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """The Spark session, made or found.

    Under ``spark-submit`` its properties are taken as they are and only what they lack is added;
    elsewhere Spark is embedded in this process, on all processors that it may use.

    Args:
        name: of the application.
        settings: of Spark, over the ones above.

    Raises:
        SparkSetupError: Java 17 or 21 is missing, or Spark or its jars can't be had; says how to
            mend it.
    """
    for logger in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        # PySpark writes each error with its stack beside raising it: who catches it tells it.
        PySparkLogger.getLogger(logger).setLevel(logging.CRITICAL)
    if os.environ.get("PYSPARK_GATEWAY_PORT"):
        return _build(name, {**_missing(SETTINGS), **(settings or {})})
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    require_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Not local[*]: Java would take all processors of the host, where it does not see the quota.
    master = f"local[{usable_processors()}]"
    local = {"spark.master": master, "spark.driver.memory": _driver_memory()}
    kept_classes = java_options_setting(class_archive.java_options())
    chosen = {**local, **LOCAL_SETTINGS, **SETTINGS, **kept_classes, **(settings or {})}
    with _stderr_to_log() as log:
        try:
            return _build(name, chosen)
        except (PySparkRuntimeError, OSError) as error:
            raise SparkSetupError(_explain_start(log, error)) from error


def java_options_setting(options: str) -> dict[str, str]:
    """The setting that gives Java in this process options beside those that it always has."""
    return {"spark.driver.extraJavaOptions": f"{_COMPILE_ALL} {options}".strip()}


def require_java() -> int:
    """The major version of the Java that Spark will run on.

    Raises:
        SparkSetupError: there is none, or not one that Spark 4.0 runs on.
    """
    remedy = (
        "Spark 4.0 needs Java 17 or 21: install it (Debian: apt-get install "
        "openjdk-17-jre-headless) and set JAVA_HOME to its folder"
    )
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        raise SparkSetupError(f"no java on the PATH and no JAVA_HOME. {remedy}")
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SparkSetupError(f"{java} does not run ({error}). {remedy}") from error
    found = re.search(r'version "(\d+)(?:\.(\d+))?', said.stderr + said.stdout)
    if found is None:
        raise SparkSetupError(f"{java} does not tell its version. {remedy}")
    version = int(found[2] or 0) if found[1] == "1" else int(found[1])
    if version not in JAVA_VERSIONS:
        raise SparkSetupError(f"{java} is Java {version}. {remedy}")
    return version


def _build(name: str, settings: Mapping[str, str]) -> SparkSession:
    return SparkSession.builder.appName(name).config(map=dict(settings)).getOrCreate()


def _missing(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings that the submitted properties do not have."""
    submitted = SparkConf()
    return {key: value for key, value in settings.items() if not submitted.contains(key)}


def _driver_memory() -> str:
    if chosen := os.environ.get("SPARK_DRIVER_MEMORY"):
        return chosen
    return f"{max(1024, int(usable_memory() * _MEMORY_SHARE) >> 20)}m"


@contextmanager
def _stderr_to_log() -> Iterator[Path]:
    """Send what the JVM writes on standard error to a file while it starts, and ever after.

    The JVM inherits the file. This process's own standard error is as before in the end.
    """
    descriptor, name = tempfile.mkstemp(prefix="gridcontainer-spark-", suffix=".log")
    sys.stderr.flush()
    own = os.dup(2)
    try:
        os.dup2(descriptor, 2)
        yield Path(name)
    finally:
        os.dup2(own, 2)
        os.close(own)
        os.close(descriptor)


def _explain_start(log: Path, error: Exception) -> str:
    said = log.read_text(errors="replace")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "unresolved dependency" in said.lower() or "download failed" in said.lower():
        return (
            f"Spark could not fetch its jars ({', '.join(PACKAGES)}) from Maven Central: check the "
            "network, name a mirror (spark.jars.ivySettings, or spark.jars.repositories), or put "
            f"the jars on every machine and name them in spark.jars. All that was said: {log}"
        )
    tail = " | ".join(lines[-3:])[:600]
    return f"Spark did not start: {error}. Its last words: {tail or 'none'}. All of them: {log}"
