"""reconstruct: the city by grid code. city: what is told of one cell."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from gridcontainer.cli.options import configuration_options, container_option, path_option
from gridcontainer.cli.query import print_found
from gridcontainer.cli.report import plain_table, told_progress
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.query import find_in_codes
from gridcontainer.container.storage import Storage
from gridcontainer.reconstruction import (
    Fact,
    Outcome,
    load_reconstruction,
    read_cell,
    reconstruct,
)
from gridcontainer.spark.session import build_session


@click.command("reconstruct")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--whole", is_flag=True, help="Make all cells anew, not only those that changed.")
@path_option(
    "--reconstruction",
    "declaration",
    default="conf/reconstruction.yaml",
    help="What is told of the cells beside counts.",
)
@configuration_options
@container_option
def reconstruct_command(
    names: tuple[str, ...],
    whole: bool,
    declaration: Path,
    declarations: Path,
    city: Path,
    container: str,
) -> None:
    """Bring the cells of the city up to date: what each has of every department.

    SOURCE is a data set, identity.objects, identity.links or sensors.readings; all without one.
    Only cells that changed are written. A source that fails does not stop the others; the exit
    code is then 1.

    Example: gridcontainer reconstruct && gridcontainer city N51H263D3
    """
    console = Console()
    datasets = load_declarations(declarations, load_city(city))
    declared = load_reconstruction(declaration, {d.dataset for d in datasets})
    with told_progress(console, "starting Spark") as report:
        outcome = reconstruct(
            build_session("gridcontainer reconstruct"),
            Storage(container),
            declared,
            declarations=datasets,
            only=names,
            whole=whole,
            report=report,
        )
    print_reconstructed(outcome, console)
    if outcome.failures:
        raise SystemExit(1)


def print_reconstructed(outcome: Outcome, console: Console) -> None:
    """A line for each source that has changed, and how many have not."""
    changed = [result for result in outcome.results if result.seconds]
    if changed:
        rows = [(r.source, r.way, r.rows, r.cells, f"{r.seconds:.1f}") for r in changed]
        console.print(plain_table(("source", "way", "rows", "cells written", "seconds"), rows))
    console.print(f"{len(outcome.results) - len(changed)} sources unchanged")
    for warning in (line for result in outcome.results for line in result.warnings):
        click.echo(f"warning: {warning}", err=True)
    for name in outcome.gone:
        console.print(f"{name} is no more; its cells are taken away", markup=False)
    for name, failure in outcome.failures.items():
        console.print(f"{name} failed: {failure}", style="bold red", markup=False)


@click.command("city")
@click.argument("code", default="")
@click.option("--records", is_flag=True, help="Open the cell into its records, of every data set.")
@click.option("--with-confidential", is_flag=True, help="Also of confidential data sets.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line.")
@container_option
def city_command(
    code: str, records: bool, with_confidential: bool, as_json: bool, container: str
) -> None:
    """Print what the city knows of a cell of levels 1 to 5; of the whole city without CODE.

    Example: gridcontainer city N51H263D36C --records
    """
    storage, console = Storage(container), Console()
    facts = read_cell(storage, code, with_confidential=with_confidential)
    if as_json:
        for fact in facts:
            click.echo(json.dumps(asdict(fact), ensure_ascii=False, default=str))
        return
    console.print(plain_table(("department", "of", "what", "count", "more"), map(_line, facts)))
    if records and code:
        print_found(find_in_codes(storage, [code]), console, 5)


def _line(fact: Fact) -> tuple[object, ...]:
    what = " ".join(part for part in (fact.kind, fact.name) if part)
    return fact.department, fact.source, what, fact.count, _more(fact)


def _more(fact: Fact) -> str:
    """Mean and ends of numbers, the latest reading, how many different values."""
    told = []
    if fact.total is not None and fact.count:
        told.append(f"mean {float(fact.total) / fact.count:.6g}")
        told.append(f"{fact.least:.6g} to {fact.greatest:.6g}")
    if fact.latest_at is not None:
        told.append(f"latest {fact.latest:.6g} at {fact.latest_at:%Y-%m-%d %H:%M} UTC")
    if fact.distinct is not None:
        told.append(f"{fact.distinct:,} different")
    return ", ".join(told)
