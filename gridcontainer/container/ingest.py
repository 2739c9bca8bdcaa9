"""One data set from its source into the container: read, check, encode, write or set aside."""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException, PythonException
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.check import add_reason
from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.encode import add_cell, add_time, to_dataset, to_quarantine
from gridcontainer.container.position import add_position
from gridcontainer.container.read import read_source
from gridcontainer.container.runs import Run, content_fingerprint, last_run, record_run
from gridcontainer.container.schemas import QUARANTINE_SCHEMA, RUNS_SCHEMA
from gridcontainer.container.sources import find_files
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import (
    TableState,
    create_table,
    find_state,
    read_state,
    replace_dataset,
    replace_partition,
)
from gridcontainer.errors import SourceError, StorageError

Report = Callable[[str], None]


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
        StorageError: Spark cannot read or write the tables.
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
        f"{failed}: {_first_line(error)}. Can {storage.root} be written to? The next run does "
        "again what this one left undone"
    )


def _first_line(error: PySparkException | Py4JJavaError) -> str:
    java = getattr(error, "java_exception", None)
    said = str(error if java is None else java.getMessage() or java.toString())
    return said.strip().splitlines()[0][:300]


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
    fingerprint = content_fingerprint(
        find_files(sources, declaration), declaration.fingerprint(), city.model_dump_json()
    )
    if there := _find_unchanged(spark, storage, path, declaration.dataset, fingerprint):
        return there
    run_id = uuid.uuid4().hex
    report("read")
    raw, names = read_source(spark, sources, declaration)
    declaration = declaration.with_columns(names)
    raw = raw.persist()
    try:
        rows_in = _count(raw)
        judged = _judge(raw, declaration, city)
        report("write")
        _write_dataset(judged, declaration, city, list(names.values()), path, rows_in, run_id)
        report("set aside")
        aside = to_quarantine(judged, dataset=declaration.dataset, names=names, run_id=run_id)
        replace_partition(aside, storage.quarantine, "dataset", declaration.dataset)
    finally:
        raw.unpersist()
    table = read_state(spark, path)
    reasons = _count_reasons(spark, storage, declaration.dataset)
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
        rows_out=table.rows,
        rows_quarantined=sum(reasons.values()),
        reasons=reasons,
    )
    run.require_conservation()
    record_run(spark, storage.runs, run)
    return Ingested(run, changed=True, table=table)


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


def _count(raw: DataFrame) -> int:
    """Rows of the source; a reader's complaint in a task is raised as the reader meant it."""
    try:
        return raw.count()
    except PythonException as error:
        said = re.search(r"SourceError: (.*)", str(error))
        if said is None:
            raise
        raise SourceError(said.group(1)) from None


def _judge(raw: DataFrame, declaration: Declaration, city: CityProfile) -> DataFrame:
    """Every raw row with its position, its cell and the reason against it."""
    placed = raw.transform(
        add_position, declaration=declaration, datum=declaration.datum or city.datum
    )
    level = _level(declaration, city)
    if level is not None:
        placed = placed.transform(add_cell, level=level)
    return placed.transform(add_time, time=declaration.time, zone=city.time_zone).transform(
        add_reason, declaration=declaration, extent=city.extent
    )


def _level(declaration: Declaration, city: CityProfile) -> int | None:
    """The level at which rows are coded; None for a table without position."""
    if declaration.position is None:
        return None
    return declaration.level or city.levels[declaration.kind]


def _write_dataset(
    judged: DataFrame,
    declaration: Declaration,
    city: CityProfile,
    columns: list[str],
    path: str,
    rows_in: int,
    run_id: str,
) -> None:
    level = _level(declaration, city)
    sound = to_dataset(
        judged,
        declaration=declaration,
        columns=columns,
        level=level,
        prefix_level=min(level or city.prefix_level, city.prefix_level),
        run_id=run_id,
    )
    properties = {
        "gridcontainer.title": declaration.title,
        "gridcontainer.label": declaration.label or "",
        "gridcontainer.key": ",".join(declaration.key),
        "gridcontainer.tags": ",".join(declaration.tags),
        "gridcontainer.confidential": str("confidential" in declaration.sensitivity.values()),
    }
    replace_dataset(sound, path, count=rows_in, properties=properties)


def _count_reasons(spark: SparkSession, storage: Storage, dataset: str) -> dict[str, int]:
    aside = spark.read.format("delta").load(storage.quarantine).where(F.col("dataset") == dataset)
    return {row["reason"]: row["count"] for row in aside.groupBy("reason").count().collect()}
