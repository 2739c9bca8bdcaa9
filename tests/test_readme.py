"""What the README shows is what a user gets."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from gridcontainer.cli.main import cli

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL))
EXAMPLES = re.findall(r"^\$ gridcontainer (.*)\n((?:(?!\$ ).*\n)*)", CONSOLE, flags=re.MULTILINE)


def test_the_readme_has_examples():
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_a_command_prints_what_the_readme_says(command, output):
    ran = CliRunner().invoke(cli, shlex.split(command), catch_exceptions=False)
    assert ran.exit_code == 0
    assert ran.output.startswith(output)


def test_every_file_that_the_readme_names_is_there():
    root = Path(__file__).parents[1]
    named = re.findall(r"\b((?:conf|jobs|docs|gridcontainer)/[\w./-]*\w)", README)
    assert named
    missing = [name for name in named if not (root / name).exists()]
    assert not missing
