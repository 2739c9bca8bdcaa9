"""compact: many small files of the data sets to few healthy ones."""

from collections.abc import Mapping

import click
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.options import container_option
from gridcontainer.cli.report import table_of
from gridcontainer.container.compact import Plan, compact_datasets
from gridcontainer.container.storage import Storage
from gridcontainer.spark.session import build_session


@click.command("compact")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@click.option("--dry-run", is_flag=True, help="Only tell what would be done.")
@container_option
def compact_command(names: tuple[str, ...], dry_run: bool, container: str) -> None:
    """Write small or disordered files anew: few, healthy, in the order of their cells.

    Looks at the named data sets, or at all. Readers read on while it works; what is in order is
    left alone, so that a second run does nothing.
    """
    console = Console()
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer compact")

        def report(dataset: str, step: str) -> None:
            status.update(f"{dataset}: {step}")

        storage = Storage(container)
        plans = compact_datasets(spark, storage, only=names, dry_run=dry_run, report=report)
    print_plans(plans, console, dry_run=dry_run)


def print_plans(plans: Mapping[str, Plan], console: Console, *, dry_run: bool) -> None:
    """Print a line for each data set that has something to write anew."""
    title = "What would be written anew" if dry_run else "What was written anew"
    table = table_of(title, ["data set"], ["partitions", "of", "files", "to about", "prefix level"])
    some = {name: plan for name, plan in plans.items() if plan.chosen}
    for name, plan in some.items():
        now, then = plan.files
        level = str(plan.layout.prefix_level or "")
        if plan.better:
            level += f" -> {plan.better.prefix_level}"
        counts = (len(plan.chosen), len(plan.partitions), now, then)
        table.add_row(name, *(f"{count:,}" for count in counts), level)
    if some:
        console.print(table)
    console.print(f"{len(plans) - len(some)} of {len(plans)} data sets are in order")
