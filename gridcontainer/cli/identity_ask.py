"""What identities answer: resolve, explain and history; single keys without Spark."""

import json
from datetime import datetime
from pathlib import Path

import click
from rich.status import Status

from gridcontainer.cli.identity_report import event_line, key_line, object_line, step_lines
from gridcontainer.cli.options import Command, configuration_options, container_option
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.join import write_joined
from gridcontainer.container.query import parse_time
from gridcontainer.container.query.open_table import open_tables
from gridcontainer.container.storage import Storage
from gridcontainer.identity import (
    IdentityStorage,
    Resolved,
    explain,
    history,
    resolve,
    resolve_one,
)
from gridcontainer.identity.confidential import Hidden, find_hidden, has_confidential
from gridcontainer.identity.resolve import count_reasons, read_keys, to_csv
from gridcontainer.spark.session import build_session


def _confidential_option(command: Command) -> Command:
    return click.option(
        "--with-confidential", is_flag=True, help="Confidential keys, names and places too."
    )(command)


def _as_of_option(command: Command) -> Command:
    return click.option("--as-of", help="As it was then: ISO 8601, in the city's zone.")(command)


@click.command("resolve")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Keys by the million: .csv or .parquet with columns dataset and key, or record_id, or "
    "object_id.",
)
@click.option("--out", type=click.Path(path_type=Path), help="With --file: .csv, .parquet folder.")
@click.option("--overwrite", is_flag=True, help="Replace what --out names.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_as_of_option
@_confidential_option
@configuration_options
@container_option
def resolve_command(
    keys: tuple[str, ...], file: Path | None, out: Path | None, overwrite: bool, as_json: bool,
    as_of: str | None, with_confidential: bool, declarations: Path, city: Path, container: str,
) -> None:  # fmt: skip
    """The object that each KEY stands for, and all keys of that object.

    Single keys are answered at once, without Spark; a file of them by a job. An unknown key has a
    reason, and the exit code is 1.

    Example: gridcontainer identity resolve metro_stations:人民广场

    Example: gridcontainer identity resolve --file keys.csv --out objects.csv
    """
    if bool(keys) == (file is not None) or (file is None) != (out is None):
        raise click.UsageError("give KEYs, or --file and --out")
    storage = IdentityStorage(Storage(container))
    moment = parse_time(as_of, load_city(city).time_zone) if as_of else None
    hidden = _hidden(storage, declarations, city, with_confidential=with_confidential)
    if file is not None and out is not None:
        unknown = _resolve_file(storage, file, out, moment, hidden, overwrite=overwrite)
    else:
        found = [resolve_one(storage, key, as_of=moment) for key in keys]
        unknown = sum(one.reason is not None for one in found)
        for one in found:
            _print_resolved(one, hidden, as_json=as_json)
    if unknown:
        raise click.exceptions.Exit(1)


def _resolve_file(
    storage: IdentityStorage,
    file: Path,
    out: Path,
    moment: datetime | None,
    hidden: Hidden,
    *,
    overwrite: bool,
) -> int:
    """How many keys of the file are not resolved."""
    with Status("starting Spark") as status:
        spark = build_session("gridcontainer identity")
        status.update(f"resolving {file}")
        asked = read_keys(spark, file)
        found = resolve(spark, storage, asked, as_of=moment, hidden=hidden).persist()
        write_joined(to_csv(found) if out.suffix == ".csv" else found, out, overwrite=overwrite)
        counts = count_reasons(found)
    resolved = counts.pop(None, 0)
    unknown = sum(counts.values())
    click.echo(f"{resolved:,} resolved, {unknown:,} not; written to {out}")
    for reason, count in counts.items():
        click.echo(f"{count:,}: {reason}", err=True)
    return unknown


def _print_resolved(one: Resolved, hidden: Hidden, *, as_json: bool) -> None:
    thing = one.object and hidden.mask(one.object)
    keys = [hidden.mask(row) for row in one.keys]
    if as_json:
        content = {"asked": one.asked, "reason": one.reason, "object": thing, "keys": keys}
        click.echo(json.dumps(content, ensure_ascii=False, default=str))
        return
    click.echo(f"{one.asked}: {object_line(thing) if thing else one.reason}")
    for row in keys:
        click.echo(f"  {key_line(row)}")


@click.command("explain")
@click.argument("left", metavar="KEY")
@click.argument("right", metavar="KEY")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@_confidential_option
@configuration_options
@container_option
def explain_command(
    left: str, right: str, as_json: bool, with_confidential: bool, declarations: Path, city: Path,
    container: str,
) -> None:  # fmt: skip
    """Why two KEYs are the same object, or why they are not: each link with its weights.

    Example: gridcontainer identity explain metro_stations:人民广场 metro_stations_2026:人民广场
    """
    storage = IdentityStorage(Storage(container))
    hidden = _hidden(storage, declarations, city, with_confidential=with_confidential)
    told = explain(storage, left, right)
    if as_json:
        steps = [{"effect": step.effect, **step.link} for step in told.steps]
        content = {"same": told.same, "steps": steps}
        click.echo(json.dumps(content, ensure_ascii=False, default=str))
        return
    click.echo("the same object" if told.same else "not the same object")
    for one in (told.left, told.right):
        if one.object is not None:
            click.echo(f"{one.asked}: {object_line(hidden.mask(one.object))}")
    if not told.steps:
        click.echo("one record" if told.same else "nothing links them")
    for step in told.steps:
        for line in step_lines(step):
            click.echo(line)


@click.command("history")
@click.argument("key", metavar="KEY")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_confidential_option
@configuration_options
@container_option
def history_command(
    key: str, as_json: bool, with_confidential: bool, declarations: Path, city: Path, container: str
) -> None:
    """All that happened to an object, or to a KEY and the objects that it has been.

    Example: gridcontainer identity history metro_stations:人民广场
    """
    storage = IdentityStorage(Storage(container))
    hidden = _hidden(storage, declarations, city, with_confidential=with_confidential)
    for event in history(storage, key):
        row = hidden.mask(event.row)
        if as_json:
            content = {"time": event.time, "what": event.what, "run_id": event.run_id, "row": row}
            click.echo(json.dumps(content, ensure_ascii=False, default=str))
        else:
            click.echo(event_line(event, row))


def _hidden(
    storage: IdentityStorage, declarations: Path, city: Path, *, with_confidential: bool
) -> Hidden:
    """What may not be shown; declarations are read only if there is anything."""
    tables = [] if with_confidential else open_tables(storage.container)
    if not any(has_confidential(table.properties) for table in tables):
        return Hidden()
    return find_hidden(storage.container, load_declarations(declarations, load_city(city)))
