"""The ledger of runs: what went in, what came out, and from which content."""

import dataclasses
import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.actions import Action, Snapshot, TableMetadata
from gridcontainer.container.tables.data_files import plain_columns, write_files
from gridcontainer.container.tables.log import commit_among_others, read_snapshot
from gridcontainer.container.tables.rows import read_rows
from gridcontainer.container.tables.schemas import RUNS
from gridcontainer.errors import ConservationError

_COUNTS: Final = ("reasons", "mended")


@dataclass(frozen=True)
class Run:
    """One run of one data set.

    Attributes:
        run_id: unique.
        job: what ran, such as ``ingest``.
        dataset: its name.
        department: its owner.
        started: UTC.
        seconds: from start to the last write.
        fingerprint: digest of the source's content and of the declaration.
        table_version: of the data set's table after the run.
        rows_in: of the source.
        rows_out: of them in the data set's table.
        rows_quarantined: of them set aside.
        reasons: rows set aside by reason.
        mended: rows that went in otherwise than they came, by reason.
        inserted: rows that this run wrote and that were not there before.
        updated: rows that were there otherwise before.
        deleted: rows that were there and that the source no longer has (with history: closed).
        kept: rows in the table that the source no longer has.
        files_before: of the table, before the run.
        files_rewritten: of them that this run read and wrote anew.
    """

    run_id: str
    job: str
    dataset: str
    department: str
    started: datetime
    seconds: float
    fingerprint: str
    table_version: int
    rows_in: int
    rows_out: int
    rows_quarantined: int
    reasons: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    kept: int = 0
    files_before: int = 0
    files_rewritten: int = 0

    def require_conservation(self) -> None:
        """Rows in are rows out plus rows set aside.

        Raises:
            ConservationError: they are not; the tables are not to be trusted.
        """
        if self.rows_in != self.rows_out + self.rows_quarantined:
            raise ConservationError(
                f"{self.dataset}: {self.rows_in} rows in, but {self.rows_out} out and "
                f"{self.rows_quarantined} set aside (run {self.run_id})"
            )


def record_run(storage: Storage, *runs: Run) -> None:
    """Append runs to the run ledger, all of them or none."""
    if not runs:
        return
    rows = pa.Table.from_pylist([_to_row(run) for run in runs], schema=RUNS)
    added = write_files(
        rows, storage.runs, files=storage.files, partition=(), statistics=plain_columns(RUNS)
    )

    def append(there: Snapshot | None) -> list[Action]:
        actions = [file.added() for file in added]
        return actions if there else [*TableMetadata(RUNS).actions(), *actions]

    commit_among_others(storage.files, storage.runs, append, parameters={"mode": "Append"})


def last_run(storage: Storage, dataset: str) -> Run | None:
    """The newest run of a dataset; None where there is none."""
    runs = [run for run in read_runs(storage, dataset) if run.dataset == dataset]
    return max(runs, key=lambda run: run.started, default=None)


def newest_runs(storage: Storage) -> dict[str, Run]:
    """The newest run of each dataset, whatever the job."""
    return {run.dataset: run for run in sorted(read_runs(storage), key=lambda run: run.started)}


def last_runs(storage: Storage, job: str) -> dict[str, Run]:
    """The newest run of a job for each dataset that it ran for."""
    newest: dict[str, Run] = {}
    for run in sorted(read_runs(storage), key=lambda run: run.started):
        if run.job == job:
            newest[run.dataset] = run
    return newest


def read_runs(storage: Storage, dataset: str | None = None) -> list[Run]:
    """The runs of the ledger; where a dataset is named, only files that may have its runs."""
    ledger = read_snapshot(storage.runs)
    if ledger is None:
        return []
    if dataset is not None:
        may = tuple(file for file in ledger.files if file.may_hold("dataset", dataset))
        ledger = dataclasses.replace(ledger, files=may)
    return [_to_run(row) for row in read_rows(storage.runs, ledger).to_pylist()]


def _to_row(run: Run) -> dict[str, Any]:
    counts = {name: list(getattr(run, name).items()) for name in _COUNTS}
    return asdict(run) | counts


def _to_run(row: dict[str, Any]) -> Run:
    # What a ledger of an earlier release did not write is null.
    values = {name: value for name, value in row.items() if value is not None}
    counts = {name: dict(values.get(name, ())) for name in _COUNTS}
    return Run(**(values | counts | {"started": values["started"].astimezone(UTC)}))


def digest_of(*texts: str) -> str:
    """A digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()
