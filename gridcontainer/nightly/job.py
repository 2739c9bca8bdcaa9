"""The nightly job: what the command and ``spark-submit`` both run, and its exit code."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from gridcontainer.container.files import Files
from gridcontainer.container.ingest.container import prepare_container
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError, LockedError, SourceError
from gridcontainer.nightly.declaration import load_nightly
from gridcontainer.nightly.ledger import Ledger, latest_of, now
from gridcontainer.nightly.lock import Lock
from gridcontainer.nightly.night import Night, open_night
from gridcontainer.nightly.plan import Verdict, choose_steps, list_tasks, preview
from gridcontainer.nightly.report import NightReport, build_report
from gridcontainer.nightly.report_html import to_html
from gridcontainer.nightly.report_text import to_text
from gridcontainer.nightly.run import NightRun, TerminatedError
from gridcontainer.nightly.sessions import Session

ALL_WELL: Final = 0
SOME_FAILED: Final = 1
NOTHING_TRIED: Final = 2
LOCKED: Final = os.EX_TEMPFAIL  # 75: try later

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What is asked of a night.

    Attributes:
        config: the city's night, such as ``conf/nightly.yaml``.
        sources: folder of the source files.
        container: root of the tables: a path or a URI.
        day: that names the night.
        only: steps; all where empty.
        since: a step: it and those after it.
        again: do again what is done.
    """

    config: Path
    sources: Path
    container: str
    day: date
    only: Sequence[str] = ()
    since: str | None = None
    again: bool = False


def run_job(request: Request, *, tell: Tell, warn: Tell) -> int:
    """Run a night and tell its report; returns the exit code.

    Args:
        request: what is asked.
        tell: is told progress, and the report in the end.
        warn: is told what is wrong with the night as a whole, in one line.

    Raises:
        TerminatedError: the process was told to stop.
    """
    lock: Lock | None = None

    def on_start(spark: SparkSession, process: int) -> None:
        if lock is not None:
            lock.add_process(process)
        prepare_container(storage)

    storage = Storage(request.container)
    session = Session(on_start)
    try:
        night, steps = _open(request, session)
        lock = Lock(night.files, storage.root, minutes=night.declared.lock_minutes)
        with lock:
            ledger = Ledger(storage.root, session)
            run = NightRun(night, lock, ledger, again=request.again, tell=tell)
            return _run(night, run, ledger, steps, tell=tell, warn=warn)
    except LockedError as error:
        warn(f"locked: {error}")
        return LOCKED
    except GridContainerError as error:
        warn(f"error: {error}")
        return NOTHING_TRIED


def preview_job(request: Request) -> list[Verdict]:
    """What a night would do now. Nothing is written, and no lock is taken.

    Raises:
        GridContainerError: as ``run_job`` would tell.
    """
    session = Session(lambda spark, process: None)
    night, steps = _open(request, session)
    last = latest_of(Ledger(night.storage.root, session).read(), night.date)
    return preview(list_tasks(night, steps), night.declared, last, again=request.again)


def _open(request: Request, session: Session) -> tuple[Night, list[str]]:
    declared = load_nightly(request.config)
    steps = choose_steps(declared, only=request.only, since=request.since)
    if not request.sources.is_dir():
        raise SourceError(f"no folder of sources {request.sources}; name one with --sources")
    night = open_night(
        request.day, declared, sources=request.sources, container=request.container, session=session
    )
    return night, steps


def _run(
    night: Night, run: NightRun, ledger: Ledger, steps: Sequence[str], *, tell: Tell, warn: Tell
) -> int:
    trouble = ""
    is_well = False
    try:
        is_well = all(entry.status == "done" for entry in run.run(steps))
    except TerminatedError:
        _report(
            night, ledger, "stopped by SIGTERM; start it again: it goes on", tell=tell, warn=warn
        )
        raise
    except GridContainerError as error:
        trouble = str(error)
        warn(f"error: {trouble}")
    is_kept = _report(night, ledger, trouble, tell=tell, warn=warn)
    return ALL_WELL if is_well and is_kept else SOME_FAILED


def _report(night: Night, ledger: Ledger, trouble: str, *, tell: Tell, warn: Tell) -> bool:
    """Tell the report, and keep it; False where it could not be kept."""
    report = build_report(
        ledger.read(), title=night.declared.title, night=night.date,
        container=night.storage.root, made=now(), trouble=trouble,
    )  # fmt: skip
    tell(to_text(report))
    try:
        tell(f"report: {_keep(night.files, night.storage.root, report)}")
    except GridContainerError as error:
        warn(f"the report could not be kept: {error}")
        return False
    return True


def _keep(files: Files, root: str, report: NightReport) -> str:
    path = f"{root}/ops/reports/{report.night}"
    files.write(f"{path}.json", report.to_json())
    files.write(f"{path}.html", to_html(report))
    return f"{path}.html"
