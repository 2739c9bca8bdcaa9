"""One data set from its source into the container: read, check, encode, write or set aside."""

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException, PythonException
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.database import database_fingerprint
from gridcontainer.container.ingest.read import read_source
from gridcontainer.container.ingest.write import Writer
from gridcontainer.container.judge.judge import judge, level_of
from gridcontainer.container.judge.mending import describe, mend_rows
from gridcontainer.container.quarantine.rows import to_quarantine, write_aside
from gridcontainer.container.runs import Run, digest_of, digest_of_files, last_run, record_run
from gridcontainer.container.sources import find_files
from gridcontainer.container.sources.snapshot import FileState, require_unchanged, take_snapshot
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.layout import sample_of
from gridcontainer.container.tables.schemas import QUARANTINE_SCHEMA, RUNS_SCHEMA
from gridcontainer.container.tables.tables import (
    TableState,
    create_table,
    find_state,
    first_line,
    read_version,
)
from gridcontainer.errors import SourceError, StorageError
from gridcontainer.spark.persisted import checkpoint, persisted

Report = Callable[[str], None]
_SMALL_BYTES: Final = 8 << 20  # of a source's files


@dataclass(frozen=True)
class Ingested:
    """What an ingest did.

    Attributes:
        run: the ledger's row: of this run, or of the earlier one that read the same content.
        changed: False where the source's content was in the container already.
        table: what the data set's table holds.
    """

    run: Run
    changed: bool
    table: TableState


def ingest_dataset(
    spark: SparkSession,
    declaration: Declaration,
    *,
    city: CityProfile,
    sources: Path,
    storage: Storage,
    report: Report = lambda step: None,
) -> Ingested:
    """Bring one data set into the container.

    The same content and declaration again change nothing, unless the table has been removed or
    written to since. Rows that cannot go in are set aside with their reason; rows in are rows out
    plus rows set aside, and that is checked.

    Args:
        spark: the session.
        declaration: of the data set.
        city: its profile.
        sources: folder below which ``source.path`` lies.
        storage: the container.
        report: is told each step, for progress.

    Raises:
        SourceError: a file is missing or not written as declared; nothing is changed then.
        StorageError: Spark cannot read or write the tables, or somebody else wrote to the data
            set's meanwhile.
        ConservationError: rows were lost or doubled.
    """
    step = "start"

    def tell(name: str) -> None:
        nonlocal step
        step = name
        report(name)

    try:
        return _ingest(spark, declaration, city, sources, storage, tell)
    except (PySparkException, Py4JJavaError) as error:
        failed = f"{declaration.dataset}: Spark failed at {step!r}"
        raise StorageError(_explain_storage(failed, storage, error)) from error


def prepare_container(spark: SparkSession, storage: Storage) -> None:
    """Make the tables that all data sets share, so that several can be ingested at once.

    Raises:
        StorageError: Spark cannot write there.
    """
    try:
        create_table(spark, storage.quarantine, QUARANTINE_SCHEMA, ["dataset"])
        create_table(spark, storage.runs, RUNS_SCHEMA)
    except (PySparkException, Py4JJavaError) as error:
        failed = "Spark cannot make the container"
        raise StorageError(_explain_storage(failed, storage, error)) from error


def _explain_storage(failed: str, storage: Storage, error: PySparkException | Py4JJavaError) -> str:
    return (
        f"{failed}: {first_line(error)}. Can {storage.root} be written to? The next run does "
        "again what this one left undone"
    )


