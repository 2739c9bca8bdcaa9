"""demo: a whole city into the container, and one question across its departments."""

from pathlib import Path

import click
from rich.console import Console

from gridcontainer.cli.ingest import ingest_and_report
from gridcontainer.cli.options import real_data
from gridcontainer.cli.query import print_found
from gridcontainer.cli.report import table_of
from gridcontainer.cli.sample import write_with_progress
from gridcontainer.container.query import count_by_cell, find_in_codes
from gridcontainer.container.storage import Storage

_LEVEL = 4  # 1' x 1', about 1.6 x 1.85 km at Shanghai: a quarter of an hour on foot
_COUNTED = ("communities", "elderly_care", "bus_stops", "shops")
_SHOWN = 5
_CITY = Path("conf/city/shanghai.yaml")


@click.command("demo")
@click.option(
    "--container",
    help="Root folder of the tables. [default: var/demo, or var/demo-sample]",
)
@click.option("--sample", is_flag=True, help="Take the generated city even where real data are.")
def demo_command(container: str | None, sample: bool) -> None:
    """Ingest a city and answer one question across its departments.

    Takes the real sets in $GRIDCONTAINER_DATA or ../shared/data, else a city that it generates.
    """
    console = Console()
    real = None if sample else real_data()
    if real is not None:
        sources, declarations, root = real, Path("conf/datasets"), container or "var/demo"
        console.print("Source: real data of Shanghai", style="bold")
    else:
        sources, declarations = Path("var/sample"), Path("conf/sample")
        root = container or "var/demo-sample"
        console.print("Source: a generated city (there are no real data here)", style="bold")
        write_with_progress(sources, seed=2026, scale=1.0, console=console)
    went_well = ingest_and_report(sources, declarations, _CITY, root, (), console)
    _answer(Storage(root), console)
    if not went_well:
        raise SystemExit(1)


def _answer(storage: Storage, console: Console) -> None:
    """Where most people live without elderly care in the same cell, and what else is there."""
    counts = {dataset: count_by_cell(storage, dataset, _LEVEL) for dataset in _COUNTED}
    care = counts["elderly_care"]
    without = [code for code in counts["communities"] if not care.get(code)][:_SHOWN]
    console.print(
        "Question: where do most housing communities stand without any elderly-care facility in "
        f"the same level-{_LEVEL} cell, and what else is there?",
        style="bold",
    )
    table = table_of("Housing, civil affairs, traffic and planning, by cell", ["cell"], _COUNTED)
    for code in without:
        table.add_row(code, *(f"{counts[dataset].get(code, 0):,}" for dataset in _COUNTED))
    console.print(table)
    if not without:
        console.print("Answer: nowhere; each such cell has one.", style="bold")
        return
    console.print(f"Answer: {without[0]}. All that the departments have there:", style="bold")
    print_found(find_in_codes(storage, [without[0]]), console, most=3)
    console.print(f"More: gridcontainer query --container {storage.root} --code {without[0]}")
