"""Files for schedulers, checked by the schedulers themselves where they are there."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "orchestration"
_LOOK = """
from airflow.models import DagBag
bag = DagBag(dag_folder={folder!r}, include_examples=False)
assert not bag.import_errors, bag.import_errors
dag = bag.dags["gridcontainer_nightly"]
(task,) = dag.tasks
is_dated = "nightly --date {{{{ ds }}}}" in task.bash_command
print(dag.max_active_runs, dag.catchup, task.retries, is_dated)
"""


def test_systemd_takes_the_units(tmp_path):
    """With paths and a user that are there, since systemd looks whether they are."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze here")
    for unit in (FOLDER / "systemd").iterdir():
        text = unit.read_text().replace("/opt/gridcontainer/.venv/bin/gridcontainer", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("=/opt/gridcontainer\n", "=/tmp\n"))
    units = sorted(map(str, tmp_path.iterdir()))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    mine = [line for line in said.stderr.splitlines() if "gridcontainer" in line]
    assert mine == []


def test_the_crontab_has_five_times_and_a_command():
    lines = (FOLDER / "crontab").read_text().splitlines()
    (job,) = [line for line in lines if "nightly" in line and line[0] != "#" and "=" not in line]
    minute, hour, *days, rest = job.split(None, 5)
    assert (minute, hour.split(","), days) == ("30", ["1", "2", "3"], ["*"] * 3)
    assert rest.startswith("cd /opt/gridcontainer && ")


@pytest.mark.airflow
def test_airflow_imports_the_dag(tmp_path):
    """In an environment of its own, which AIRFLOW_PYTHON names: see ``make airflow``."""
    python = os.environ.get("AIRFLOW_PYTHON")
    if python is None:
        pytest.skip("no Airflow: make airflow makes an environment for it and runs this")
    look = _LOOK.format(folder=str(FOLDER / "airflow"))
    said = subprocess.run(
        [python, "-c", look], capture_output=True, text=True, check=False,
        env={"AIRFLOW_HOME": str(tmp_path), "PATH": os.environ["PATH"],
             "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr[-2000:]
    assert said.stdout.splitlines()[-1] == "1 False 3 True"
