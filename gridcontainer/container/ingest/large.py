"""Large sources and changes of large tables: Spark schedules, shuffles and merges."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from gridcontainer.container.ingest.bring import (
    Brought,
    Work,
    say_repeated,
    vanished_columns,
)
from gridcontainer.container.ingest.cut import choose_bounds
from gridcontainer.container.ingest.distributed import KEY_BUCKETS, Sorted, sort_and_write
from gridcontainer.container.ingest.properties import note_renamed
from gridcontainer.container.ingest.spark_errors import told_in_one_line
from gridcontainer.container.ingest.staging import staging_folder
from gridcontainer.container.ingest.tasks import FileTasks, FrameTasks, Sample, kept_columns
from gridcontainer.container.ingest.work import Buckets, ReadWork, WriteWork
from gridcontainer.container.tables.actions import DataFile, Snapshot
from gridcontainer.container.tables.changes import align_types, count_changes, find_changes
from gridcontainer.container.tables.column_types import require_same_types
from gridcontainer.container.tables.frames import current_rows
from gridcontainer.container.tables.layout import Layout, choose_layout, layout_of
from gridcontainer.container.tables.log import read_snapshot, require_snapshot
from gridcontainer.container.tables.merge import merge_changes
from gridcontainer.container.tables.rows import path_of
from gridcontainer.container.tables.state import ABSENT, Changes


def bring_large(
    work: Work, spark: SparkSession, tasks: FileTasks | FrameTasks, *, before: int
) -> Brought:
    """Bring a large source into the tables.

    Args:
        work: what the run works with.
        spark: the session.
        tasks: read the source.
        before: records of the last delivery; 0 where there is none.

    Raises:
        DeliveryError: the delivery would take away too much; nothing is changed then.
    """
    with told_in_one_line(work):
        return _bring_large(work, spark, tasks, before)


def _bring_large(
    work: Work, spark: SparkSession, tasks: FileTasks | FrameTasks, before: int
) -> Brought:
    sample = tasks.sample()
    there = read_snapshot(work.table.path)
    layout = _choose_layout(work, sample, there)
    buckets = _buckets(work, sample, layout)
    write = WriteWork(
        work.table.maker(layout), work.table.path, work.storage, work.declaration.dataset,
        work.judge.names,
    )  # fmt: skip
    with staging_folder(work.storage, work.declaration.dataset, work.table.run_id) as folder:
        read = ReadWork(
            work.judge, buckets, tasks.count, work.declaration.dataset, work.table.run_id,
            kept_columns(work.judge), work.storage, folder,
        )  # fmt: skip
        written = sort_and_write(
            spark.sparkContext, tasks.stage(read), buckets, write, work.declaration.keep or "first"
        )
    work.guard.require_rows(rows_in=written.rows_in, rows_before=before)
    changes, version = _commit(work, spark, there, written, layout)
    return Brought(
        rows_in=written.rows_in,
        changes=changes,
        version=version,
        quarantined=written.wrote.quarantined,
        reasons=written.wrote.reasons,
        repaired=written.wrote.repaired,
        notes=(
            *work.source.notes,
            *note_renamed(work.declaration.dataset, work.judge.names, there),
            *_notes(work, written),
        ),
    )


def _notes(work: Work, written: Sorted) -> list[str]:
    if work.declaration.keep is not None or not written.between_files:
        return []
    return [say_repeated(work.declaration.dataset, written.between_files)]


def _choose_layout(work: Work, sample: Sample, there: Snapshot | None) -> Layout:
    table = work.table
    best = choose_layout(
        lambda: sample.places,
        kind=work.declaration.kind,
        level=table.level,
        count=sample.count,
        levels=table.prefix_levels,
    )
    if there is None or _is_surely_replaced(work, sample, there):
        return best
    return replace(layout_of(there), files=best.files)


def _is_surely_replaced(work: Work, sample: Sample, there: Snapshot) -> bool:
    """Whether most rows are new whatever they are, so that the table is laid out anew."""
    return work.declaration.deletes_absent and sample.count > 2.5 * there.rows


def _buckets(work: Work, sample: Sample, layout: Layout) -> Buckets:
    bounds = None if work.table.level is None else choose_bounds(sample.places, layout)
    return Buckets(
        bounds,
        rows=bounds.count if bounds else layout.files,
        keys=KEY_BUCKETS if work.declaration.key else 0,
    )


def _commit(
    work: Work, spark: SparkSession, there: Snapshot | None, written: Sorted, layout: Layout
) -> tuple[Changes, int]:
    files = written.wrote.files
    rows = sum(file.rows for file in files)
    schema = table_schema(work, layout)
    if there is None:
        return Changes(inserted=rows), work.table.commit_whole(files, schema, layout, None)
    return change_large(work, spark, there, files, rows, layout)


def table_schema(work: Work, layout: Layout) -> pa.Schema:
    """The schema of the table's rows."""
    own = [
        field.with_name(work.judge.names[field.name])
        for field in work.source.schema
        if field.name in work.judge.names
    ]
    return pa.schema([*work.table.maker(layout).fields(), *own])


