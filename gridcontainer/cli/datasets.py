"""datasets: what a city's data sets are. ``infer`` drafts the declaration of a new file."""

import json
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gridcontainer.cli.catalogue import print_entries, print_entry
from gridcontainer.cli.options import (
    configuration_options,
    container_option,
    real_data,
    sources_option,
)
from gridcontainer.container.catalogue.catalogue import build_catalogue
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.inference import Draft, infer_declaration, load_references
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DatasetError

_STYLES = {"high": "green", "medium": "yellow", "low": "red", "none": "dim"}


@click.group("datasets")
def datasets_command() -> None:
    """The data sets of a city: what there is, and the declaration of a new one."""


@datasets_command.command("infer")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--department", help="Whose file it is; left open in the draft where missing.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the draft to this file too.")
@click.option("--layer", help="Layer of a vector file, or sheet of a workbook, to draft.")
@sources_option
@configuration_options
def infer_command(
    file: Path,
    department: str | None,
    output: Path | None,
    layer: str | None,
    sources: Path | None,
    declarations: Path,
    city: Path,
) -> None:
    """Draft the declaration of FILE: its format, columns, position, datum, time and numbers.

    The draft goes to standard output, what it rests on to standard error. The datum is measured
    against the data sets that the city's profile names as references, where their files are there.
    """
    profile = load_city(city)
    folder = sources or real_data()
    # A city's first file has no declarations beside it yet, and none are needed without references.
    declared = load_declarations(declarations, profile) if profile.references else []
    references = load_references(profile, declared, folder)
    draft = infer_declaration(
        file,
        city=profile,
        references=references,
        department=department,
        sources=folder,
        layer=layer,
    )
    print_findings(draft, Console(stderr=True))
    click.echo(draft.yaml, nl=False)
    if output is not None:
        output.write_text(draft.yaml, encoding="utf-8")


@datasets_command.command("show")
@click.argument("name", required=False, metavar="[DATASET]")
@click.option("--department", help="Only its data sets.")
@click.option("--tag", help="Only data sets with this tag.")
@click.option("--json", "as_json", is_flag=True, help="In full, one JSON object a line.")
@configuration_options
@container_option
def show_command(
    name: str | None,
    department: str | None,
    tag: str | None,
    as_json: bool,
    declarations: Path,
    city: Path,
    container: str,
) -> None:
    """Print the catalogue: a line for each data set, or DATASET in full.

    It is measured from the tables as they are now, not read from the table of the last ingest.
    """
    declared = load_declarations(declarations, load_city(city))
    entries = [
        entry
        for entry in build_catalogue(Storage(container), declared)
        if name in (None, entry["dataset"])
        and department in (None, entry["department"])
        and (tag is None or tag in entry["tags"])
    ]
    if not entries:
        asked = " ".join(word for word in (name, department, tag) if word)
        raise DatasetError(f"no such data set {asked} in {container}; gridcontainer datasets show")
    if as_json:
        for entry in entries:
            click.echo(json.dumps(entry, ensure_ascii=False, default=str))
    elif name is not None:
        print_entry(entries[0], Console())
    else:
        print_entries(entries, Console())


def print_findings(draft: Draft, console: Console) -> None:
    """Print what was found, its evidence and its confidence, then the warnings."""
    table = Table(title="Found", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("what", overflow="fold", max_width=12)
    table.add_column("found", overflow="fold", max_width=18)
    table.add_column("evidence", overflow="fold")
    table.add_column("sure", no_wrap=True)
    for finding in draft.findings:
        style = _STYLES[finding.confidence]
        texts = [escape(text) for text in (finding.what, finding.value, finding.evidence)]
        table.add_row(*texts, f"[{style}]{finding.confidence}[/{style}]")
    console.print(table)
    for warning in draft.warnings:
        console.print(f"check: {warning}", style="yellow", markup=False)
