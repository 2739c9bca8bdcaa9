"""tags: on the objects and cells of the city; issued, found, withdrawn and printed."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.status import Status

from gridcontainer.cli.options import city_option, configuration_options, container_option
from gridcontainer.cli.report import plain_table
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import TagError
from gridcontainer.tags.lookup import find_tags
from gridcontainer.tags.printing import Label, sheet_html, tag_png, tag_svg

code_option = click.option(
    "--code", "codes", multiple=True, help="In this cell, of any level; may be repeated."
)
class_option = click.option("--class", "classes", multiple=True, help="Of this class.")


@click.group("tags")
def tags_command() -> None:
    """Tags on objects and cells: an identifier to print, and a registry to ask."""


@tags_command.command("issue")
@click.argument("source")
@click.option("--class", "tag_class", help="Of the tags of a data set.")
@click.option("--issuer", help="Department that issues the tags of a data set.")
@click.option("--attribute", "attributes", multiple=True, help="Column to keep with the tag.")
@configuration_options
@container_option
def issue_command(
    source: str, tag_class: str | None, issuer: str | None, attributes: tuple[str, ...],
    declarations: Path, city: Path, container: str,
) -> None:  # fmt: skip
    """Issue tags to the rows of SOURCE: a CSV file, or a data set of the container.

    The file names its columns: class, issuer; dataset and object_id, or code; all others are
    attributes. The same source again issues nothing new.

    Example: gridcontainer tags issue bus_stops --class stop --issuer traffic

    Example: gridcontainer tags issue manholes.csv
    """
    is_file = source.endswith(".csv")
    if is_file == bool(tag_class and issuer):
        raise click.UsageError("give a .csv file, or a data set with --class and --issuer")
    from gridcontainer.container.query.open_table import column_names_of  # noqa: PLC0415
    from gridcontainer.container.tables.frames import read_current  # noqa: PLC0415
    from gridcontainer.spark.session import build_session  # noqa: PLC0415
    from gridcontainer.tags.registry import issue  # noqa: PLC0415
    from gridcontainer.tags.requests import (  # noqa: PLC0415
        dataset_requests,
        read_requests,
        require_public,
    )

    storage, profile = Storage(container), load_city(city)
    if not is_file:
        declared = {d.dataset: d for d in load_declarations(declarations, profile)}
        require_public(storage, source, declared.get(source), attributes)
    with Status("starting Spark", console=Console()) as status:
        spark = build_session("gridcontainer tags")
        status.update(f"issuing tags to {source}")
        if is_file:
            requests = read_requests(spark, Path(source))
        else:
            ((_, _, path),) = storage.find_datasets([source])
            requests = dataset_requests(
                read_current(spark, path),
                dataset=source,
                tag_class=tag_class or "",
                issuer=issuer or "",
                attributes=attributes,
                names=column_names_of(storage, source),
            )
        done = issue(requests, city=profile, storage=storage, name=Path(source).stem)
    click.echo(
        f"{done.run.rows_in:,} rows: {done.new:,} new tags, {done.changed:,} changed, "
        f"{done.known:,} known, {done.run.rows_quarantined:,} set aside"
    )
    for reason, count in sorted(done.run.reasons.items()):
        click.echo(f"{count:>10,}  {reason}")


@tags_command.command("find")
@code_option
@class_option
@click.option("--object", "objects", multiple=True, help="On this object, by its object_id.")
@click.option("--rows", default=20, show_default=True, help="Rows to show.")
@click.option("--json", "as_json", is_flag=True, help="All of them, one JSON object a line.")
@container_option
def find_command(
    codes: tuple[str, ...], classes: tuple[str, ...], objects: tuple[str, ...], rows: int,
    as_json: bool, container: str,
) -> None:  # fmt: skip
    """Print the tags that meet all that is given.

    Example: gridcontainer tags find --code N51H263D3 --class stop
    """
    found = find_tags(Storage(container), codes=codes, classes=classes, objects=objects)
    if as_json:
        _print_json(found.to_pylist())
        return
    names = ["tag_id", "tag_class", "issuer", "grid_code", "status"]
    shown = found.slice(0, rows).select(names).to_pylist()
    Console().print(plain_table(names, (list(row.values()) for row in shown)))
    click.echo(f"{min(rows, found.num_rows):,} of {found.num_rows:,} tags")


@tags_command.command("show")
@click.argument("tag")
@container_option
def show_command(tag: str, container: str) -> None:
    """Print all that was ever known of TAG, as typed or scanned: one JSON object a state.

    Example: gridcontainer tags show GT-WEKP-PFB0-DQRV-SPCZ
    """
    found = find_tags(Storage(container), tag_ids=[tag], with_former=True)
    if not found.num_rows:
        raise TagError(f"{tag} is a sound identifier, but not in the registry")
    _print_json(found.to_pylist())


@tags_command.command("withdraw")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
@click.option("--replace", is_flag=True, help="Issue another tag in place of each.")
@container_option
def withdraw_command(tags: tuple[str, ...], replace: bool, container: str) -> None:
    """Take tags out of use; their history stays."""
    from gridcontainer.spark.session import build_session  # noqa: PLC0415
    from gridcontainer.tags.registry import withdraw  # noqa: PLC0415

    with Status("starting Spark", console=Console()) as status:
        spark = build_session("gridcontainer tags")
        status.update("withdrawing")
        done = withdraw(spark, Storage(container), tags, replace=replace)
    for tag, successor in done.items():
        click.echo(f"{tag} withdrawn" if successor is None else f"{tag} replaced by {successor}")


@tags_command.command("print")
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@code_option
@class_option
@click.option("--label", metavar="ATTRIBUTE", help="Attribute to print under each symbol.")
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help=".svg or .png of one tag; .html for a sheet of many.")  # fmt: skip
@city_option
@container_option
def print_command(
    tags: tuple[str, ...], codes: tuple[str, ...], classes: tuple[str, ...], label: str | None,
    out: Path, city: Path, container: str,
) -> None:  # fmt: skip
    """Print the QR symbols of active tags: the named ones, or all of a cell or class.

    Example: gridcontainer tags print --code N51H263D3 --class stop --out sheet.html
    """
    found = find_tags(Storage(container), tag_ids=tags, codes=codes, classes=classes)
    active = [row for row in found.to_pylist() if row["status"] == "active"]
    if not active:
        raise TagError("no active tag is so; see: gridcontainer tags find")
    kind = out.suffix.lower()
    if kind not in (".svg", ".png", ".html") or (kind != ".html" and len(active) > 1):
        raise TagError(f"{out}: {len(active)} tags go to a sheet, .html; one to .svg or .png too")
    if kind == ".html":
        titles = load_city(city).tag_classes
        labels = [_label(row, titles.get(row["tag_class"], row["tag_class"]), label)
                  for row in active]  # fmt: skip
        out.write_text(sheet_html(labels, title="Tags"), encoding="utf-8")
    elif kind == ".svg":
        out.write_text(tag_svg(active[0]["tag_id"]), encoding="utf-8")
    else:
        out.write_bytes(tag_png(active[0]["tag_id"]))
    click.echo(f"{len(active):,} tags written to {out}")


def _label(row: dict[str, Any], title: str, attribute: str | None) -> Label:
    text = dict(row["attributes"]).get(attribute, "") if attribute else ""
    return Label(row["tag_id"], title, text)


def _print_json(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        shown = row | {"attributes": dict(row["attributes"])}
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
