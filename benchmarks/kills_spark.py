"""The job's command as spark-submit makes it, started as fast as a Java process can be."""

import os
import subprocess
import sys
from pathlib import Path

import pyspark

from benchmarks.kills_city import ROOT
from gridcontainer.spark.session import LOCAL_SETTINGS, SETTINGS

_JARS = ("sedona-spark-shaded", "geotools-wrapper", "delta-spark", "delta-storage", "antlr4")


def prepare_command(folder: Path) -> list[str]:
    """The command that runs ``jobs/nightly.py``; its arguments are to follow.

    Jars are named where they lie, so that Ivy does not resolve them anew at each start, Java
    compiles quickly rather than well, and takes its classes from an archive of the first run.

    Args:
        folder: for the properties and the archive.
    """
    home = Path(str(pyspark.__file__)).parent
    archive = folder / "classes.jsa"
    flags = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
    settings = {**SETTINGS, **LOCAL_SETTINGS, "spark.driver.memory": "1g"}
    settings["spark.driver.extraJavaOptions"] = flags
    settings["spark.sql.shuffle.partitions"] = "2"
    # Code made and compiled for a few hundred rows takes longer than to do without.
    settings["spark.sql.codegen.wholeStage"] = "false"
    settings["spark.sql.codegen.factoryMode"] = "NO_CODEGEN"
    settings["spark.sql.adaptive.enabled"] = "false"
    if jars := _find_jars():
        del settings["spark.jars.packages"]
        settings["spark.driver.extraClassPath"] = os.pathsep.join(map(str, jars))
    properties = folder / "spark.conf"
    properties.write_text("\n".join(f"{name} {value}" for name, value in settings.items()))
    submit = ("org.apache.spark.deploy.SparkSubmit", "--master", "local[2]")
    arguments = (*submit, "--properties-file", str(properties), str(ROOT / "jobs/nightly.py"))
    said = subprocess.run(
        ["java", "-cp", f"{home}/jars/*", "org.apache.spark.launcher.Main", *arguments],
        env=os.environ | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    command = [word for word in said.stdout.strip("\0\n").split("\0") if word]
    _dump_classes(command, archive)
    return [command[0], f"-XX:SharedArchiveFile={archive}", *command[1:]]


def _dump_classes(command: list[str], archive: Path) -> None:
    """Archive the classes that a start and a little work load."""
    warming = archive.with_suffix(".py")
    warming.write_text(
        "from gridcontainer.spark.session import build_session\n"
        "spark = build_session('classes')\n"
        f"path = '{archive.with_suffix('.delta')}'\n"
        "rows = spark.range(9).selectExpr('id', 'id % 3 AS k', 'cast(id AS string) AS s')\n"
        "rows.groupBy('k').count().join(rows, 'k').write.format('delta').save(path)\n"
        'spark.sql(f"MERGE INTO delta.`{path}` t USING (SELECT 1 AS k) s ON t.k = s.k "\n'
        "    \"WHEN MATCHED THEN UPDATE SET s = 'x'\")\n"
        "spark.read.format('delta').load(path).orderBy('s').collect()\n"
    )
    words = [word if not word.endswith("jobs/nightly.py") else str(warming) for word in command]
    words.insert(1, f"-XX:ArchiveClassesAtExit={archive}")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    subprocess.run(words, capture_output=True, env=environment, check=True, cwd=ROOT)


def _find_jars() -> list[Path]:
    """The jars where an earlier session has put them; none if one is missing."""
    found = [
        next(iter(sorted(Path.home().glob(f".ivy2*/jars/*{name}*.jar"))), None) for name in _JARS
    ]
    there = [path for path in found if path is not None]
    return there if len(there) == len(_JARS) else []
