"""Mended rows out of quarantine into their data set, without their source.

The rules are those of the declaration, so the next ingest of the source mends the same rows. Each
step may be repeated: a run that is killed is run again.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.repairable import find_waiting, source_columns, to_raw
from gridcontainer.container.judge.encode import to_dataset
from gridcontainer.container.judge.judge import judge, level_of
from gridcontainer.container.judge.mending import MENDED, ORIGINAL, describe, mend_rows
from gridcontainer.container.quarantine.rows import count_reasons
from gridcontainer.container.runs import Run, digest_of, last_run, record_run
from gridcontainer.container.sources.records import FILE, ROW
from gridcontainer.container.storage import Storage, stored_names
from gridcontainer.container.tables.changes import identity_columns
from gridcontainer.container.tables.frames import (
    append,
    current_rows,
    find_layout,
    first_line,
    read_state,
    replace_where,
)
from gridcontainer.errors import DatasetError, StorageError

_PLACE = ("source_file", "source_row")
_SHOWN = 3


@dataclass(frozen=True)
class Released:
    """What a release did, or would do.

    Attributes:
        aside: rows that were aside for a reason that a rule names.
        released: of them, those that are sound now.
        before: some of the released rows as they came, JSON.
        after: the same rows' positions, as text.
    """

    aside: int
    released: int
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Work:
    """What a release works on.

    Attributes:
        path: of the data set's table.
        dataset: its name.
        last: the newest run of it.
        run_id: follows from ``last``, so that a release that was killed knows its rows again.
        waiting: rows of the quarantine for which there is a rule.
        sound: of them, judged, those that go in once mended.
        dataset_rows: judged rows as the table holds them.
    """

    path: str
    dataset: str
    last: Run
    run_id: str
    waiting: DataFrame
    sound: DataFrame
    dataset_rows: Callable[[DataFrame], DataFrame]


def try_rules(
    spark: SparkSession, declaration: Declaration, *, city: CityProfile, storage: Storage
) -> Released:
    """Tell what the declared rules would release; changes nothing.

    Raises:
        DeclarationError: there is no rule, it is no SQL, or the rows' position is a shape.
        DatasetError: the data set has never been ingested.
        StorageError: Spark cannot read the tables.
    """
    try:
        work = _prepare(spark, declaration, city, storage)
        shown = work.sound.limit(_SHOWN).collect()
        return Released(
            aside=work.waiting.count(),
            released=work.sound.count(),
            before=tuple(row[ORIGINAL] for row in shown),
            after=tuple(_position_text(row.asDict()) for row in shown),
        )
    except (PySparkException, Py4JJavaError) as error:
        raise _failed(declaration, error) from error


def release(
    spark: SparkSession, declaration: Declaration, *, city: CityProfile, storage: Storage
) -> Released:
    """Let the rows that the declared rules mend into their data set.

    A row whose key the data set has by now stays aside.

    Args:
        spark: the session.
        declaration: whose ``mend`` holds the rules.
        city: its profile.
        storage: the container.

    Raises:
        As ``try_rules``.
    """
    try:
        work = _prepare(spark, declaration, city, storage)
        aside = work.waiting.count()
        work.sound.persist()
        try:
            if work.sound.take(1):
                _let_in(work)
            released = _mark(work, storage)
        finally:
            work.sound.unpersist()
        _record(work, storage)
    except (PySparkException, Py4JJavaError) as error:
        raise _failed(declaration, error) from error
    return Released(aside, released)


def _failed(declaration: Declaration, error: PySparkException | Py4JJavaError) -> StorageError:
    return StorageError(
        f"{declaration.dataset}: its quarantine cannot be read or written: {first_line(error)}. "
        "Run again: what is done is not done twice"
    )


def _prepare(
    spark: SparkSession, declaration: Declaration, city: CityProfile, storage: Storage
) -> _Work:
    waiting = find_waiting(spark, declaration, storage)
    path = storage.dataset(declaration.department, declaration.dataset)
    last = last_run(spark, storage.runs, declaration.dataset)
    if last is None or not DeltaTable.isDeltaTable(spark, path):
        raise DatasetError(f"{declaration.dataset} is not in {storage.root}; ingest it first")
    held = DeltaTable.forPath(spark, path).toDF()
    names = stored_names(source_columns(waiting, declaration))
    declared = declaration.with_columns(names)
    mended = mend_rows(
        to_raw(waiting, names, held.schema),
        judge=partial(judge, declaration=declared, city=city),
        rules=declared.mend,
        texts=[describe(rule) for rule in declaration.mend],
        names=names,
    )
    sound = mended.where(F.col("reason").isNull() & F.col(MENDED).isNotNull())
    run_id = digest_of("release", last.run_id)[:32]
    dataset_rows = partial(
        to_dataset,
        declaration=declared,
        columns=list(names.values()),
        level=level_of(declared, city),
        layout=find_layout(spark, path),
        run_id=run_id,
        valid_from=datetime.now(UTC),
    )
    sound = _without_taken(sound, dataset_rows(sound), held, run_id)
    return _Work(path, declaration.dataset, last, run_id, waiting, sound, dataset_rows)


def _without_taken(sound: DataFrame, rows: DataFrame, held: DataFrame, run_id: str) -> DataFrame:
    """Without the rows whose key the table has from another run."""
    identity = identity_columns(rows.columns)
    others = current_rows(held).where(F.col("run_id") != run_id).select(*identity)
    known = list(dict.fromkeys([*identity, *_PLACE]))
    taken = rows.select(*known).join(others, identity, how="left_semi")
    place = taken.select(F.col("source_file").alias(FILE), F.col("source_row").alias(ROW))
    return sound.join(place, [FILE, ROW], how="left_anti")


def _let_in(work: _Work) -> None:
    """Append the rows that a killed run has not appended already."""
    held = DeltaTable.forPath(work.sound.sparkSession, work.path).toDF()
    there = held.where(F.col("run_id") == work.run_id).select(*_PLACE)
    rows = work.dataset_rows(work.sound).join(there, list(_PLACE), how="left_anti")
    append(rows, work.path)


def _mark(work: _Work, storage: Storage) -> int:
    """Say of the rows that are in the table now that they were mended, and how; count them."""
    spark = work.sound.sparkSession
    held = DeltaTable.forPath(spark, work.path).toDF().where(F.col("run_id") == work.run_id)
    place = (F.col(FILE).alias("source_file"), F.col(ROW).alias("source_row"), F.col(MENDED))
    done = work.sound.select(*place).join(held, list(_PLACE), how="left_semi").persist()
    rows = spark.read.format("delta").load(storage.quarantine)
    marked = (
        rows.where(F.col("dataset") == work.dataset)
        .join(done, list(_PLACE), how="left")
        .withColumn("mended", F.coalesce("mended", MENDED))
        .select(*rows.columns)
    )
    try:
        if count := done.count():
            replace_where(marked, storage.quarantine, f"dataset = '{work.dataset}'")
    finally:
        done.unpersist()
    return count


def _record(work: _Work, storage: Storage) -> None:
    """A row of the ledger with the last run's fingerprint: its source is still known.

    Also where an earlier release was killed before it could write it.
    """
    spark, last = work.sound.sparkSession, work.last
    reasons, mended = count_reasons(spark, storage, work.dataset)
    aside = sum(reasons.values())
    if aside == last.rows_quarantined:
        return
    table = read_state(spark, work.path)
    run = dataclasses.replace(
        last,
        run_id=work.run_id,
        job="release",
        started=datetime.now(UTC),
        table_version=table.version,
        rows_out=table.rows - last.kept,
        rows_quarantined=aside,
        reasons=reasons,
        mended=mended,
        inserted=last.rows_quarantined - aside,
        updated=0,
        deleted=0,
    )
    run.require_conservation()
    record_run(spark, storage.runs, run)


def _position_text(row: Mapping[str, object]) -> str:
    return f"{row.get('lon')}, {row.get('lat')}"
