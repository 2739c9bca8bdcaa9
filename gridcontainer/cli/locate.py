"""locate: rows without positions onto the grid, by key or by address."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.status import Status

from gridcontainer.addresses.book import load_address_book
from gridcontainer.addresses.explain import Explanation, explain_row
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import Located, locate_datasets
from gridcontainer.addresses.placements import flat, is_confidential, read_placements
from gridcontainer.cli.options import configuration_options, container_option, path_option
from gridcontainer.cli.report import table_of
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.join import write_joined
from gridcontainer.container.storage import Storage
from gridcontainer.spark.session import build_session


@click.command("locate")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@path_option("--addresses", default="conf/addresses/shanghai.yaml", help="The city's address book.")
@click.option("--explain", metavar="KEY", help="Why a row of one DATASET is where it is.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to .csv, or a .parquet folder.")
@click.option("--overwrite", is_flag=True, help="Replace what --out names.")
@click.option("--with-confidential", is_flag=True, help="Confidential texts and places too.")
@configuration_options
@container_option
def locate_command(
    names: tuple[str, ...], addresses: Path, explain: str | None, out: Path | None,
    overwrite: bool, with_confidential: bool, declarations: Path, city: Path, container: str,
) -> None:  # fmt: skip
    """Place the rows of the named data sets (all of the address book without a name) on the grid.

    A row takes the position that its key leads to, else one found by its address; each has a
    method, a weight and an uncertainty in metres. Rows that have no place say why, and are counted.
    KEY is the row's business key, its values separated by commas, or its object_id.

    Example: gridcontainer locate accidents

    Example: gridcontainer locate accidents --explain KEY
    """
    if (explain is not None or out is not None) and len(names) != 1:
        raise click.UsageError("--explain and --out need one DATASET")
    console = Console()
    with Status("starting Spark", console=console) as status:
        profile = load_city(city)
        declared = {d.dataset: d for d in load_declarations(declarations, profile)}
        book = load_address_book(addresses)
        spark = build_session("gridcontainer locate")
        known = City(spark, Storage(container), profile, declared, book)
        if explain is not None:
            status.update(f"{names[0]}: looking at all candidates")
            _require_shown(known, names[0], with_confidential)
            explanation = explain_row(known, names[0], explain.split(","))
            status.stop()
            _print_explanation(explanation, console)
            return
        located = locate_datasets(
            known, names, report=lambda dataset, step: status.update(f"{dataset}: {step}")
        )
        if out is not None:
            placements = read_placements(known, names[0], with_confidential=with_confidential)
            write_joined(placements.transform(flat), out, overwrite=overwrite)
    _print_located(located, console)
    if out is not None:
        click.echo(f"written to {out}")


def _require_shown(city: City, dataset: str, with_confidential: bool) -> None:
    """An explanation quotes the row's text.

    Raises:
        click.UsageError: that is confidential.
    """
    if dataset in city.declarations and is_confidential(city, dataset) and not with_confidential:
        raise click.UsageError(f"{dataset} has confidential columns; add --with-confidential")


def _print_located(located: Sequence[Located], console: Console) -> None:
    table = table_of(
        "Rows = placed + not placed", ["data set"], ["rows", "placed", "not placed", "seconds"]
    )
    ways = table_of("By method, or the reason for none", ["data set", "method"], ["rows"])
    for result in located:
        run, name = result.run, result.run.dataset.partition("/")[2]
        seconds = f"{run.seconds:.1f}" if result.changed else "unchanged"
        table.add_row(
            name, f"{run.rows_in:,}", f"{run.rows_out:,}", f"{run.rows_quarantined:,}", seconds
        )
        for method, count in result.methods.items():
            ways.add_row(name, method, f"{count:,}")
        for reason, count in run.reasons.items():
            ways.add_row(name, f"not placed: {reason}", f"{count:,}")
    console.print(table)
    console.print(ways)


def _print_explanation(explanation: Explanation, console: Console) -> None:
    console.print(f"text: {explanation.text}", markup=False)
    parts = {n: v for n, v in vars(explanation.parts).items() if v not in (None, "")}
    console.print("says: " + ", ".join(f"{n} {v}" for n, v in parts.items()), markup=False)
    console.print("must be in: " + (", ".join(filter(None, explanation.areas)) or "the city"))
    placed = explanation.placement
    if "reason" in placed:
        console.print(f"not placed: {placed['reason']}", markup=False)
    else:
        console.print(
            f"placed by {placed['method']} at {placed['lon']:.6f}, {placed['lat']:.6f}, within "
            f"{placed['uncertainty_metres']:,.0f} m with weight {placed['weight']:.2f}, from "
            f"{', '.join(placed['evidence'])}",
            markup=False,
        )
    table = table_of("Considered, by address", ["method", "evidence"], ["metres", "lon", "lat"])
    for candidate in explanation.candidates:
        metres = f"{candidate['uncertainty_metres']:,.0f}"
        table.add_row(
            candidate["method"] + (" (ambiguous)" if candidate["ambiguous"] else ""),
            ", ".join(candidate["evidence"]), metres,
            f"{candidate['lon']:.5f}", f"{candidate['lat']:.5f}",
        )  # fmt: skip
    console.print(table)
