"""The command ``gridcontainer``. Each command loads only what it needs: codes wait for no Spark."""

import importlib
from typing import Any

import click

from gridcontainer import __version__
from gridcontainer.errors import GridContainerError

_COMMANDS = {
    "encode": ("gridcontainer.cli.codes", "Grid codes of positions."),
    "decode": ("gridcontainer.cli.codes", "Bounds and centre of grid codes."),
    "inspect": ("gridcontainer.cli.codes", "All that a grid code says: family, size, neighbours."),
    "ingest": ("gridcontainer.cli.ingest", "Bring declared data sets into the container."),
    "query": ("gridcontainer.cli.query", "What all departments have in a cell or a box."),
    "join": ("gridcontainer.cli.join", "Two data sets, or one and a file, by place."),
    "link": ("gridcontainer.cli.link", "Which records of different data sets are one object."),
    "locate": ("gridcontainer.cli.locate", "Rows without positions, by key or by address."),
    "identity": (
        "gridcontainer.cli.identity",
        "One object for each thing: issue, resolve, explain, undo.",
    ),
    "nightly": ("gridcontainer.cli.nightly", "All that a container needs each night."),
    "reconstruct": (
        "gridcontainer.cli.reconstruct",
        "The city by grid code: all that each cell has.",
    ),
    "city": ("gridcontainer.cli.reconstruct", "What the city knows of a cell."),
    "compact": ("gridcontainer.cli.compact", "Few healthy files out of many small ones."),
    "quarantine": (
        "gridcontainer.cli.quarantine",
        "Look at rows set aside, mend and release them.",
    ),
    "datasets": (
        "gridcontainer.cli.datasets",
        "The catalogue; draft the declaration of a new file.",
    ),
    "sensors": ("gridcontainer.cli.sensors", "Readings of sensors: latest, history, gaps, stream."),
    "panel": ("gridcontainer.cli.panel", "Cell x time x indicator: build, show, export."),
    "tags": ("gridcontainer.cli.tags", "Tags on objects and cells: issue, find, print."),
    "export": ("gridcontainer.cli.export", "A data set as GeoParquet, GeoJSON or CSV."),
    "sample": ("gridcontainer.cli.sample", "Write a small dirty city to try things on."),
    "warm-up": ("gridcontainer.cli.warm_up", "Fetch Spark's jars; make its starts quicker."),
    "demo": ("gridcontainer.cli.demo", "Ingest a city and answer a question across departments."),
}


class _Commands(click.Group):
    """Imports a command's module when it is called, and tells a mistake in one line.

    Exit code 2 after a mistake.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GridContainerError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """A distributed grid big-data container on Spark."""


def main() -> None:
    """Run the command line."""
    cli()
