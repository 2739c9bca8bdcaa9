"""The command: a story of an object from its issue to its history, and mistakes in one line."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from small_city import City, record

from gridcontainer.cli.main import cli

ROOT = Path(__file__).parents[2]
RED = ("homes:red", "flats:red", 0.99)


class Command:
    """``gridcontainer identity`` on the container of a city."""

    def __init__(self, city: City, folder: Path) -> None:
        self.options = ("--container", str(city.root))
        declarations = folder / "datasets"
        declarations.mkdir()
        for declaration in city.declarations:
            text = yaml.safe_dump(declaration.model_dump(exclude_none=True))
            (declarations / f"{declaration.dataset}.yaml").write_text(text)
        self.configuration = (
            *("--datasets", str(declarations)), *("--city", str(ROOT / "conf/city/shanghai.yaml")),
        )  # fmt: skip

    def __call__(self, name: str, *arguments: object) -> Result:
        own = () if name in ("undo", "decide") else self.configuration
        words = [str(argument) for argument in (*arguments, *self.options, *own)]
        return CliRunner().invoke(cli, ["identity", name, *words])


@pytest.fixture
def command(city: City, tmp_path: Path) -> Command:
    return Command(city, tmp_path)


def test_from_issue_to_history(city: City, command: Command, tmp_path: Path):
    assert "unchanged" in command("issue").output
    city.link(RED)
    shown = command("resolve", "flats:red", "homes:none")
    assert shown.exit_code == 1
    assert 'homes {"name":"red"}' in shown.output
    assert "homes:none: unknown key" in shown.output

    told = command("explain", "homes:red", "flats:red").output
    assert told.startswith("the same object\n")
    assert "makes them one: names (probability 0.9900, weight 9.9000)" in told
    assert "+9.90 name: exact" in told

    asked, answer = tmp_path / "keys.csv", tmp_path / "objects.csv"
    asked.write_text("dataset,key\nhomes,red\nflats,red\nflats,none\n")
    resolved = command("resolve", "--file", asked, "--out", answer)
    assert resolved.exit_code == 1
    assert "2 resolved, 1 not" in resolved.output
    assert len(answer.read_text().splitlines()) == 4

    undone = command("undo", "--between", "homes:red", "flats:red", "--who", "Li", "--why", "no")
    assert undone.exit_code == 0, undone.output
    assert "1 split" in undone.output
    told = json.loads(command("explain", "homes:red", "flats:red", "--json").output)
    assert not told["same"]
    lines = command("history", "flats:red", "--json").output.splitlines()
    what = [json.loads(line)["what"] for line in lines]
    assert what[:2] == ["issued", "key gained"]
    assert "issued" in command("history", record("flats:red")).output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resolve", "homes"), "error: 'homes' names no record; give its id, or DATASET:KEY"),
        (("resolve", "homes:{}"), "error: '{}' is no key of homes; write it as homes:{"),
        (("resolve", "nowhere:x"), "error: no data set nowhere"),
        (("explain", "homes:none", "flats:red"), "error: homes:none: unknown key"),
        (("history", "homes:none"), "error: homes:none: there never was such an object"),
        (("decide", "nowhere.csv"), "error: nowhere.csv cannot be read"),
        (("undo", "--run", "a", "--link", "b"), "give --run or --link or --between, one of them"),
        (("undo", "--between", "a", "b"), "give --who and --why with --between"),
        (("resolve",), "give KEYs, or --file and --out"),
        (("resolve", "--file", "no.csv", "--out", "x.csv"), "error: no.csv: needs to be a .csv"),
    ],
)
def test_a_mistake_is_told_in_one_line(command: Command, arguments: tuple, said: str):
    ran = command(*arguments)
    assert ran.exit_code == 2, ran.output
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_container_without_identities_is_told(command: Command, city: City):
    (city.root / "identity").rename(city.root / "other")
    ran = command("resolve", "homes:red")
    assert ran.exit_code == 2
    assert "no identities in" in ran.stderr
