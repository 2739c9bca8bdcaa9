"""link: find which records of different data sets are one object."""

from pathlib import Path

import click
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.options import configuration_options, container_option, path_option
from gridcontainer.cli.report import table_of
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.identity import IdentityStorage
from gridcontainer.linkage import Link, Linked, link_all, load_links
from gridcontainer.spark.session import build_session


@click.command("link")
@click.argument("names", nargs=-1, metavar="[LINKAGE]...")
@path_option(
    "--links", "folder", default="conf/links", help="Folder of the linkages' declarations."
)
@click.option("--retrain", is_flag=True, help="Learn the weights anew from the records.")
@click.option("--weights", is_flag=True, help="Print what each comparison weighs.")
@configuration_options
@container_option
def link_command(
    names: tuple[str, ...], folder: Path, retrain: bool, weights: bool, declarations: Path,
    city: Path, container: str,
) -> None:  # fmt: skip
    """Run the named linkages, or all: records that are one thing become one object.

    A linkage whose declaration says merges: false tells which records go together, no more.

    Records without an identity get one first. The same records again change nothing. Why two
    records are one: gridcontainer identity explain. What a run did is taken back by
    gridcontainer identity undo.

    Example: gridcontainer link communities --weights
    """
    console = Console()
    declared = load_declarations(declarations, load_city(city))
    links = load_links(folder, {d.dataset for d in declared}, only=names)
    storage = IdentityStorage(Storage(container))
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer link")
        for link, linked in link_all(
            spark, storage, links, declared, retrain=retrain, report=status.update
        ):
            print_linked(link, linked, console)
            for warning in linked.warnings:
                click.echo(f"warning: {warning}", err=True)
            if weights:
                print_weights(linked, console)


def print_linked(link: Link, linked: Linked, console: Console) -> None:
    """What a linkage found, line by line."""
    replaced, settled = linked.replaced, linked.settled
    records = ", ".join(f"{name} {count:,}" for name, count in linked.records.items())
    found = "links" if link.merges else "matches, which leave objects alone"
    model = "trained now" if linked.is_trained else "of an earlier run"
    lines = [
        f"{link.link}: {replaced.links:,} {found} ({replaced.opened:,} new, {replaced.closed:,} "
        f"closed) in {linked.seconds:.0f} s, run {linked.run_id}",
        f"  {records}; {linked.candidates:,} pairs within {link.reach:g} m",
        f"  probability {linked.threshold:.3f} or more; model {model}",
    ]
    kinds = {"objects": settled.by_reason(), "not merged": settled.refused, "aside": replaced.aside}
    for kind, counts in kinds.items():
        if counts:
            lines.append(f"  {kind}: " + ", ".join(f"{n:,} {why}" for why, n in counts.items()))
    for line in lines:
        console.print(line, markup=False, highlight=False)


def print_weights(linked: Linked, console: Console) -> None:
    """What each level of each comparison weighs, in bits."""
    table = table_of("Weights, in bits", ["comparison", "level"], ["weight"])
    table.add_row("prior", "a pair of neighbours", f"{linked.settings.prior_weight:+.1f}")
    for comparison, level, weight in linked.settings.weights:
        table.add_row(comparison, level, f"{weight:+.1f}")
    console.print(table)
