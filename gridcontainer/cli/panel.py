"""panel: the panel database; indicators built, listed, shown and exported."""

import json
from datetime import datetime
from pathlib import Path

import click
from pyspark.sql import DataFrame, functions as F
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.options import (
    Command,
    city_option,
    configuration_options,
    container_option,
    path_option,
)
from gridcontainer.cli.report import plain_table, table_of
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.join import write_joined
from gridcontainer.container.query import parse_time
from gridcontainer.container.storage import Storage
from gridcontainer.panel import (
    Outcome,
    build_panel,
    load_days,
    load_indicators,
    read_indicators,
    read_panel,
    read_wide,
    with_days,
)
from gridcontainer.panel.build import LAND
from gridcontainer.spark.session import build_session

_LISTED = ("indicator", "unit", "step", "levels", "rows", "missing", "hidden", "first", "last")
_SHOWN = (
    "indicator",
    "grid_code",
    "time",
    "value",
    "status",
    "observations",
    "rejected",
    "cleaned",
)


@click.group("panel")
def panel_command() -> None:
    """The panel database: cell x time x indicator, a complete grid by a complete calendar."""


@panel_command.command("build")
@click.argument("names", nargs=-1, metavar="[INDICATOR]...")
@path_option("--panel", "folder", default="conf/panel", help="Folder of the declarations.")
@click.option("--land", default=LAND, show_default=True, help="Data set of the city's land.")
@click.option("--full", is_flag=True, help="Compute all anew, changed or not.")
@configuration_options
@container_option
@click.pass_context
def build_command(
    ctx: click.Context, names: tuple[str, ...], folder: Path, land: str, full: bool,
    declarations: Path, city: Path, container: str,
) -> None:  # fmt: skip
    """Bring the named indicators (all declared ones without a name) up to date.

    One whose sources have not changed is left; of one that has, what changed is computed. Exit code
    1 if an indicator failed; the others are built.

    Example: gridcontainer panel build bus_stops pm25
    """
    profile = load_city(city)
    declared = load_declarations(declarations, profile)
    indicators = load_indicators(folder, {d.dataset for d in declared}, only=names)
    console = Console()
    with Status("starting Spark", console=console) as status:
        outcome = build_panel(
            build_session("gridcontainer panel"), Storage(container), indicators, city=profile,
            declarations=declared, land=land, full=full,
            report=lambda name, step: status.update(f"{name}: {step}"),
        )  # fmt: skip
    _print_built(outcome, console)
    if outcome.failures:
        ctx.exit(1)


@panel_command.command("indicators")
@container_option
def indicators_command(container: str) -> None:
    """List the indicators of the panel: unit, step, levels, and how much of them is known."""
    console = Console()
    with Status("starting Spark", console=console):
        spark = build_session("gridcontainer panel")
        rows = read_indicators(spark, Storage(container)).orderBy("indicator").collect()
    listed = [
        [
            row["indicator"], row["unit"], row["step"], ",".join(map(str, row["levels"])),
            row["rows"], row["by_status"].get("missing", 0), row["by_status"].get("suppressed", 0),
            *(f"{row[end]:%Y-%m-%d}" if row[end] else None for end in ("first_time", "last_time")),
        ]
        for row in rows
    ]  # fmt: skip
    console.print(plain_table(_LISTED, listed))


def _choice_options(command: Command) -> Command:
    for option in (
        city_option,
        container_option,
        click.option("--to", "until", help="Steps that begin before this ISO 8601 time."),
        click.option("--from", "since", help="Steps from this time on, in the city's zone."),
        click.option("--level", type=click.IntRange(0, 5), default=0, show_default=True,
                     help="Of the cells; 0 is the whole city."),
        click.argument("names", nargs=-1, required=True, metavar="INDICATOR..."),
    ):  # fmt: skip
        command = option(command)
    return command


@panel_command.command("show")
@_choice_options
@click.option("--rows", default=20, show_default=True, help="Rows to show.")
@click.option("--json", "as_json", is_flag=True, help="All rows, one JSON object a line.")
def show_command(
    names: tuple[str, ...], level: int, since: str | None, until: str | None, rows: int,
    as_json: bool, city: Path, container: str,
) -> None:  # fmt: skip
    """Print values of indicators at a level, in the order of time and cell.

    Example: gridcontainer panel show pm25 --from 2013-03-01 --to 2013-03-02
    """
    zone = load_city(city).time_zone
    console = Console()
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer panel")
        values = read_panel(
            spark, Storage(container), names, level=level, since=_moment(since, zone),
            until=_moment(until, zone),
        ).orderBy("indicator", "time", "cell")  # fmt: skip
        if as_json:
            status.stop()
            for row in _with_text(values, "UTC", "yyyy-MM-dd'T'HH:mm:ss'Z'").toLocalIterator():
                click.echo(json.dumps(row.asDict(), ensure_ascii=False))
            return
        answer = _with_text(values, zone, "yyyy-MM-dd HH:mm").select(*_SHOWN).head(rows + 1)
    console.print(plain_table(_SHOWN, answer[:rows]))
    more = "; there are more: --rows, --json" if len(answer) > rows else ""
    click.echo(f"{len(answer[:rows]):,} rows, times in {zone}{more}")


@panel_command.command("export")
@_choice_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help=".csv or .parquet")
@click.option("--long", "is_long", is_flag=True, help="A row for each indicator, with its status.")
@click.option("--days", type=click.Path(path_type=Path), help="Calendar of days to join.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
def export_command(
    names: tuple[str, ...], level: int, since: str | None, until: str | None, out: Path,
    is_long: bool, days: Path | None, overwrite: bool, city: Path, container: str,
) -> None:  # fmt: skip
    """Write indicators of one step at a level to a file: a column for each.

    Example: gridcontainer panel export pm25 temperature --days conf/calendars/shanghai.yaml
    --out hours.csv
    """
    zone = load_city(city).time_zone
    read = read_panel if is_long else read_wide
    with Status("starting Spark", console=Console()):
        spark = build_session("gridcontainer panel")
        frame = read(
            spark, Storage(container), names, level=level, since=_moment(since, zone),
            until=_moment(until, zone),
        )  # fmt: skip
        if days is not None:
            frame = with_days(frame, load_days(days), zone)
        write_joined(frame.orderBy("time", "cell"), out, overwrite=overwrite)
    click.echo(f"written: {out}")


def _moment(text: str | None, zone: str) -> datetime | None:
    return parse_time(text, zone) if text else None


def _with_text(values: DataFrame, zone: str, pattern: str) -> DataFrame:
    return values.withColumn("time", F.date_format(F.from_utc_timestamp("time", zone), pattern))


def _print_built(outcome: Outcome, console: Console) -> None:
    table = table_of(
        "Indicators", ["indicator", "built"], ["rows", "missing", "rejected", "seconds"]
    )
    for built in outcome.results:
        counts = ("", "", "") if built.how == "unchanged" else (
            f"{built.rows:,}", f"{built.missing_share:.1%}", f"{built.rejected:,}",
        )  # fmt: skip
        table.add_row(built.indicator.indicator, built.how, *counts, f"{built.seconds:.1f}")
    console.print(table)
    for built in outcome.results:
        if built.warning is not None:
            click.echo(f"warning: {built.indicator.indicator}: {built.warning}", err=True)
    for name, failure in outcome.failures.items():
        click.echo(f"error: {name}: {failure}", err=True)