def change_large(
    work: Work,
    spark: SparkSession,
    there: Snapshot,
    staged: Sequence[DataFile],
    rows: int,
    layout: Layout | None = None,
) -> tuple[Changes, int]:
    """Bring staged files into a table that is there: as its whole, or what differs by MERGE.

    Args:
        work: what the run works with.
        spark: the session.
        there: the table as it is.
        staged: files that are in no version yet; those that are not committed are removed.
        rows: number of their rows.
        layout: layout of the staged files; the table's where None.

    Returns:
        The numbers of changed rows, and the version.
    """
    with told_in_one_line(work):
        return _change_large(work, spark, there, staged, rows, layout or layout_of(there))


def _change_large(
    work: Work,
    spark: SparkSession,
    there: Snapshot,
    staged: Sequence[DataFile],
    rows: int,
    own: Layout,
) -> tuple[Changes, int]:
    table = work.table
    new = _read_staged(spark, work, staged, own)
    held = current_rows(spark.read.format("delta").load(table.path))
    new, compared, retyped = align_types(new, held)
    changes = find_changes(new, compared).persist(StorageLevel.MEMORY_AND_DISK)
    try:
        counts = count_changes(changes)
        replaces = own != replace(layout_of(there), files=own.files) or table.is_replaced(
            there,
            table_schema(work, own).names,
            changed=sum(counts.values()),
            rows=rows,
            is_retyped=bool(retyped),
        )
        deletes = replaces or work.declaration.deletes_absent
        _require_plausible(
            work,
            held,
            rows,
            absent=counts.get(ABSENT, 0) if deletes else 0,
            are_known=bool(work.declaration.key) and not table.is_rekeyed(there),
        )
        if replaces:
            version = table.commit_whole(staged, table_schema(work, own), own, there)
            return Changes.of(counts, deletes=True, before=len(there.files)), version
        require_same_types(
            work.declaration.dataset, retyped, table_schema(work, own), there.metadata.schema
        )
        merged = merge_changes(
            changes, new, table.path, counts=counts, layout=layout_of(there), deletes=deletes,
            closed=table.started if work.declaration.history else None,
        )  # fmt: skip
    finally:
        changes.unpersist()
    for file in staged:
        table.files.delete(path_of(table.path, file.path))
    return merged, table.renew_properties(require_snapshot(table.path))


def _require_plausible(
    work: Work, held: DataFrame, rows: int, *, absent: int, are_known: bool
) -> None:
    """The delivery does not take away more than is allowed.

    Args:
        work: what the run works with.
        held: rows of the table that are valid.
        rows: number of new rows.
        absent: rows that go because the source no longer has them.
        are_known: rows have a key, the same as before; else only numbers tell what goes.

    Raises:
        DeliveryError: it does.
    """
    vanished = vanished_columns(held.columns, work.table.columns)
    counted = held.agg(F.count("*"), *(F.count(f"`{name}`") for name in vanished)).collect()[0]
    before = counted[0]
    work.guard.require_columns(
        {name: counted[at + 1] for at, name in enumerate(vanished)}, rows=before
    )
    removed = absent if are_known else max(0, before - rows)
    work.guard.require_removal(removed=removed, rows_before=before)


def _read_staged(
    spark: SparkSession, work: Work, staged: Sequence[DataFile], layout: Layout
) -> DataFrame:
    schema = table_schema(work, layout)
    kinds = from_arrow_schema(schema)
    if not staged:
        return spark.createDataFrame([], kinds)
    paths = [f"file://{work.table.path}/{file.path}" for file in staged]
    reader = spark.read.schema(kinds).option("basePath", f"file://{work.table.path}")
    return reader.parquet(*paths).select(*(F.col(f"`{name}`") for name in schema.names))
