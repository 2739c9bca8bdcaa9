"""identity: one object for each thing of the city, whichever departments have records of it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from pyspark.sql import SparkSession
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.identity_ask import explain_command, history_command, resolve_command
from gridcontainer.cli.identity_report import print_issued, print_related, print_settled
from gridcontainer.cli.options import configuration_options, container_option, path_option
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.identity import (
    IdentityStorage,
    Undone,
    decide,
    issue,
    load_mappings,
    relate,
    undo_link,
    undo_link_between,
    undo_run,
)
from gridcontainer.spark.session import build_session

Result = TypeVar("Result")


@click.group("identity")
def identity_command() -> None:
    """One object for each thing, whichever departments have records of it.

    A KEY is DATASET:VALUE, or DATASET:{"COLUMN": "VALUE", ...} where the business key has several
    columns, or the id of a record or of an object.
    """


for _command in (resolve_command, explain_command, history_command):
    identity_command.add_command(_command)


@identity_command.command("issue")
@click.argument("names", nargs=-1, metavar="[DATASET]...")
@configuration_options
@container_option
def issue_command(names: tuple[str, ...], declarations: Path, city: Path, container: str) -> None:
    """Give each record of the data sets an object, and the objects what their records say now.

    Without names all data sets that declare an object_class. Data sets that have not changed are
    not read.

    Example: gridcontainer identity issue communities bus_stops
    """
    declared = load_declarations(declarations, load_city(city))
    console = Console()
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer identity")
        done = issue(spark, _storage(container), declared, names, report=status.update)
    print_issued(done, console)


@identity_command.command("undo")
@click.option("--run", "run_id", help="All links that this run opened or closed.")
@click.option("--link", help="All links of this linkage.")
@click.option("--between", nargs=2, metavar="KEY KEY", help="The link between two records.")
@click.option("--who", help="Who takes it back; with --between.")
@click.option("--why", help="Why; with --between.")
@container_option
def undo_command(
    run_id: str | None, link: str | None, between: tuple[str, str] | None, who: str | None,
    why: str | None, container: str,
) -> None:  # fmt: skip
    """Take links back; the keys and objects are again what they were without them.

    A link between two records stays taken back, whatever a linkage finds later. Taking back can
    be taken back itself: it is a run.

    Example: gridcontainer identity undo --between metro_stations:淞虹路 metro_stations_2026:淞虹路
    --who Li --why "two buildings"
    """
    if sum(given is not None for given in (run_id, link, between)) != 1:
        raise click.UsageError("give --run or --link or --between, one of them")
    if (between is not None) != bool(who and why):
        raise click.UsageError("give --who and --why with --between")
    storage = _storage(container)

    def take_back(spark: SparkSession) -> Undone:
        if between is not None:
            return undo_link_between(spark, storage, *between, who=str(who), why=str(why))
        if run_id is not None:
            return undo_run(spark, storage, run_id)
        return undo_link(spark, storage, str(link))

    undone = _with_spark("taking back", take_back)
    click.echo(f"run {undone.run_id}: {undone.closed:,} links closed, {undone.opened:,} opened")
    print_settled(undone.settled)


@identity_command.command("decide")
@click.argument("file", type=click.Path(path_type=Path))
@container_option
def decide_command(file: Path, container: str) -> None:
    """Take what people decided: a CSV file with columns left,right,decision,who,why.

    left and right are KEYs, decision is same or different. Decisions go before what any linkage
    finds; those that contradict each other are told, and none is taken.

    Example: gridcontainer identity decide decisions.csv
    """
    storage = _storage(container)
    decided = _with_spark("deciding", lambda spark: decide(spark, storage, file))
    click.echo(f"run {decided.run_id}: {decided.changed:,} of {decided.decisions:,} are new")
    print_settled(decided.settled)


@identity_command.command("relate")
@path_option("--mappings", default="conf/mappings", help="Folder of the mappings by place.")
@configuration_options
@container_option
def relate_command(mappings: Path, declarations: Path, city: Path, container: str) -> None:
    """Find the relations between records: declared ones, those of place, and being the same.

    Declared relations stand on their own keys and are as many before and after linkage.

    Example: gridcontainer identity relate
    """
    declared = load_declarations(declarations, load_city(city))
    wanted = load_mappings(mappings, [declaration.dataset for declaration in declared])
    storage = _storage(container)
    found = _with_spark("relating", lambda spark: relate(spark, storage, declared, wanted))
    print_related(found, Console())


def _storage(container: str) -> IdentityStorage:
    return IdentityStorage(Storage(container))


def _with_spark(doing: str, work: Callable[[SparkSession], Result]) -> Result:
    with Status("starting Spark") as status:
        spark = build_session("gridcontainer identity")
        status.update(doing)
        return work(spark)
