"""quarantine: rows set aside can be looked at, mended by a rule, and released."""

import json
from pathlib import Path
from typing import Any, Final

import click
import pyarrow as pa
import pyarrow.compute
import yaml
from rich.console import Console

from gridcontainer.cli.options import configuration_options, container_option
from gridcontainer.cli.report import table_of
from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration, load_city, load_declarations
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.rules import MendingRule
from gridcontainer.container.quarantine.replace import read_quarantined
from gridcontainer.container.sensitivity import CONFIDENTIAL
from gridcontainer.container.storage import Storage, has_table
from gridcontainer.container.tables.log import read_snapshot
from gridcontainer.errors import DatasetError

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_HIDDEN = "***"


@click.group("quarantine")
def quarantine_command() -> None:
    """Rows that could not go in as they came: look at them, mend them, let them in."""


@quarantine_command.command("list")
@container_option
def list_command(container: str) -> None:
    """Rows by data set and reason: still aside, and mended."""
    rows = _read(Storage(container), ["dataset", "reason", "mended"])
    counts = rows.group_by(["dataset", "reason"]).aggregate(
        [([], "count_all"), ("mended", "count")]
    )
    table = table_of("Rows that could not go in as they came", ["data set", "reason"],
                     ["aside", "mended"])  # fmt: skip
    for row in counts.sort_by([("dataset", "ascending"), ("reason", "ascending")]).to_pylist():
        aside = row["count_all"] - row["mended_count"]
        table.add_row(row["dataset"], row["reason"], f"{aside:,}", f"{row['mended_count']:,}")
    Console().print(table)


@quarantine_command.command("show")
@click.argument("name", metavar="DATASET")
@click.option("--reason", help="Only rows set aside for this reason.")
@click.option("--rows", default=10, show_default=True, help="Rows to show.")
@click.option("--json", "as_json", is_flag=True, help="All of them, one JSON object a line.")
@configuration_options
@container_option
def show_command(
    name: str,
    reason: str | None,
    rows: int,
    as_json: bool,
    declarations: Path,
    city: Path,
    container: str,
) -> None:
    """Rows of DATASET with their file, row, reason and content as it came.

    Columns that the declaration calls confidential are hidden.
    """
    hidden = _hidden(name, declarations, city, Storage(container))
    found = _read(Storage(container), None, name)
    if reason is not None:
        found = found.filter(_ARROW.field("reason") == reason)
    ordered = found.sort_by([("source_file", "ascending"), ("source_row", "ascending")])
    for row in (ordered if as_json else ordered.slice(0, rows)).to_pylist():
        row["row"] = _hide(row["row"], hidden)
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            state = f" (mended: {row['mended']})" if row["mended"] else ""
            detail = f" ({row['detail']})" if row["detail"] else ""
            place = f"{row['source_file']}:{row['source_row']}"
            click.echo(f"{place}: {row['reason']}{detail}{state}: {row['row']}")
    if not as_json:
        click.echo(f"{min(rows, found.num_rows):,} of {found.num_rows:,} rows")


@quarantine_command.command("try")
@click.argument("name", metavar="DATASET")
@click.option("--reason", required=True, help="Of the rows to mend.")
@click.option("--set", "sets", multiple=True, required=True, metavar="COLUMN=EXPRESSION",
              help="Expression on the columns as they came; may be repeated.")  # fmt: skip
@click.option("--where", help="Condition: only these rows of the reason.")
@configuration_options
@container_option
def try_command(
    name: str,
    reason: str,
    sets: tuple[str, ...],
    where: str | None,
    declarations: Path,
    city: Path,
    container: str,
) -> None:
    """Tell how many rows of DATASET a rule would mend, and how to declare it. Changes nothing.

    Columns that the declaration calls confidential are hidden.

    gridcontainer quarantine try bus_stops --reason "longitude and latitude swapped" --set lon=lat
    --set lat=lon
    """
    if faulty := [text for text in sets if "=" not in text]:
        raise click.BadParameter(f"{faulty[0]!r} is not COLUMN=EXPRESSION", param_hint="--set")
    rule = MendingRule(
        reason=reason,
        where=None if where is None else _expression(where, "--where"),
        set={
            column: _expression(text, "--set")
            for column, text in (text.split("=", 1) for text in sets)
        },
    )
    declaration = _declared(name, declarations, city).model_copy(update={"mend": [rule]})
    from gridcontainer.container.ingest.release import try_rules  # noqa: PLC0415

    tried = try_rules(declaration, city=load_city(city), storage=Storage(container))
    hidden = _confidential(declaration, Storage(container))
    place = declaration.position
    is_hidden = place is not None and bool(hidden & {place.lon, place.lat})
    for before, after in zip(tried.before, tried.after, strict=True):
        click.echo(f"{_hide(before, hidden)} -> {_HIDDEN if is_hidden else after}")
    click.echo(f"{tried.released:,} of {tried.aside:,} rows would be sound")
    if tried.released:
        text = yaml.safe_dump(
            {"mend": [rule.model_dump(exclude_none=True)]}, allow_unicode=True, sort_keys=False
        )
        click.echo(f"Declare it, then: gridcontainer quarantine release {name}\n\n{text}", nl=False)


@quarantine_command.command("release")
@click.argument("name", metavar="DATASET")
@configuration_options
@container_option
def release_command(name: str, declarations: Path, city: Path, container: str) -> None:
    """Let the rows of DATASET that its declared rules mend into the data set.

    Without its source; the next ingest mends the same rows by the same rules.
    """
    declaration = _declared(name, declarations, city)
    from gridcontainer.container.ingest.release import release_rows  # noqa: PLC0415

    done = release_rows(declaration, city=load_city(city), storage=Storage(container))
    click.echo(f"{done.released:,} of {done.aside:,} rows released")


def _expression(text: str, option: str) -> Expression:
    try:
        return Expression(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _declared(name: str, declarations: Path, city: Path) -> Declaration:
    return load_declarations(declarations, load_city(city), only=[name])[0]


def _hidden(name: str, declarations: Path, city: Path, storage: Storage) -> set[str | None]:
    """Confidential columns of rows that are aside: of a data set, its identities, or a linkage."""
    if name.startswith("link."):
        return set()  # their rows hold ids alone
    return _confidential(_declared(name.removeprefix("identity."), declarations, city), storage)


def _read(storage: Storage, columns: list[str] | None, dataset: str | None = None) -> pa.Table:
    if not has_table(storage.quarantine):
        raise DatasetError(f"no quarantine in {storage.root}; run: gridcontainer ingest")
    return read_quarantined(storage, dataset, columns)


def _confidential(declaration: Declaration, storage: Storage) -> set[str | None]:
    """Confidential columns by both their names: rows are kept as they came, and as stored."""
    kinds = declaration.sensitivity.items()
    declared = {column for column, kind in kinds if kind == CONFIDENTIAL}
    path = storage.dataset(declaration.department, declaration.dataset)
    table = read_snapshot(path) if declared else None
    if table is None:
        return {*declared}
    names = ColumnNames.of(table.metadata.schema.names, table.metadata.properties)
    return {name for column in declared for name in names.both(column)}


def _hide(content: str | None, hidden: set[str | None]) -> str | None:
    """Confidential columns hidden; a row without columns is hidden whole where there are any."""
    if not hidden or content is None:
        return content
    if not content.startswith("{"):
        return _HIDDEN
    shown = json.loads(content)
    return json.dumps(
        {name: _HIDDEN if name in hidden else value for name, value in shown.items()},
        ensure_ascii=False,
    )
