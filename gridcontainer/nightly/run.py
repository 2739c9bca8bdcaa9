"""A night from its lock to its report: each task once, whatever happens between."""

import logging
import signal
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Final, NoReturn

from gridcontainer.errors import GridContainerError, SparkSetupError
from gridcontainer.nightly.ledger import Entry, Ledger, Status, latest_of, now
from gridcontainer.nightly.lock import Lock
from gridcontainer.nightly.night import Night
from gridcontainer.nightly.plan import Verdict, judge, list_tasks
from gridcontainer.nightly.task import Done, Key, Task

TERMINATED: Final = 143  # 128 + SIGTERM, as a shell says it
_LOG = logging.getLogger(__name__)

Tell = Callable[[str], None]


class TerminatedError(SystemExit):
    """The night was told to stop."""

    def __init__(self) -> None:
        """With the exit code of a process that SIGTERM ended."""
        super().__init__(TERMINATED)


class NightRun:
    """One start of a night's job. A night may need several."""

    def __init__(
        self, night: Night, lock: Lock, ledger: Ledger, *, again: bool = False,
        tell: Tell = lambda line: None,
    ) -> None:  # fmt: skip
        """Take a lock that is held.

        Args:
            night: the night.
            lock: of its container.
            ledger: of steps.
            again: do again what is done.
            tell: is told each task as it begins and ends.
        """
        self._night, self._lock, self._ledger = night, lock, ledger
        self._again, self._tell = again, tell
        self.start_id = uuid.uuid4().hex
        self._last = latest_of(ledger.read(), night.date)
        self._running: dict[Key, Entry] = {}

    def run(self, steps: Sequence[str]) -> list[Entry]:
        """Run the tasks of these steps, and return the last entry of each.

        One that fails stops only those that need it.

        Raises:
            StorageError: the ledger cannot be written.
            SparkSetupError: Spark does not start, or has ended before its time.
            LostLockError: somebody else has taken the container over.
            TerminatedError: the process was told to stop; all that ran is marked.
        """
        tasks = list_tasks(self._night, steps)
        with _stopped_by_sigterm():
            try:
                for step in steps:
                    self._run_step(
                        tasks[step], 1 if step != "ingest" else self._night.declared.at_once
                    )
            except TerminatedError:
                self._night.session.end_now()
                self._mark_stopped()
                raise
        return [self._last[task.key] for step in steps for task in tasks[step]]

    def _run_step(self, tasks: Sequence[Task], at_once: int) -> None:
        pool = ThreadPoolExecutor(at_once, "task")
        is_waiting = True  # while a task writes, the lock must not be released
        try:
            for entry in pool.map(self._take, tasks):
                self._last[entry.key] = entry
        except TerminatedError:
            is_waiting = False
            raise
        finally:
            pool.shutdown(wait=is_waiting, cancel_futures=True)

    def _take(self, task: Task) -> Entry:
        """What becomes of a task."""
        self._lock.require_mine()
        verdict = judge(task, self._last, again=self._again)
        if verdict.runs:
            return self._perform(verdict)
        if verdict.fingerprint is not None:
            return self._last[task.key]
        skipped = self._entry(task, "skipped", message=verdict.why)
        self._ledger.write([skipped])
        self._tell(f"{task.step} {task.name}: {verdict.why}")
        return skipped

    def _perform(self, verdict: Verdict) -> Entry:
        task = verdict.task
        begun = self._entry(task, "started", message=verdict.why, fingerprint=verdict.fingerprint)
        self._ledger.write([begun])
        self._running[task.key] = begun
        self._tell(f"{task.step} {task.name}: begun ({verdict.why})")
        entry = _ended(begun, self._work(task))
        if self._running.pop(task.key, None) is not None:  # else it was marked as stopped
            self._ledger.write([entry])
        self._tell(
            f"{task.step} {task.name}: {entry.status} in {entry.seconds:.1f} s: {entry.message}"
        )
        return entry

    def _work(self, task: Task) -> Done | str:
        """What was done, or why it failed."""
        try:
            return task.work()
        except SparkSetupError:
            raise
        except GridContainerError as error:
            failure = str(error)
        except Exception as error:  # a fault of ours must not stop the others either
            _LOG.exception("%s %s failed", task.step, task.name)
            first = (str(error).splitlines() or [""])[0][:300]
            failure = f"{type(error).__name__}: {first}. A fault of gridcontainer; the log has more"
        if self._night.session.is_lost() and task.key in self._running:
            raise SparkSetupError(
                f"Spark ended while {task.step} {task.name} ran ({failure}). If the machine was "
                "out of memory, give Spark less (SPARK_DRIVER_MEMORY). Run again: what is done is "
                "not repeated"
            )
        return failure

    def _mark_stopped(self) -> None:
        running = list(self._running.values())
        self._running.clear()
        if running:
            why = "stopped by SIGTERM; the next start does it again"
            self._ledger.write([_ended(begun, why) for begun in running])

    def _entry(
        self, task: Task, status: Status, *, message: str, fingerprint: str | None = None
    ) -> Entry:
        return Entry(
            night=self._night.date, step=task.step, task=task.name, status=status, started=now(),
            start_id=self.start_id, message=message, fingerprint=fingerprint,
        )  # fmt: skip


def _ended(begun: Entry, outcome: Done | str) -> Entry:
    """The entry of a task's end."""
    seconds = (now() - begun.started).total_seconds()
    if isinstance(outcome, str):
        return replace(begun, status="failed", seconds=seconds, message=outcome)
    return replace(
        begun, status="done", seconds=seconds, message=outcome.message, run_id=outcome.run_id,
        rows_in=outcome.rows_in, rows_out=outcome.rows_out, rows_aside=outcome.rows_aside,
        reasons=dict(outcome.reasons),
    )  # fmt: skip


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        raise TerminatedError

    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
