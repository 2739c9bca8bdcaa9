"""What an ingest did, as tables for people."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Final

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridcontainer.container.ingest.dataset import Ingested

_LEAST_WIDTH: Final = 12  # of a column of words


def print_ingested(results: Iterable[Ingested], console: Console) -> None:
    """Print a line for each data set, and one for each reason for which it set rows aside."""
    ordered = sorted(results, key=lambda result: (result.run.department, result.run.dataset))
    console.print(_counts(ordered))
    if any(has_taken_away(result) for result in ordered):
        console.print(_taken_away(ordered))
    if any(result.run.reasons for result in ordered):
        console.print(_reasons(ordered))


@contextmanager
def told_progress(
    console: Console, starting: str, total: int | None = None
) -> Iterator[Callable[[str, str], None]]:
    """A bar for work on several things at a time, gone when it is done.

    Args:
        console: where it is shown.
        starting: what is said before the first step.
        total: things to work on, if known.

    Yields:
        What is told a thing and its step, ``"done"`` or ``"failed"`` the last; by any thread.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(starting, total=total)

        def report(name: str, step: str) -> None:
            finished = step in ("done", "failed")
            progress.update(task, description=f"{name}: {step}", advance=int(finished))

        yield report


def table_of(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """An empty table that fits 80 columns: texts at the left, numbers at the right."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, collapse_padding=True)
    for name in texts:
        table.add_column(name, overflow="fold", min_width=len(name) + 11)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Rows in columns as narrow as they are; numbers at the right, no value for None."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    listed = [list(row) for row in rows]
    for place, name in enumerate(columns):
        is_number = any(isinstance(row[place], int | float) for row in listed)
        longest = max(len(name), *(len(_text(row[place])) for row in listed), 0)
        table.add_column(
            name,
            justify="right" if is_number else "left",
            no_wrap=0 < place < len(columns) - 1,
            # A narrow terminal may cost words their ends, but numbers nothing.
            min_width=longest if is_number else min(longest, _LEAST_WIDTH),
        )
    for row in listed:
        table.add_row(*(_text(value) for value in row))
    return table


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _counts(results: Sequence[Ingested]) -> Table:
    numbers = ("rows in", "out", "aside", "prefixes", "files", "KiB", "seconds")
    table = table_of("Rows in = rows out + rows set aside", ["data set"], numbers)
    for department, group in groupby(results, key=lambda result: result.run.department):
        table.add_row(department, style="bold")
        for result in group:
            run = result.run
            table.add_row(
                run.dataset,
                f"{run.rows_in:,}",
                f"{run.rows_out:,}",
                f"{run.rows_quarantined:,}",
                f"{result.table.partitions:,}",
                f"{result.table.files:,}",
                f"{result.table.bytes / 1024:,.0f}",
                f"{run.seconds:.1f}" if result.changed else "unchanged",
            )
    return table


def has_taken_away(result: Ingested) -> bool:
    """Whether a run removed rows, or the table has rows that the source no longer has."""
    return result.changed and bool(result.run.deleted or result.run.kept)


def _taken_away(results: Sequence[Ingested]) -> Table:
    title = "Rows that their source no longer has"
    table = table_of(title, ["dataset"], ["deleted", "kept in the table"])
    for result in filter(has_taken_away, results):
        table.add_row(result.run.dataset, f"{result.run.deleted:,}", f"{result.run.kept:,}")
    return table


def _reasons(results: Sequence[Ingested]) -> Table:
    table = table_of("Set aside, by reason", ["data set", "reason"], ["rows"])
    for result in results:
        for reason, count in sorted(result.run.reasons.items(), key=lambda item: -item[1]):
            table.add_row(result.run.dataset, reason, f"{count:,}")
    return table
