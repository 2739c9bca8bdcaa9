"""The command line, called as a person calls it."""

from click.testing import CliRunner, Result

from gridcontainer.cli.main import cli


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given)


def error(result: Result) -> str:
    """The one line that is said of a mistake."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line
