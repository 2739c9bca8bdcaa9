"""quarantine list, show, try and release, as a person calls them."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from command import error, run
from deltalake import DeltaTable

CITY = Path(__file__).parents[2] / "conf/city/shanghai.yaml"
SWAPPED = "longitude and latitude swapped"
DECLARATION = """\
dataset: stops
department: traffic
title: Stops
kind: points
source: {path: stops.csv, format: csv}
datum: WGS84
position: {lon: 经度, lat: 纬度}
key: [id]
sensitivity: {phone: confidential}
"""
SOURCE = """\
id,phone,经度,纬度
a,13811110000,121.47,31.23
b,13822220000,31.20,121.40
c,13833330000,31.10,121.50
c,13844440000,121.51,31.11
d,13855550000,0,0
e,broken,121.4,31.2,and more,and more
"""


def declared(folder: Path, more: str = "") -> list[object]:
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "stops.yaml").write_text(DECLARATION + more, encoding="utf-8")
    return ["--datasets", conf, "--city", CITY, "--container", folder / "container"]


@pytest.fixture(scope="module")
def folder(spark, tmp_path_factory) -> Path:
    """A container whose quarantine has five rows of three reasons, without its source."""
    folder = tmp_path_factory.mktemp("quarantine")
    (folder / "stops.csv").write_text(SOURCE, encoding="utf-8")
    said = run("ingest", "--sources", folder, *declared(folder))
    assert said.exit_code == 0, said.output
    (folder / "stops.csv").unlink()
    return folder


def rows(folder: Path) -> list[dict]:
    said = run("quarantine", "show", "stops", "--json", *declared(folder))
    assert (said.exit_code, said.stderr) == (0, "")
    return [json.loads(line) for line in said.stdout.splitlines()]


def counts(folder: Path) -> dict[str, list[str]]:
    """Aside and mended of each reason, as ``list`` prints them."""
    said = run("quarantine", "list", "--container", folder / "container")
    lines = [line.split() for line in said.stdout.splitlines() if "stops" in line.split()]
    return {" ".join(line[1:-2]): line[-2:] for line in lines}


def try_swap(folder: Path, *more: str) -> Result:
    swap = ("--set", "经度=纬度", "--set", "纬度=经度")
    return run("quarantine", "try", "stops", "--reason", SWAPPED, *swap, *more, *declared(folder))


def test_show_gives_each_row_as_it_came_but_for_what_is_confidential(folder):
    found = {row["source_row"]: row for row in rows(folder)}
    assert {number: row["reason"] for number, row in found.items()} == {
        2: SWAPPED, 3: SWAPPED, 5: "zero position", 6: "broken row",
    }  # fmt: skip
    content = json.loads(found[2]["row"])
    assert content == {"id": "b", "phone": "***", "经度": "31.20", "纬度": "121.40"}
    assert found[6]["row"] == "***"  # its columns cannot be told apart
    said = run("quarantine", "show", "stops", "--reason", SWAPPED, "--rows", 1, *declared(folder))
    line, last = said.stdout.splitlines()
    assert line.startswith(f"stops.csv:2: {SWAPPED}: ")
    assert "***" in line
    assert last == "1 of 2 rows"


def test_try_changes_nothing_and_hides_what_is_confidential(folder):
    said = try_swap(folder)
    assert (said.exit_code, said.exception) == (0, None)
    first, counted, *text = said.stdout.splitlines()
    assert first.endswith("-> 121.4, 31.2")
    assert "***" in first
    assert "138" not in said.stdout
    assert counted == "1 of 2 rows would be sound"  # the table has the key of the other
    rule = {"reason": SWAPPED, "set": {"经度": "纬度", "纬度": "经度"}}
    assert yaml.safe_load("\n".join(text[2:])) == {"mend": [rule]}
    assert [row["mended"] for row in rows(folder)] == [None] * 4
    narrowed = try_swap(folder, "--where", "id = 'nobody'")
    assert narrowed.stdout.splitlines() == ["0 of 2 rows would be sound"]


def test_mistakes_are_one_line(folder, tmp_path):
    no_rule = run("quarantine", "release", "stops", *declared(folder))
    assert "has no rules; add them as mend:" in error(no_rule)
    faulty = try_swap(folder, "--where", "nope = 1")
    assert "mend.0.where: 'nope = 1': no column nope; there are" in error(faulty)
    unknown = try_swap(folder, "--where", "java_method('x', 'y')")
    assert "--where" in unknown.stderr
    assert "java_method is no function here" in unknown.stderr
    nowhere = run("quarantine", "list", "--container", tmp_path)
    assert "no quarantine in" in error(nowhere)
    said = run("quarantine", "try", "stops", "--reason", SWAPPED, "--set", "x", *declared(folder))
    assert "'x' is not COLUMN=EXPRESSION" in said.stderr


def test_release_lets_in_what_the_declared_rules_mend(folder):  # the last: it changes the container
    rule = f"mend: [{{reason: {SWAPPED}, set: {{经度: 纬度, 纬度: 经度}}}}]\n"
    assert counts(folder)[SWAPPED] == ["2", "0"]
    said = run("quarantine", "release", "stops", *declared(folder, rule))
    assert said.stdout == "1 of 2 rows released\n"
    table = DeltaTable(str(folder / "container/datasets/traffic/stops")).to_pandas()
    assert dict(zip(table["id"], table["lon"], strict=True)) == {
        "a": 121.47,
        "b": 121.4,
        "c": 121.51,
    }
    assert counts(folder) == {
        SWAPPED: ["1", "1"], "zero position": ["1", "0"], "broken row": ["1", "0"],
    }  # fmt: skip
