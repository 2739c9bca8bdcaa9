"""The job as a cluster runs it: spark-submit, the properties file, exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gridcontainer.sample import Truth

ROOT = Path(__file__).parents[2]


def submit(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "spark-submit"),
        *("--master", "local[2]", "--properties-file", str(ROOT / "conf/spark-defaults.conf")),
        str(ROOT / "jobs/ingest.py"),
        *arguments,
    ]
    # As in an activated environment: spark-submit asks the first python3 on the path for Spark.
    bin_first = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": bin_first, "PYSPARK_PYTHON": sys.executable}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )


@pytest.mark.spark
def test_spark_submit_ingests_and_then_finds_nothing_changed(sample: Truth, tmp_path):
    options = (
        *("--sources", str(sample.directory), "--container", str(tmp_path / "container")),
        *("--datasets", "conf/sample", "elderly_care"),
    )
    first, second = submit(*options), submit(*options)
    assert first.returncode == 0, first.stderr[-2000:]
    truth = next(f for f in sample.files if f.declaration.dataset == "elderly_care").counts
    aside = truth.rows - truth.valid
    expected = f"elderly_care: {truth.rows} rows in, {truth.valid} out, {aside} quarantined"
    assert expected in first.stdout
    assert second.returncode == 0
    assert second.stdout.strip().endswith("unchanged")


@pytest.mark.spark
def test_a_mistake_ends_with_one_line_and_exit_code_2(tmp_path):
    ran = submit("--sources", str(tmp_path), "--container", str(tmp_path / "c"), "no_such_dataset")
    assert ran.returncode == 2
    said = ran.stdout + ran.stderr  # spark-submit sends all that Python says to standard output
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "not declared in conf/datasets: no_such_dataset" in errors[0]
    assert "Traceback" not in said
