"""tags issue, find, show, withdraw and print, as a person calls them."""

import json
from pathlib import Path

import pytest
import zxingcpp
from command import error, run
from PIL import Image

from gridcontainer.tags.identifier import make_tag_id

CITY = Path(__file__).parents[2] / "conf/city/shanghai.yaml"
TAG = make_tag_id("planning", "N51H263D3", "area")
WANTED = """\
class,issuer,code,name
area,planning,N51H263D3,Centre
area,planning,N51H263D36C,Square
boat,planning,N51H263D36C,
"""


@pytest.fixture(scope="module")
def container(spark, tmp_path_factory) -> list[object]:
    folder = tmp_path_factory.mktemp("tags")
    (folder / "wanted.csv").write_text(WANTED)
    where = ["--container", folder / "container"]
    # A file of cells needs no data set in the container.
    said = run("tags", "issue", folder / "wanted.csv", "--city", CITY, *where)
    assert said.exit_code == 0, said.output
    assert "3 rows: 2 new tags, 0 changed, 0 known, 1 set aside" in said.output
    assert "1  unknown class" in said.output
    return where


def test_tags_are_found_and_shown(container):
    said = run("tags", "find", "--code", "N51H263D36C", "--json", *container)
    (row,) = [json.loads(line) for line in said.stdout.splitlines()]
    assert row["attributes"] == {"name": "Square"}
    assert "2 of 2 tags" in run("tags", "find", "--class", "area", *container).output
    (state,) = run("tags", "show", TAG.lower(), *container).stdout.splitlines()
    assert json.loads(state)["tag_id"] == TAG


def test_tags_are_printed(container, tmp_path):
    run("tags", "print", TAG, "--out", tmp_path / "tag.png", *container)
    (symbol,) = zxingcpp.read_barcodes(Image.open(tmp_path / "tag.png"))
    assert symbol.text == TAG
    sheet = tmp_path / "sheet.html"
    said = run("tags", "print", "--code", "N51H", "--label", "name", "--city", CITY,
               "--out", sheet, *container)  # fmt: skip
    assert said.output == f"2 tags written to {sheet}\n"
    assert sheet.read_text().count("<figure>") == 2
    assert "Centre" in sheet.read_text()


def test_mistakes_are_one_line(container, tmp_path):
    assert "was misread" in error(run("tags", "show", TAG[:-1] + "0", *container))
    other = make_tag_id("x", "y", "z")
    assert "not in the registry" in error(run("tags", "show", other, *container))
    two = run("tags", "print", "--class", "area", "--out", tmp_path / "x.svg", *container)
    assert "2 tags go to a sheet" in error(two)
    assert "no tags in" in error(run("tags", "find", "--container", tmp_path))
    assert "not in the registry" in error(run("tags", "withdraw", other, *container))
    assert run("tags", "issue", "stops", *container).exit_code == 2
