"""sensors: readings of declared series; loaded, asked, and read as they arrive."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from pyspark.sql import DataFrame, functions as F, types as T
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.status import Status

from gridcontainer.cli.options import Command, city_option, container_option, path_option
from gridcontainer.cli.report import plain_table, table_of
from gridcontainer.container.declaration import load_city
from gridcontainer.container.query import parse_time
from gridcontainer.container.storage import Storage
from gridcontainer.sensors.accept import Accepted
from gridcontainer.sensors.declaration import load_all_series
from gridcontainer.sensors.gaps import find_gaps, measure_coverage
from gridcontainer.sensors.load import Loaded, load_series
from gridcontainer.sensors.questions import choose_sensors, history, latest, latest_by_cell
from gridcontainer.sensors.stream import stream_series
from gridcontainer.sensors.tables import read_readings, read_sensors
from gridcontainer.spark.session import build_session

# Of an answer's columns these are shown to people; --json gives all.
_SHOWN = (
    "series", "station", "grid_code", "quantity", "unit", "sensors", "measured_at", "value", "mean",
    "revision", "first_missing", "last_missing", "readings", "missing", "gaps", "share",
    "age_seconds", "is_silent", "silent",
)  # fmt: skip
_series_option = path_option(
    "--declared", default="conf/sensors", help="Folder of the series' declarations."
)


def _choice_options(command: Command) -> Command:
    for option in (
        click.option("--quantity", "quantities", multiple=True, help="Such as pm25."),
        click.option("--station", "stations", multiple=True, help="Only of this station."),
        click.option("--series", multiple=True, help="Only of this series; may be repeated."),
        click.option("--code", "codes", multiple=True, help="In this cell, of any level."),
    ):
        command = option(command)
    return command


def _output_options(command: Command) -> Command:
    command = click.option(
        "--json", "as_json", is_flag=True, help="All rows, one JSON object a line."
    )(command)
    return click.option("--rows", default=20, show_default=True, help="Rows to show.")(command)


def _span_options(command: Command) -> Command:
    command = click.option("--to", "until", help="Times before this ISO 8601 time.")(command)
    return click.option("--from", "since", help="Times at or after it, in the city's zone.")(
        command
    )


@click.group("sensors")
def sensors_command() -> None:
    """Readings of sensors: latest state, history and gaps; loaded, or read as they arrive."""


@sensors_command.command("load")
@click.argument("names", nargs=-1, metavar="[SERIES]...")
@_series_option
@city_option
@container_option
def load_command(names: tuple[str, ...], declared: Path, city: Path, container: str) -> None:
    """Bring the named series (all declared ones without a name) from their data sets.

    The same data again change nothing.
    """
    profile, all_series = load_city(city), load_all_series(declared, only=names)
    console = Console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    loaded = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting Spark", total=len(all_series))
        spark = build_session("gridcontainer sensors")
        for series in all_series:
            progress.update(task, description=series.series)
            loaded.append(load_series(spark, series, city=profile, storage=Storage(container)))
            progress.advance(task)
    _print_loaded(loaded, console)


@sensors_command.command("latest")
@_choice_options
@click.option("--level", type=click.IntRange(1, 10), help="By cells of this level.")
@click.option("--at", "moment", help="As it was at this ISO 8601 time. [default: now]")
@_output_options
@city_option
@container_option
def latest_command(
    level: int | None, moment: str | None, rows: int, as_json: bool, city: Path, container: str,
    **asked: tuple[str, ...],
) -> None:  # fmt: skip
    """Print the newest reading of each sensor, or of the sensors of each cell, and its age.

    Example: gridcontainer sensors latest --quantity aqi --level 4 --at 2014-07-04T18:30
    """
    zone = load_city(city).time_zone
    at = parse_time(moment, zone) if moment else datetime.now(UTC)

    def question(readings: DataFrame, sensors: DataFrame) -> DataFrame:
        newest = latest(readings, sensors, at=at)
        if level is None:
            return newest.orderBy("series", "quantity", "station")
        return latest_by_cell(newest, level=level).orderBy("grid_code", "quantity")

    _answer(question, container, asked, zone, None if as_json else rows)


@sensors_command.command("history")
@_choice_options
@_span_options
@click.option("--revisions", is_flag=True, help="Values that were corrected later too.")
@_output_options
@city_option
@container_option
def history_command(
    since: str | None, until: str | None, revisions: bool, rows: int, as_json: bool, city: Path,
    container: str, **asked: tuple[str, ...],
) -> None:  # fmt: skip
    """Print the readings of sensors, or of the sensors of a cell, in the order of time.

    Example: gridcontainer sensors history --code N51H263 --from 2014-07-02 --to 2014-07-03
    """
    zone = load_city(city).time_zone
    span = _span(since, until, zone)

    def question(readings: DataFrame, sensors: DataFrame) -> DataFrame:
        found = history(readings, sensors, with_revisions=revisions, **span)
        return found.drop("received_at").orderBy("measured_at", "sensor_id", "revision")

    _answer(question, container, asked, zone, None if as_json else rows)


@sensors_command.command("gaps")
@_choice_options
@_span_options
@click.option("--coverage", is_flag=True, help="A line a sensor: how much of its times is there.")
@_output_options
@city_option
@container_option
def gaps_command(
    since: str | None, until: str | None, coverage: bool, rows: int, as_json: bool, city: Path,
    container: str, **asked: tuple[str, ...],
) -> None:  # fmt: skip
    """Print the times at which sensors were expected to read and did not, the longest gaps first.

    Without --from and --to a sensor's own first and last reading are the ends.

    Example: gridcontainer sensors gaps --series pm25_hours --from 2013-03-01 --to 2013-06-01
    """
    zone = load_city(city).time_zone
    span = _span(since, until, zone)

    def question(readings: DataFrame, sensors: DataFrame) -> DataFrame:
        if coverage:
            return measure_coverage(readings, sensors, **span).orderBy("share", "sensor_id")
        found = find_gaps(readings, sensors, **span)
        return found.orderBy(F.desc("missing"), "first_missing", "sensor_id")

    _answer(question, container, asked, zone, None if as_json else rows)


@sensors_command.command("stream")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--series", required=True, help="Whose sensors the lines are of.")
@click.option("--once", is_flag=True, help="Read what is there, and end.")
@click.option("--interval", default=10, show_default=True, help="Seconds between two looks.")
@click.option("--files-per-batch", default=100, show_default=True, help="At most.")
@_series_option
@city_option
@container_option
def stream_command(
    folder: Path, series: str, once: bool, interval: int, files_per_batch: int, declared: Path,
    city: Path, container: str,
) -> None:  # fmt: skip
    """Read files of readings as they arrive in FOLDER, each line exactly once.

    A line is JSON with station, time and value, or CSV with these three columns. Write a file under
    a name that begins with a dot, and rename it when it is whole. Stop it at any moment.

    Example: gridcontainer sensors stream arriving --series air_station_hours --once
    """
    (wanted,) = load_all_series(declared, only=[series])
    zone = wanted.time_zone or load_city(city).time_zone
    with Status("starting Spark", console=Console()) as status:
        spark = build_session("gridcontainer sensors")
        status.update(f"waiting for files in {folder}")

        def report(batch: int, files: int, accepted: Accepted) -> None:
            run, received = accepted.run, accepted.received
            click.echo(
                f"batch {batch}: {files:,} files, {run.rows_in:,} lines: {received.added:,} new, "
                f"{received.corrections:,} corrections, {received.repeated + received.known:,} "
                f"again, {accepted.late:,} late, {run.rows_quarantined:,} set aside"
            )

        stream_series(
            spark, wanted, folder, zone=zone, storage=Storage(container), once=once,
            interval_seconds=interval, files_per_batch=files_per_batch, report=report,
        )  # fmt: skip


def _span(since: str | None, until: str | None, zone: str) -> dict[str, datetime | None]:
    given = {"since": since, "until": until}
    return {name: parse_time(text, zone) if text else None for name, text in given.items()}


def _answer(
    question: Callable[[DataFrame, DataFrame], DataFrame],
    container: str,
    asked: dict[str, tuple[str, ...]],
    zone: str,
    most: int | None,
) -> None:
    """Ask, and print up to ``most`` rows as a table; all as JSON lines where it is None."""
    console = Console()
    with Status("starting Spark", console=console) as status:
        spark = build_session("gridcontainer sensors")
        status.update("asking")
        storage = Storage(container)
        sensors = choose_sensors(read_sensors(spark, storage), **asked)
        found = question(read_readings(spark, storage), sensors)
        if most is None:
            status.stop()
            for row in _with_texts(found, "UTC", "yyyy-MM-dd'T'HH:mm:ss'Z'").toLocalIterator():
                click.echo(json.dumps(row.asDict(), ensure_ascii=False))
            return
        shown = [name for name in _SHOWN if name in found.columns]
        texts = _with_texts(found, zone, "yyyy-MM-dd HH:mm").select(*shown)
        answer = texts.limit(most + 1).collect()
    console.print(plain_table(shown, answer[:most]))
    more = "; there are more: --rows, --json" if len(answer) > most else ""
    click.echo(f"{len(answer[:most]):,} rows, times in {zone}{more}")


def _with_texts(frame: DataFrame, zone: str, pattern: str) -> DataFrame:
    """Times as texts in a zone."""
    times = {
        field.name: F.date_format(F.from_utc_timestamp(field.name, zone), pattern)
        for field in frame.schema
        if isinstance(field.dataType, T.TimestampType)
    }
    return frame.withColumns(times) if times else frame


def _print_loaded(loaded: list[Loaded], console: Console) -> None:
    numbers = ("sensors", "placed", "readings", "new", "corrected", "again", "missing", "aside")
    table = table_of("Readings from data sets", ["series"], numbers)
    for load in loaded:
        run, received = load.accepted.run, load.accepted.received
        counts = (
            load.sensors, load.placed, run.rows_out, received.added, received.corrections,
            received.repeated + received.known, load.missing, run.rows_quarantined,
        )  # fmt: skip
        table.add_row(load.series, *(f"{count:,}" for count in counts))
    console.print(table)
    for load in loaded:
        for reason, count in sorted(load.accepted.run.reasons.items()):
            console.print(f"{load.series}: {count:,} set aside: {reason}")
        if load.placed < load.sensors:
            unplaced = load.sensors - load.placed
            console.print(f"{load.series}: of {unplaced:,} sensors it is not known where they are")