def _ingest(
    spark: SparkSession,
    declaration: Declaration,
    city: CityProfile,
    sources: Path,
    storage: Storage,
    report: Report,
) -> Ingested:
    started, clock = datetime.now(UTC), time.perf_counter()
    path = storage.dataset(declaration.department, declaration.dataset)
    declaration = declaration.model_copy(update={"datum": declaration.datum or city.datum})
    report("fingerprint")
    files, content = _look_at_source(spark, declaration, sources)
    fingerprint = digest_of(content, declaration.fingerprint(), city.model_dump_json())
    if there := _find_unchanged(spark, storage, path, declaration.dataset, fingerprint):
        return there
    run_id = uuid.uuid4().hex
    report("read")
    raw, names = read_source(spark, sources, declaration)
    declared = declaration.with_columns(names)
    level, columns = level_of(declared, city), list(names.values())
    judge_all = partial(
        mend_rows,
        judge=partial(judge, declaration=declared, city=city),
        rules=declared.mend,
        texts=[describe(rule) for rule in declaration.mend],
        names=names,
    )
    with _read_once(raw, judge_all, small=_are_small(files)) as (judged, rows_in):
        require_unchanged(files)
        report("write")
        written = Writer(
            path, declared, columns, level, sorted(city.prefix_levels), run_id, started
        ).write(judged, sample=lambda: judge_all(sample_of(raw, rows_in)), count=rows_in)
        report("set aside")
        aside = to_quarantine(judged, dataset=declaration.dataset, names=names, run_id=run_id)
        reasons, mended = write_aside(aside, storage, declaration.dataset)
    changes, table = written.changes, written.table
    require_unchanged(files)
    # Else its rows may be others, as many: the ledger would not be true.
    if table.version != read_version(spark, path):
        raise StorageError(
            f"{declaration.dataset}: somebody else wrote its table while this run did; nothing is "
            "lost or doubled. Run again when nobody else writes it"
        )
    run = Run(
        run_id=run_id,
        job="ingest",
        dataset=declaration.dataset,
        department=declaration.department,
        started=started,
        seconds=time.perf_counter() - clock,
        fingerprint=fingerprint,
        table_version=table.version,
        rows_in=rows_in,
        rows_out=table.rows - changes.kept,
        rows_quarantined=sum(reasons.values()),
        reasons=reasons,
        mended=mended,
        inserted=changes.inserted,
        updated=changes.updated,
        deleted=changes.deleted,
        kept=changes.kept,
        files_before=changes.files_before,
        files_rewritten=changes.files_rewritten,
    )
    run.require_conservation()
    record_run(spark, storage.runs, run)
    return Ingested(run, changed=True, table=table)


def _look_at_source(
    spark: SparkSession, declaration: Declaration, sources: Path
) -> tuple[tuple[FileState, ...], str]:
    """The state of the source's files (none of a database), and a digest of its content."""
    if declaration.source.format == "jdbc":
        return (), database_fingerprint(spark, declaration.source)
    paths = find_files(sources, declaration)
    return take_snapshot(paths), digest_of_files(paths)


def _are_small(files: Sequence[FileState]) -> bool:
    """Whether what is made of the files is kept whole; of a database it is not known."""
    return 0 < sum(file.size for file in files) <= _SMALL_BYTES


@contextmanager
def _read_once(
    raw: DataFrame, judge_all: Callable[[DataFrame], DataFrame], *, small: bool
) -> Iterator[tuple[DataFrame, int]]:
    """The judged rows and their number; what Spark does not read from files itself is read once.

    Rows of a small source are judged once too, and from then on have a plan of one node.
    """
    if small:
        with _said_by_reader():
            judged = checkpoint(judge_all(raw))
        yield judged, judged.count()
    elif raw.inputFiles():
        yield judge_all(raw), raw.count()
    else:
        with persisted(raw):
            with _said_by_reader():
                rows_in = raw.count()
            yield judge_all(raw), rows_in


@contextmanager
def _said_by_reader() -> Iterator[None]:
    """A reader's complaint in a task is raised as the reader meant it."""
    try:
        yield
    except PythonException as error:
        said = re.search(r"SourceError: (.*)", str(error))
        if said is None:
            raise
        raise SourceError(said.group(1)) from None


def _find_unchanged(
    spark: SparkSession, storage: Storage, path: str, dataset: str, fingerprint: str
) -> Ingested | None:
    """The last run, if it was of this content and the table is as it left it."""
    earlier = last_run(spark, storage.runs, dataset)
    if earlier is None or earlier.fingerprint != fingerprint:
        return None
    state = find_state(spark, path)
    if state is None or state.version != earlier.table_version:
        return None
    return Ingested(earlier, changed=False, table=state)
