"""Spark's classes in the form in which Java runs them, so that a short command takes two thirds.

Reading and checking some 20,000 classes is most of what a short command does. Java can write those
that a process has loaded to an archive when it ends, and map the archive in later ones (JEP 350,
class-data sharing). An archive is of one Java and one set of jars; Java itself sees that it is, and
does without one that is not.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from gridcontainer.errors import SparkSetupError

ARCHIVE: Final = Path(sys.prefix) / "share/gridcontainer/spark-classes.jsa"
# Java compiles in haste: its best code is not worth its time in a process of a minute.
HASTY: Final = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=400m"
_QUIET: Final = "-Xlog:cds*=off"  # Java tells on standard output that it does without
_PATIENCE: Final = 300.0  # seconds for Java to write the archive


def java_options(archive: Path = ARCHIVE) -> str:
    """What Java is to be told, so that it takes the archive; nothing where there is none."""
    return f"{_QUIET} -XX:SharedArchiveFile={archive}" if archive.is_file() else ""


def write_archive(
    start: Callable[[str], SparkSession],
    work: Callable[[SparkSession], None],
    archive: Path = ARCHIVE,
) -> int:
    """Start Spark, let it work, end it, and keep the classes that it loaded.

    Args:
        start: starts Spark in this process, which has none, with options for Java.
        work: loads the classes.
        archive: is written, or replaced.

    Returns:
        The archive's bytes.

    Raises:
        SparkSetupError: there is Spark in this process already, the archive's folder cannot be
            written to, or Java wrote none.
    """
    if SparkSession.getActiveSession() is not None:
        raise SparkSetupError("Spark runs in this process already: do this in one of its own")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        # A folder, since Java writes when it ends: also after this has failed and tidied up.
        with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
            fresh = Path(folder, archive.name)
            spark = start(f"{_QUIET} {HASTY} -XX:ArchiveClassesAtExit={fresh}")
            work(spark)
            _end(spark)
            fresh.replace(archive)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SparkSetupError(
            f"no archive of Spark's classes: {error}. Nothing needs it: Spark only starts slower"
        ) from error
    return archive.stat().st_size


def _end(spark: SparkSession) -> None:
    """Stop Spark and wait for its process, which ends when nobody writes to it any more."""
    gateway = spark.sparkContext._gateway
    spark.stop()
    assert gateway is not None
    process = gateway.proc
    gateway.shutdown()
    process.stdin.close()
    process.wait(_PATIENCE)
