"""join: two data sets, or a data set and a file, by where their rows are."""

from pathlib import Path
from typing import Any, get_args

import click
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.options import configuration_options, container_option
from gridcontainer.cli.report import table_of
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.join import (
    Joined,
    count_by,
    join_sides,
    open_side,
    unused_rows,
    write_joined,
)
from gridcontainer.container.storage import Storage
from gridcontainer.spark.join import How, Predicate
from gridcontainer.spark.session import build_session

_MOST_COUNTS = 20


@click.command("join")
@click.argument("left")
@click.argument("right")
@click.option(
    "--predicate",
    type=click.Choice(get_args(Predicate)),
    default="intersects",
    show_default=True,
    help="What holds of a pair: LEFT ... RIGHT.",
)
@click.option(
    "--how",
    type=click.Choice(get_args(How)),
    default="inner",
    show_default=True,
    help="left: rows of LEFT without a pair too; semi, anti: rows of LEFT with, without a pair.",
)
@click.option("--distance", type=float, help="Metres; with --predicate within_distance.")
@click.option("--k", type=int, default=1, show_default=True, help="Neighbours; with nearest.")
@click.option("--measure", metavar="NAME", help="Add a column: metres, or shared square metres.")
@click.option("--by", multiple=True, metavar="COLUMN", help="Count by this column; repeatable.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to .csv, or a .parquet folder.")
@click.option("--overwrite", is_flag=True, help="Replace what --out names.")
@click.option("--explain", is_flag=True, help="Only tell how it would be joined, and why.")
@click.option("--with-confidential", is_flag=True, help="Confidential columns too.")
@configuration_options
@container_option
def join_command(
    left: str, right: str, by: tuple[str, ...], out: Path | None, overwrite: bool, explain: bool,
    with_confidential: bool, declarations: Path, city: Path, container: str, **asked: Any,
) -> None:  # fmt: skip
    """Join LEFT with RIGHT by place: data sets of the container, or files.

    Without --by and --out the number of pairs is counted by RIGHT's label, if it has one.

    Example: gridcontainer join bus_stops towns

    Example: gridcontainer join elderly_care bus_stops --predicate within_distance --distance 300
    --how anti --out far.csv
    """
    console = Console()
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer join")
        status.update("looking at both sides")
        declared = {d.dataset: d for d in load_declarations(declarations, load_city(city))}
        sides = [
            open_side(
                spark, Storage(container), given, declared, with_confidential=with_confidential
            )
            for given in (left, right)
        ]
        joined = join_sides(sides[0], sides[1], **asked)
        if explain:
            status.stop()
            click.echo(joined.plan.explain())
            return
        status.update(f"joining by {joined.plan.strategy}")
        if out is not None:
            write_joined(joined.frame, out, overwrite=overwrite)
        if by or out is None:
            _print_counts(joined, by, console, status)
    if out is not None:
        click.echo(f"written to {out}")
    for note in (*joined.left.notes, *joined.right.notes):
        click.echo(note, err=True)
    for sentence in unused_rows(joined, most=_MOST_COUNTS):
        click.echo(sentence, err=True)
    if joined.left_out:
        click.echo(f"left out as confidential: {', '.join(joined.left_out)}", err=True)


def _print_counts(joined: Joined, by: tuple[str, ...], console: Console, status: Status) -> None:
    columns = by or _label(joined)
    if not columns:
        count = joined.frame.count()
        status.stop()
        click.echo(f"{count:,} rows")
        return
    rows = count_by(joined, columns).collect()
    status.stop()
    table = table_of(f"{joined.left.name} by {', '.join(columns)}", columns, ["rows"])
    for row in rows[:_MOST_COUNTS]:
        table.add_row(*(str(value) for value in row[:-1]), f"{row[-1]:,}")
    console.print(table)
    total = sum(row[-1] for row in rows)
    shown = min(len(rows), _MOST_COUNTS)
    console.print(f"{total:,} rows; {shown} of {len(rows):,} groups shown")


def _label(joined: Joined) -> tuple[str, ...]:
    """Right's label as the result has it."""
    label = joined.right.label
    if label is None:
        return ()
    suffixed = f"{label}_{joined.right.name}"
    found = suffixed if label in joined.left.frame.columns else label
    return (found,) if found in joined.frame.columns else ()
