"""Options that several commands share: where the configuration, sources and container lie."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def container_option(command: Command) -> Command:
    """``--container``: the root of the container's tables."""
    return click.option(
        "--container",
        default="var/container",
        show_default=True,
        envvar="GRIDCONTAINER_ROOT",
        help="Root folder of the container's tables.",
    )(command)


def sources_option(command: Command) -> Command:
    """``--sources``: the folder below which the files of the data sets lie."""
    return click.option(
        "--sources",
        type=click.Path(path_type=Path),
        help="Folder of the source files. [default: $GRIDCONTAINER_DATA, else ../shared/data]",
    )(command)


def path_option(*names: str, default: str, help: str) -> Callable[[Command], Command]:
    """An option for a file or folder of the configuration."""
    return click.option(
        *names, type=click.Path(path_type=Path), default=Path(default), show_default=True, help=help
    )


def city_option(command: Command) -> Command:
    """``--city``: the city's profile."""
    option = path_option("--city", default="conf/city/shanghai.yaml", help="The city's profile.")
    return option(command)


def configuration_options(command: Command) -> Command:
    """``--datasets`` and ``--city``: the declarations."""
    folder = path_option(
        "--datasets",
        "declarations",
        default="conf/datasets",
        help="Folder of the data sets' declarations.",
    )
    return folder(city_option(command))


def real_data() -> Path | None:
    """The folder of real data beside the project (or named by GRIDCONTAINER_DATA), if there."""
    folder = Path(os.environ.get("GRIDCONTAINER_DATA", "../shared/data"))
    return folder.resolve() if folder.is_dir() else None


def parse_box(text: str) -> tuple[float, float, float, float]:
    """West, south, east and north of ``--bbox``.

    Raises:
        click.BadParameter: not four numbers.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not WEST,SOUTH,EAST,NORTH", param_hint="--bbox"
        ) from None
    return west, south, east, north
