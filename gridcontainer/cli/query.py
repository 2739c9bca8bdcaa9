"""query: what all departments have in a cell or a box."""

import json

import click
from rich.console import Console
from rich.table import Table

from gridcontainer.cli.options import container_option
from gridcontainer.container.query import Box, Found, find_in_box, find_in_codes
from gridcontainer.container.storage import Storage


@click.command("query")
@click.option("--code", "codes", multiple=True, help="A grid code of any level; may be repeated.")
@click.option("--bbox", help="WEST,SOUTH,EAST,NORTH in degrees, WGS 84.")
@click.option("--dataset", "datasets", multiple=True, help="Only this data set; may be repeated.")
@click.option("--rows", default=5, show_default=True, help="Rows to show of each data set.")
@click.option("--json", "as_json", is_flag=True, help="All rows found, one JSON object a line.")
@container_option
def query_command(
    codes: tuple[str, ...],
    bbox: str | None,
    datasets: tuple[str, ...],
    rows: int,
    as_json: bool,
    container: str,
) -> None:
    """Print what all departments have in a cell or a box.

    Of a data set with a confidential column only the number of rows is shown, unless it is named
    with --dataset and all rows are asked for with --json.
    """
    if bool(codes) == bool(bbox):
        raise click.UsageError("give --code or --bbox")
    storage = Storage(container)
    if bbox:
        found = find_in_box(storage, _parse_box(bbox), datasets=datasets)
    else:
        found = find_in_codes(storage, codes, datasets=datasets)
    if as_json:
        _print_json([part for part in found if datasets or not part.is_confidential])
    else:
        print_found(found, Console(), rows)


def _parse_box(text: str) -> Box:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not WEST,SOUTH,EAST,NORTH", param_hint="--bbox"
        ) from None
    return west, south, east, north


def _print_json(found: list[Found]) -> None:
    for part in found:
        own = {"department": part.department, "dataset": part.dataset}
        columns = [name for name in part.rows.column_names if name != "geometry"]
        for row in part.rows.select(columns).to_pylist():
            click.echo(json.dumps(own | row, ensure_ascii=False, default=str))


def print_found(found: list[Found], console: Console, most: int) -> None:
    """Print a line for each data set that has rows there."""
    table = Table()
    for name in ("department", "data set"):
        table.add_column(name, no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column(f"the first {most}")
    for part in found:
        if part.rows.num_rows:
            shown = "confidential" if part.is_confidential else " · ".join(part.labels(most))
            table.add_row(part.department, part.dataset, f"{part.rows.num_rows:,}", shown)
    console.print(table)
    departments = {part.department for part in found if part.rows.num_rows}
    total = sum(part.rows.num_rows for part in found)
    console.print(f"{total:,} rows of {len(departments)} departments")
