"""Identities as lines and tables for people."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console

from gridcontainer.cli.report import table_of
from gridcontainer.identity import Event, Issued, Related, Settled, Step

Row = Mapping[str, Any]


def print_issued(done: Sequence[Issued], console: Console) -> None:
    """Print a line for each data set, with what became of its objects."""
    table = table_of(
        "Records in = records with an object + set aside",
        ["data set", "objects"],
        ["in", "out", "aside"],
    )
    for one in sorted(done, key=lambda issued: issued.dataset):
        counts = ", ".join(f"{count:,} {why}" for why, count in sorted(one.reasons.items()))
        run, words = one.run, counts or ("as before" if one.changed else "unchanged")
        numbers = (run.rows_in, run.rows_out, run.rows_quarantined)
        table.add_row(one.dataset, words, *(f"{number:,}" for number in numbers))
    console.print(table)
    aside: Counter[str] = Counter()
    for one in done:
        aside.update(one.run.reasons)
    for reason, count in aside.items():
        console.print(f"set aside, {reason}: {count:,}")
    for warning in (one.warning for one in done if one.warning):
        click.echo(f"warning: {warning}", err=True)


def print_settled(settled: Settled) -> None:
    """Print what became of objects and keys, and which links are refused."""
    reasons = sorted(settled.by_reason().items())
    objects = ", ".join(f"{count:,} {why}" for why, count in reasons) or "as before"
    click.echo(f"objects: {objects}; keys changed: {settled.keys:,}")
    for reason, count in sorted(settled.refused.items()):
        click.echo(f"refused: {count:,} links: {reason}")


def print_related(found: Sequence[Related], console: Console) -> None:
    """Print a line for each relation."""
    table = table_of("Relations", ["relation", "kind"], ["resolved", "pairs", "with objects"])
    for one in found:
        numbers = (one.resolved, one.pairs, one.with_objects)
        table.add_row(one.mapping, one.kind, *(f"{number:,}" for number in numbers))
    console.print(table)


def object_line(row: Row) -> str:
    """An object in one line."""
    into = f" into {row['merged_into']}" if row["merged_into"] else ""
    parts = (row["object_id"], row["object_class"], row["status"] + into, row["name"])
    return " ".join(str(part) for part in (*parts, row["grid_code"]) if part is not None)


def key_line(row: Row) -> str:
    """A key in one line."""
    sure = "" if row["probability"] is None else f" {row['probability']:.4f}"
    return f"{row['dataset']} {row['business_key']} ({row['method']}{sure})"


def event_line(event: Event, row: Row) -> str:
    """An event in one line."""
    what = key_line(row) if "business_key" in row else object_line(row)
    return f"{event.time:%Y-%m-%d %H:%M:%S} {event.what}: {what} [{event.object_id}]"


def step_lines(step: Step) -> Iterator[str]:
    """A link and its weights, one line each."""
    row = step.link
    numbers = [f"{name} {row[name]:.4f}" for name in ("probability", "weight")
               if row[name] is not None]  # fmt: skip
    ends = (
        f"{row['dataset_left']} {row['record_left']} - {row['dataset_right']} {row['record_right']}"
    )
    yield f"{step.effect}: {row['link']} ({', '.join(numbers)}) {ends}"
    yield f"  run {row['run_id']}, {row['valid_from']:%Y-%m-%d %H:%M:%S}"
    if row["refused"]:
        yield f"  {row['refused']}"
    for part in row["evidence"] or []:
        weight = "" if part["weight"] is None else f"{part['weight']:+.2f} "
        yield f"  {weight}{part['comparison']}: {part['level']}"
