"""ingest: declared data sets into the container."""

from pathlib import Path

import click
from rich.console import Console

from gridcontainer.cli.options import (
    configuration_options,
    container_option,
    real_data,
    sources_option,
)
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.errors import SourceError


@click.command("ingest")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@sources_option
@configuration_options
@container_option
def ingest_command(
    names: tuple[str, ...], sources: Path | None, declarations: Path, city: Path, container: str
) -> None:
    """Bring the named data sets (all declared ones without a name) into the container.

    A data set whose source has not changed is left as it is. A data set that fails is reported
    and does not stop the others; the exit code is then 1.
    """
    folder = sources or real_data()
    if folder is None or not folder.is_dir():
        raise SourceError(
            f"no folder of sources {folder or '../shared/data'}; name one with --sources, or make "
            "one with: gridcontainer sample DIR"
        )
    if not ingest_and_report(folder, declarations, city, container, names, Console()):
        raise SystemExit(1)


def ingest_and_report(
    sources: Path,
    declarations: Path,
    city_file: Path,
    container: str,
    names: tuple[str, ...],
    console: Console,
) -> bool:
    """Ingest with a progress bar, print the tables, and tell whether all went well."""
    city = load_city(city_file)
    wanted = load_declarations(declarations, city, only=names)
    declared = load_declarations(declarations, city) if names else wanted
    from gridcontainer.cli.report import print_ingested, told_progress  # noqa: PLC0415
    from gridcontainer.container.catalogue.catalogue import renew_catalogue  # noqa: PLC0415
    from gridcontainer.container.ingest.batch import ingest_datasets  # noqa: PLC0415
    from gridcontainer.container.storage import Storage  # noqa: PLC0415
    from gridcontainer.spark.session import build_session  # noqa: PLC0415

    starting = "starting Spark (the first time it fetches 110 MB of jars)"
    with told_progress(console, starting, len(wanted)) as report:
        outcome = ingest_datasets(
            lambda: build_session("gridcontainer ingest"),
            wanted,
            city=city,
            sources=sources,
            storage=Storage(container),
            report=report,
        )
    print_ingested(outcome.results, console)
    for name, failure in outcome.failures.items():
        console.print(f"{name} failed: {failure}", style="bold red", markup=False)
    if failure := renew_catalogue(Storage(container), declared):
        console.print(failure, style="yellow", markup=False)
    return not outcome.failures
