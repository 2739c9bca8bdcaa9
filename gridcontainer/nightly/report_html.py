"""The report of a night as one HTML file that needs nothing else, from anywhere."""

from collections.abc import Iterable, Iterator
from html import escape

from gridcontainer.nightly.ledger import Entry
from gridcontainer.nightly.report import NightReport
from gridcontainer.nightly.report_text import aside_of, cells_of

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
  color: #1c2733; background: #fff }
h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dde3ea;
  vertical-align: top }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.message { overflow-wrap: anywhere }
.done { color: #1a7f4b } .failed, .started { color: #b3261e; font-weight: 600 }
.skipped { color: #9a6700 }
.trouble { background: #fdecea; padding: .6rem 1rem; border-left: 4px solid #b3261e }
"""
_HEADS = ("task", "status", "seconds", "rows in", "out", "aside", "what was done")
_NUMBERS = range(2, 6)


def to_html(report: NightReport) -> str:
    """The report; all that comes from data is escaped."""
    return "".join(_parts(report))


def _parts(report: NightReport) -> Iterator[str]:
    title = escape(f"{report.title}, night of {report.night}")
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f"<title>{title}</title>\n"
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    yield f"<p>{escape(report.headline)}<br>container {escape(report.container)}<br>"
    yield f"made {escape(f'{report.made:%Y-%m-%d %H:%M} UTC')}</p>\n"
    if report.trouble:
        yield f'<p class="trouble">Not finished: {escape(report.trouble)}</p>\n'
    bad = report.of_status("failed", "skipped", "started")
    told = (f"{' '.join(entry.key)}: {entry.message}" for entry in bad)
    yield from _list("Failed or not run: what is wrong, and what to do", told)
    for step, entries in report.by_step():
        yield f"<h2>{escape(step)}</h2>\n<table>\n<tr>{_head()}</tr>\n"
        yield from map(_row, entries)
        yield "</table>\n"
    aside = (f"{' '.join(e.key)}: {aside_of(e)}" for e in report.entries if e.reasons)
    yield from _list("Set aside", aside)
    yield from _list(f"Otherwise than in the night of {report.former}", report.changes)
    yield "</body>\n</html>\n"


def _head() -> str:
    classes = (' class="number"' if place in _NUMBERS else "" for place in range(len(_HEADS)))
    return "".join(f"<th{kind}>{name}</th>" for kind, name in zip(classes, _HEADS, strict=True))


def _row(entry: Entry) -> str:
    _, task, status, *numbers = map(escape, cells_of(entry))
    counts = "".join(f'<td class="number">{number}</td>' for number in numbers)
    said = f'<td class="message">{escape(entry.message or "")}</td>'
    return f'<tr><td>{task}</td><td class="{status}">{status}</td>{counts}{said}</tr>\n'


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield f"<h2>{escape(title)}</h2>\n<ul>\n"
        yield from (f"<li>{escape(line)}</li>\n" for line in told)
        yield "</ul>\n"
