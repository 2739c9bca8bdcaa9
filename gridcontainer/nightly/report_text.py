"""The report of a night as plain text, for a terminal, a log or a mail."""

from collections.abc import Iterable, Iterator, Sequence

from gridcontainer.nightly.ledger import Entry
from gridcontainer.nightly.report import NightReport

_HEADS = ("step", "task", "status", "seconds", "rows in", "out", "aside")


def to_text(report: NightReport) -> str:
    """The report; lines end with a newline."""
    return "\n".join(_lines(report)) + "\n"


def cells_of(entry: Entry) -> tuple[str, ...]:
    """What the tables of a report say of a task."""
    seconds = "" if entry.seconds is None else f"{entry.seconds:,.1f}"
    counts = (entry.rows_in, entry.rows_out, entry.rows_aside)
    numbers = ("" if count is None else f"{count:,}" for count in counts)
    return (entry.step, entry.task, entry.status, seconds, *numbers)


def aside_of(entry: Entry) -> str:
    """Why rows were set aside, most first."""
    most_first = sorted(entry.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return ", ".join(f"{count:,} {reason}" for reason, count in most_first)


def _lines(report: NightReport) -> Iterator[str]:
    yield f"{report.title}, night of {report.night}: {report.headline}"
    yield f"container {report.container}"
    if report.trouble:
        yield f"NOT FINISHED: {report.trouble}"
    yield ""
    yield from _table([_HEADS, *(cells_of(entry) for entry in report.entries)])
    yield from _section(
        "Failed or not run: what is wrong, and what to do",
        (
            f"{' '.join(e.key)}: {e.message}"
            for e in report.of_status("failed", "skipped", "started")
        ),
    )
    yield from _section(
        "Set aside",
        (f"{' '.join(e.key)}: {aside_of(e)}" for e in report.entries if e.reasons),
    )
    since = f"Otherwise than in the night of {report.former}"
    yield from _section(since, report.changes)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield ""
        yield title
        yield from (f"  {line}" for line in told)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.ljust(width) if place < 3 else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
