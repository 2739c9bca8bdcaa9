"""What ``datasets show`` prints: the catalogue as a table, and one data set in full."""

from typing import Any

from rich.console import Console

from gridcontainer.cli.report import table_of
from gridcontainer.container.catalogue.catalogue import Entry

_LISTED = 10  # versions, source files


def print_entries(entries: list[Entry], console: Console) -> None:
    """A line for each data set."""
    table = table_of("Data sets", ["department", "data set"], ["rows", "aside", "changed"])
    for entry in entries:
        share = entry["share_aside"]
        table.add_row(
            entry["department"],
            entry["dataset"],
            f"{entry['rows']:,}",
            "" if share is None else f"{share:.1%}",
            _day(entry["last_change"]),
        )
    console.print(table)
    console.print(f"{len(entries)} data sets, {sum(e['rows'] for e in entries):,} rows")


def print_entry(entry: Entry, console: Console) -> None:
    """All that the catalogue says of one data set."""
    lists = ("columns", "relations", "reasons", "versions", "sources", "run_ids")
    for name in (name for name in entry if name not in lists):
        console.print(f"{name:<13}{_text(entry[name])}", markup=False, highlight=False)
    _print_rows("Columns", entry["columns"], console)
    _print_rows("Related data sets", entry["relations"], console)
    _print_rows("Set aside", entry["reasons"], console)
    _print_rows("Versions", entry["versions"], console)
    _print_rows("Source files", entry["sources"], console)
    _print_rows("Runs", [{"run_id": run} for run in entry["run_ids"]], console)


def _print_rows(title: str, rows: list[dict[str, Any]], console: Console) -> None:
    if not rows:
        return
    shown = rows if title in ("Columns", "Set aside") else rows[:_LISTED]
    table = table_of(title, list(rows[0]), [])
    for row in shown:
        table.add_row(*(_text(value) for value in row.values()))
    console.print(table)
    if len(shown) < len(rows):
        console.print(f"and {len(rows) - len(shown):,} more (--json has all)")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _day(time: Any) -> str:
    return "" if time is None else f"{time:%Y-%m-%d}"
