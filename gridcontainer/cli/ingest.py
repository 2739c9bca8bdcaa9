"""ingest: declared data sets into the container."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

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

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SMALL_MEBIBYTES: Final = 256


@click.command("ingest")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@sources_option
@configuration_options
@container_option
@click.option(
    "--accept-removal", is_flag=True, help="Agree to what the deliveries take away, once."
)
@click.option("--small", type=click.IntRange(0), default=SMALL_MEBIBYTES, show_default=True,
              metavar="MIB", help="Size up to which a source is read without Spark.")  # fmt: skip
def ingest_command(
    names: tuple[str, ...],
    sources: Path | None,
    declarations: Path,
    city: Path,
    container: str,
    accept_removal: bool,
    small: int,
) -> None:
    """Bring the named datasets (all declared ones without a name) into the container.

    A dataset whose source has not changed is left as it is. A dataset that fails is reported and
    does not stop the others; the exit code is then 1. So it is where every record of a dataset was
    quarantined, unless its declaration says may_be_empty.
    """
    if accept_removal and not names:
        raise click.UsageError("--accept-removal needs the names of the datasets that it is for")
    folder = sources or real_data()
    if folder is None or not folder.is_dir():
        raise SourceError(
            f"no folder of sources {folder or '../shared/data'}; name one with --sources, or make "
            "one with: gridcontainer sample DIR"
        )
    if not ingest_and_report(
        folder, declarations, city, container, names, Console(),
        accepts_removal=accept_removal, small_bytes=small << 20,
    ):  # fmt: skip
        raise SystemExit(1)


def ingest_and_report(
    sources: Path,
    declarations: Path,
    city_file: Path,
    container: str,
    names: tuple[str, ...],
    console: Console,
    *,
    accepts_removal: bool = False,
    small_bytes: int = SMALL_MEBIBYTES << 20,
) -> bool:
    """Ingest with a progress bar, print the tables, and tell whether all went well."""
    city = load_city(city_file)
    wanted = load_declarations(declarations, city, only=names)
    declared = load_declarations(declarations, city) if names else wanted
    from gridcontainer.cli.report import print_ingested, told_progress  # noqa: PLC0415
    from gridcontainer.container.catalogue.catalogue import renew_catalogue  # noqa: PLC0415
    from gridcontainer.container.ingest.batch import ingest_datasets  # noqa: PLC0415
    from gridcontainer.container.storage import Storage, has_table  # noqa: PLC0415

    def session() -> "SparkSession":
        from gridcontainer.spark.session import build_session  # noqa: PLC0415 - not for small ones

        return build_session("gridcontainer ingest")

    with told_progress(console, "ingest", len(wanted)) as report:
        outcome = ingest_datasets(
            session,
            wanted,
            city=city,
            sources=sources,
            storage=Storage(container),
            report=report,
            small_bytes=small_bytes,
            accepts_removal=accepts_removal,
        )
    print_ingested(outcome.results, console)
    for note in outcome.notes:
        console.print(note, style="yellow", markup=False)
    for name, failure in outcome.failures.items():
        console.print(f"{name} failed: {failure}", style="bold red", markup=False)
    for empty in outcome.emptied(wanted):
        console.print(empty, style="bold red", markup=False)
    storage = Storage(container)
    is_stale = outcome.has_changes or not has_table(storage.catalogue)
    if is_stale and (failure := renew_catalogue(storage, declared)):
        console.print(failure, style="yellow", markup=False)
    return outcome.is_well(wanted)
