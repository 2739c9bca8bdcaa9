"""The steps of one ingest: look, read, judge, arrange, commit, account."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.bring import Brought, Work, bring_in_memory
from gridcontainer.container.ingest.guard import Guard
from gridcontainer.container.ingest.in_memory import RecordJudge, judge_in_memory, mark_all
from gridcontainer.container.ingest.ingested import Ingested
from gridcontainer.container.ingest.table import DatasetTable
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.judge.reasons import REPEATED, REPEATED_ROW
from gridcontainer.container.quarantine.replace import replace_quarantined
from gridcontainer.container.runs import Run, digest_of, record_run
from gridcontainer.container.sources import OpenSource, find_files, open_source
from gridcontainer.container.sources.snapshot import (
    FileState,
    digest_of_files,
    require_unchanged,
    take_snapshot,
)
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.state import TableState, find_state
from gridcontainer.errors import NoRecordsError, StorageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Report = Callable[[str], None]
SessionMaker = Callable[[], "SparkSession"]


@dataclass(frozen=True)
class Ingest:
    """One ingest of one dataset.

    Attributes:
        declaration: declaration of the dataset, over the source's names.
        city: the city's profile.
        sources: folder below which ``source.path`` lies.
        storage: the container.
        session: makes the Spark session; asked only for what is large, and for databases.
        report: is told each step, for progress.
        small_bytes: size up to which a source is read, and a table changed, in this process.
        accepts_removal: a delivery may take away as much as it wants.
        earlier: newest run of the dataset; None where there is none.
    """

    declaration: Declaration
    city: CityProfile
    sources: Path
    storage: Storage
    session: SessionMaker
    report: Report
    small_bytes: int
    accepts_removal: bool
    earlier: Run | None

    @cached_property
    def run_id(self) -> str:
        """Identifier of the run."""
        return uuid.uuid4().hex

    @cached_property
    def started(self) -> datetime:
        """When the run began, UTC."""
        return datetime.now(UTC)

    @property
    def path(self) -> str:
        """Path of the dataset's table."""
        return self.storage.dataset(self.declaration.department, self.declaration.dataset)

    def run(self) -> Ingested:
        """Read, judge, arrange, commit, account."""
        clock, _ = time.perf_counter(), self.started
        self.report("fingerprint")
        files, content = self._look_at_source()
        fingerprint = digest_of(
            content, self.declaration.fingerprint(), self.city.model_dump_json()
        )
        earlier = self.earlier
        if earlier is not None and (known := self._find_unchanged(earlier, fingerprint)):
            return known
        self.report("read")
        brought = self._bring_in(files, earlier)
        require_unchanged(files)
        run, table = self._account(brought, fingerprint, time.perf_counter() - clock)
        return Ingested(run, changed=True, table=table, notes=brought.notes)

    def _account(
        self, brought: Brought, fingerprint: str, seconds: float
    ) -> tuple[Run, TableState]:
        """Check that no row was lost, and write the run into the ledger."""
        table = find_state(self.path)
        # Else its rows may be others, as many: the ledger would not be true.
        if table is None or table.version != brought.version:
            raise StorageError(
                f"{self.declaration.dataset}: somebody else wrote its table while this run did; "
                "nothing is lost or doubled. Run again when nobody else writes it"
            )
        run = Run(
            run_id=self.run_id,
            job="ingest",
            dataset=self.declaration.dataset,
            department=self.declaration.department,
            started=self.started,
            seconds=seconds,
            fingerprint=fingerprint,
            **brought.numbers(table),
        )
        run.require_conservation()
        record_run(self.storage, run)
        return run, table

    def _bring_in(self, files: Sequence[FileState], earlier: Run | None) -> Brought:
        """Commit what the source has, in the table and then in the quarantine."""
        before = earlier.rows_in if earlier is not None else 0
        if self.declaration.source.format == "jdbc":
            brought = self._bring_from_database(before)
        elif self._is_small(files):
            work = self._prepare(self._open_source(before))
            judged = judge_in_memory(work.source, work.declaration, work.judge)
            require_unchanged(files)
            brought = self._bring_judged(work, judged, before)
        else:
            from gridcontainer.container.ingest.large import bring_large  # noqa: PLC0415 - Spark
            from gridcontainer.container.ingest.tasks import FileTasks  # noqa: PLC0415

            work, spark = self._prepare(self._open_source(before)), self.session()
            tasks = FileTasks(spark, work.source, work.declaration, work.judge)
            brought = bring_large(work, spark, tasks, before=before)
        self.report("quarantine")
        replace_quarantined(self.storage, self.declaration.dataset, brought.quarantined)
        return brought

    def _open_source(self, before: int) -> OpenSource:
        open_files = partial(
            open_source,
            self.sources,
            self.declaration,
            extent=self.city.extent.bounds,
            default_datum=self.city.datum,
        )
        try:
            return open_files(may_be_empty=self.declaration.may_be_empty)
        except NoRecordsError:
            self._guard.require_rows(rows_in=0, rows_before=before)
            if not before:  # nobody has seen a record yet: the declaration may be wrong
                raise
            return open_files(may_be_empty=True)

    @property
    def _guard(self) -> Guard:
        return Guard.of(self.declaration, is_accepted=self.accepts_removal)

    def _is_small(self, files: Sequence[FileState]) -> bool:
        """Whether the source is judged in this process.

        A rule for repeated keys is: it needs all records at once, before and after it.
        """
        return self._repairs_repeated or sum(file.size for file in files) <= self.small_bytes

    @property
    def _repairs_repeated(self) -> bool:
        """Whether a rule gives rows that repeat a key another key: no task alone can do that."""
        return any(rule.reason in (REPEATED, REPEATED_ROW) for rule in self.declaration.mend)

    def _bring_from_database(self, before: int) -> Brought:
        """Rows of a database come by Spark; few are judged in this process all the same."""
        from gridcontainer.container.ingest.database import SMALL_ROWS, open_database  # noqa: PLC0415
        from gridcontainer.container.ingest.large import bring_large  # noqa: PLC0415
        from gridcontainer.container.ingest.tasks import FrameTasks  # noqa: PLC0415

        spark = self.session()
        source, frame = open_database(spark, self.declaration)
        work = self._prepare(source)
        first = frame.limit(SMALL_ROWS + 1).toArrow()
        if first.num_rows <= SMALL_ROWS or self._repairs_repeated:
            first = first if first.num_rows <= SMALL_ROWS else frame.toArrow()
            batches = list(work.judge.run(first.to_batches()))
            judged = mark_all(batches, source, work.judge, work.declaration)
            return self._bring_judged(work, judged, before)
        tasks = FrameTasks(frame, work.declaration, work.judge)
        return bring_large(work, spark, tasks, before=before)

    def _bring_judged(self, work: Work, judged: pa.Table, before: int) -> Brought:
        work.guard.require_rows(rows_in=judged.num_rows, rows_before=before)
        self.report("write")
        return bring_in_memory(work, judged)

    def _prepare(self, source: OpenSource) -> Work:
        """Prepare all that is the same for each record."""
        names = stored_names(list(source.columns))
        declaration = self.declaration.over_source(names)
        judge = Judge.create(declaration, self.city, names, source.datum or self.city.datum)
        table = DatasetTable(
            path=self.path,
            files=self.storage.files,
            declaration=judge.declaration,
            names=names,
            level=judge.level,
            prefix_levels=sorted(self.city.prefix_levels),
            run_id=self.run_id,
            started=self.started,
        )
        return Work(
            source=source,
            declaration=declaration,
            judge=RecordJudge.create(judge, names, declaration),
            table=table,
            storage=self.storage,
            guard=self._guard,
            session=self.session,
            small_bytes=self.small_bytes,
        )

    def _look_at_source(self) -> tuple[tuple[FileState, ...], str]:
        """The state of the source's files (none of a database), and a digest of its content."""
        if self.declaration.source.format == "jdbc":
            from gridcontainer.container.ingest.database import (  # noqa: PLC0415 - needs Spark
                database_fingerprint,
            )

            return (), database_fingerprint(self.session(), self.declaration.source)
        paths = find_files(self.sources, self.declaration)
        return take_snapshot(paths), digest_of_files(paths)

    def _find_unchanged(self, earlier: Run, fingerprint: str) -> Ingested | None:
        """The last run, if it was of this content and the table is as it left it."""
        if earlier.fingerprint != fingerprint:
            return None
        state = find_state(self.path)
        if state is None or state.version != earlier.table_version:
            return None
        return Ingested(earlier, changed=False, table=state)
