"""The report: all in it, nothing of it trusted, and what is otherwise than last night."""

import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

from gridcontainer.nightly.ledger import Entry
from gridcontainer.nightly.report import build_report
from gridcontainer.nightly.report_html import to_html
from gridcontainer.nightly.report_text import to_text

LAST, TONIGHT = date(2026, 11, 1), date(2026, 11, 2)
EVIL = "<script>alert('x')</script> & \"quoted\""


def entry(night: date, task: str, status: str, minute: int, **more: Any) -> Entry:
    started = datetime(2026, 11, night.day, 1, minute, tzinfo=UTC)
    given = {"step": "ingest", "start_id": "a", "seconds": 1.5, "message": "unchanged"}
    return Entry(night=night, task=task, status=status, started=started, **given | more)


ENTRIES = [
    entry(LAST, "homes", "done", 1, rows_in=10, rows_out=8, rows_aside=2),
    entry(LAST, "gone", "done", 2, rows_in=1, rows_out=1, rows_aside=0),
    entry(TONIGHT, "homes", "failed", 1, message="disk full", start_id="first"),
    entry(
        TONIGHT, "homes", "done", 5, rows_in=1012, rows_out=1000, rows_aside=12,
        reasons={"zero position": 11, EVIL: 1}, start_id="b",
    ),
    entry(TONIGHT, "shops", "failed", 6, message=EVIL, start_id="b"),
    entry(TONIGHT, "links", "skipped", 7, message="not run since ingest shops failed",
          step="link", seconds=None, start_id="b"),
]  # fmt: skip


def build(trouble: str = ""):
    return build_report(
        ENTRIES, title="City", night=TONIGHT, container="/c",
        made=datetime(2026, 11, 2, tzinfo=UTC), trouble=trouble,
    )  # fmt: skip


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text += data


def test_a_night_is_told_as_it_is_now_and_against_the_last():
    report = build()
    assert (report.former, report.starts, report.is_well) == (LAST, 2, False)
    assert report.headline == "1 done, 1 failed, 1 skipped; 3 s of work, 2 starts"
    assert report.changes == [
        "ingest homes: rows in 1,012, +1,002",
        "ingest homes: rows out 1,000, +992",
        "ingest homes: rows aside 12, +10",
        "ingest shops: new",
        "link links: new",
        "ingest gone: no longer there",
    ]


def test_the_text_has_counts_reasons_and_failures():
    text = to_text(build("Spark ended"))
    (line,) = [line for line in text.splitlines() if line.startswith("ingest  homes")]
    assert line.split() == ["ingest", "homes", "done", "1.5", "1,012", "1,000", "12"]
    assert "ingest homes: 11 zero position, 1 <script>" in text
    assert f"ingest shops: {EVIL}" in text
    assert "link links: not run since ingest shops failed" in text
    assert "NOT FINISHED: Spark ended" in text


def test_the_page_needs_nothing_else_and_runs_nothing():
    html = to_html(build())
    page = Page(html)
    assert page.links == []
    assert "script" not in page.tags
    assert not re.search(r"url\(|@import|https?://", html)
    assert page.text.count(EVIL) == 3  # in its list, its row and its reasons
    assert "link links: not run since ingest shops failed" in page.text
    assert "1,012" in page.text


def test_the_json_has_the_same():
    said = json.loads(build().to_json())
    assert said["night"] == "2026-11-02"
    assert {e["task"]: e["rows_in"] for e in said["entries"]}["homes"] == 1012
    assert said["is_well"] is False
