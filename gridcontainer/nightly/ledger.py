"""The ledger of steps: what each night began, and how it ended. Append only."""

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Literal

import pyarrow as pa
from delta.tables import DeltaTable as SparkTable
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError

from gridcontainer.container.tables.frames import append
from gridcontainer.errors import StorageError
from gridcontainer.nightly.sessions import Session

Status = Literal["started", "done", "failed", "skipped"]

STEPS_SCHEMA: Final = pa.schema(
    [
        pa.field("night", pa.date32(), nullable=False),
        pa.field("step", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("started", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("seconds", pa.float64()),
        pa.field("start_id", pa.string(), nullable=False),
        pa.field("run_id", pa.string()),
        pa.field("message", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("rows_in", pa.int64()),
        pa.field("rows_out", pa.int64()),
        pa.field("rows_aside", pa.int64()),
        pa.field("reasons", pa.map_(pa.string(), pa.int64())),
    ]
)


@dataclass(frozen=True)
class Entry:
    """A row of the ledger.

    Attributes:
        night: that it belongs to.
        step: of the night's graph.
        task: of the step, such as a data set.
        status: ``started``, or how it ended; a ``started`` without an end was cut off.
        started: UTC.
        start_id: of the start of the night's job; a night may need several.
        seconds: to the end.
        run_id: of the run in the container's ledger of runs, or of the identities.
        message: what was done, why it failed, or why it was not run.
        fingerprint: of what it worked on.
        rows_in: rows it was given.
        rows_out: of them in the container.
        rows_aside: of them set aside.
        reasons: rows set aside by reason.
    """

    night: date
    step: str
    task: str
    status: Status
    started: datetime
    start_id: str
    seconds: float | None = None
    run_id: str | None = None
    message: str | None = None
    fingerprint: str | None = None
    rows_in: int | None = None
    rows_out: int | None = None
    rows_aside: int | None = None
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Step and task."""
        return self.step, self.task


class Ledger:
    """The ledger of a container; written without Spark where that can be: it costs less."""

    def __init__(self, root: str, session: Session) -> None:
        """Prepare; nothing is read yet.

        Args:
            root: of the container.
            session: used only where the root is a URI.
        """
        self._path, self._session = f"{root}/ops/steps", session
        self._is_local = "://" not in root
        self._writing = threading.Lock()

    def write(self, entries: Iterable[Entry]) -> None:
        """Append entries, all of them or none.

        Raises:
            StorageError: the storage refuses.
        """
        rows = pa.Table.from_pylist([asdict(entry) for entry in entries], schema=STEPS_SCHEMA)
        with self._writing:
            if not self._is_local:
                append(self._session.spark().createDataFrame(rows), self._path)
                return
            try:
                write_deltalake(self._path, rows, mode="append")
            except (DeltaError, OSError) as error:
                said = " ".join(str(error).split())[:300]
                raise StorageError(
                    f"{self._path}: the ledger of steps cannot be written: {said}. Can it be "
                    "written to, and is there room? The last good versions of all tables stay"
                ) from error

    def read(self) -> list[Entry]:
        """All entries, in the order in which they were begun; the end of a task after its start."""
        table = self._table()
        if table is None:
            return []
        rows = table.select(STEPS_SCHEMA.names).cast(STEPS_SCHEMA).to_pylist()
        entries = [Entry(**row | {"reasons": dict(row["reasons"] or ())}) for row in rows]
        return sorted(entries, key=lambda entry: (entry.started, entry.status != "started"))

    def _table(self) -> pa.Table | None:
        if not self._is_local:
            spark = self._session.spark()
            if not SparkTable.isDeltaTable(spark, self._path):
                return None
            return spark.read.format("delta").load(self._path).toArrow()
        try:
            return DeltaTable(self._path).to_pyarrow_table()
        except TableNotFoundError:
            return None


def latest_of(entries: Iterable[Entry], night: date) -> dict[tuple[str, str], Entry]:
    """The last entry of each task of a night."""
    return {entry.key: entry for entry in entries if entry.night == night}


def night_before(entries: Iterable[Entry], night: date) -> date | None:
    """The last night before one that the ledger knows."""
    return max((entry.night for entry in entries if entry.night < night), default=None)


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)
