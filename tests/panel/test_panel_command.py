"""panel, as a person calls it, on the little city: what is printed and written is what is held."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from little_city import LittleCity

from gridcontainer.cli.main import cli

pytestmark = pytest.mark.spark
CONF = Path(__file__).parents[2] / "conf"
CITY = ["--city", CONF / "city/shanghai.yaml"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["panel", *map(str, arguments)])


def test_values_are_shown_and_written(built: LittleCity, tmp_path):
    where = [*CITY, "--container", built.root]
    listed = run("indicators", "--container", built.root)
    assert listed.exit_code == 0, listed.output
    assert all(name in listed.output for name in ("events", "diversity", "cases"))
    shown = run("show", "events", "--level", 3, "--json", *where)
    assert shown.exit_code == 0, shown.output
    rows = pd.DataFrame([json.loads(line) for line in shown.output.splitlines() if "{" in line])
    held = built.values().query("indicator == 'events' and grid_level == 3")
    assert rows["value"].sum() == held["value"].sum()
    assert len(rows) == len(held)
    out = tmp_path / "wide.csv"
    days = ["--days", CONF / "calendars/shanghai.yaml"]
    written = run("export", "events", "amounts", "--level", 3, "--out", out, *days, *where)
    assert written.exit_code == 0, written.output
    wide = pd.read_csv(out)
    assert len(wide) == len(held)
    assert wide["events"].sum() == held["value"].sum()
    by_day = dict(zip(wide["local_date"], wide["day_type"], strict=True))
    assert by_day["2024-03-02"] == "weekend"
    assert by_day["2024-03-04"] == "working"


def test_mistakes_are_one_line(built: LittleCity, tmp_path):
    where = [*CITY, "--container", built.root]
    for arguments, said in (
        (("show", "nothing", *where), "no indicator nothing"),
        (("export", "events", "diversity", "--out", tmp_path / "x.csv", *where), "of one step"),
        (("show", "events", *CITY, "--container", tmp_path), "has no panel"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert said in result.stderr
