"""Many small files to few healthy ones, in the order of their cells, while readers read on.

Delta's own OPTIMIZE packs files as they come and so loses their order, or sorts a table anew each
time. Here only a partition whose files are too many, or reach over each other, is written again;
each partition is a version of its own, so that what is done stays done after a kill.
"""

import dataclasses
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.runs import last_run, record_run
from gridcontainer.container.storage import COMPACTED, Storage
from gridcontainer.container.tables.arrange import arrange, sample_places
from gridcontainer.container.tables.frames import (
    first_line,
    read_properties,
    read_version,
    renew_properties,
)
from gridcontainer.container.tables.layout import (
    ROWS_PER_FILE,
    Layout,
    choose_layout,
    layout_of,
)
from gridcontainer.container.tables.log import require_snapshot
from gridcontainer.errors import StorageError
from gridcontainer.grid.levels import MAX_LEVEL, get_level
from gridcontainer.spark.predicates import PREFIX_LEVELS

_ALL: Final = "true"  # the predicate of a table without partitions
_MOST_FILES: Final = 2  # times as many as the rows are worth
_MOST_OVERLAPS: Final = 0.25  # of the files of a partition


@dataclass(frozen=True)
class PartitionFiles:
    """The files of one partition, and whether they are to be written anew.

    Attributes:
        values: of the partition columns, by name; empty for a table without partitions.
        rows: in it.
        files: in it.
        overlaps: files that begin before an earlier one ends, in the order of cells.
        wanted: files that the rows are worth.
    """

    values: dict[str, str]
    rows: int
    files: int
    overlaps: int
    wanted: int

    @property
    def is_poor(self) -> bool:
        """Whether the partition is worth writing anew."""
        too_many = self.files > _MOST_FILES * self.wanted
        return too_many or (self.files > 1 and self.overlaps > _MOST_OVERLAPS * self.files)

    @property
    def predicate(self) -> str:
        """True for its rows, as SQL."""
        return " AND ".join(f"{name} = '{value}'" for name, value in self.values.items()) or _ALL


@dataclass(frozen=True)
class Plan:
    """What compaction would do to one table.

    Attributes:
        path: of the table.
        layout: that it has.
        better: that its rows are worth now, if another.
        partitions: all of them, in order.
    """

    path: str
    layout: Layout
    better: Layout | None
    partitions: tuple[PartitionFiles, ...]

    @property
    def chosen(self) -> tuple[PartitionFiles, ...]:
        """The partitions to write anew: all, where the layout is to change."""
        return tuple(part for part in self.partitions if self.better or part.is_poor)

    @property
    def files(self) -> tuple[int, int]:
        """Files of the table now, and about how many after."""
        now = sum(part.files for part in self.partitions)
        if self.better:
            return now, self.better.files
        saved = sum(part.files - part.wanted for part in self.chosen)
        return now, now - saved


def compact_datasets(
    spark: SparkSession,
    storage: Storage,
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    report: Callable[[str, str], None] = lambda dataset, step: None,
) -> dict[str, Plan]:
    """Look at data sets one after the other, and write anew what is worth it.

    Args:
        spark: the session.
        storage: the container.
        only: names of data sets; all where empty.
        dry_run: only tell what would be done.
        report: is told the data set and its partition.

    Returns:
        The plan of each data set, by name.

    Raises:
        DatasetError: the container is empty, or has no such data set.
        StorageError: a table cannot be read or written, or somebody else is writing it.
    """
    plans = {}
    for _, name, path in storage.find_datasets(only):
        report(name, "looks at its files")
        try:
            plans[name] = plan_compaction(spark, path)
            if plans[name].chosen and not dry_run:
                before = read_version(spark, path)
                compact(spark, plans[name], report=partial(report, name))
                _record(spark, storage, name, before, read_version(spark, path))
        except (PySparkException, Py4JJavaError) as error:
            raise StorageError(
                f"{name}: its files cannot be written anew: {first_line(error)}. Its rows are as "
                "before; run again when nobody writes the data set"
            ) from error
    return plans


def _record(spark: SparkSession, storage: Storage, dataset: str, before: int, after: int) -> None:
    """In the ledger, so that an unchanged source is still known for unchanged.

    Not where somebody else had written to the table since its last run.
    """
    last = last_run(storage, dataset)
    if last is None or last.table_version != before:
        return
    run = dataclasses.replace(
        last,
        run_id=uuid.uuid4().hex,
        job="compact",
        started=datetime.now(UTC),
        table_version=after,
    )
    record_run(storage, run)


def plan_compaction(spark: SparkSession, path: str) -> Plan:
    """Look at the files of a data set's table; changes nothing."""
    layout = layout_of(require_snapshot(path))
    properties = read_properties(spark, path)
    kind = properties.get("gridcontainer.kind", "points")
    said = properties.get("gridcontainer.prefix_levels")
    levels = [int(number) for number in said.split(",")] if said else PREFIX_LEVELS
    level = (
        None
        if layout.prefix_level is None
        else int(properties.get("gridcontainer.level") or MAX_LEVEL)
    )
    rows = DeltaTable.forPath(spark, path).toDF()
    partitions = tuple(_partitions(rows, layout))
    count = sum(part.rows for part in partitions)
    sample = partial(sample_places, rows, count=count, kind=kind)
    best = choose_layout(sample, kind=kind, level=level, count=count, levels=levels)
    other = best.prefix_level != layout.prefix_level
    better = dataclasses.replace(best, by_month=layout.by_month) if other else None
    return Plan(path, layout, better, partitions)


def compact(
    spark: SparkSession, plan: Plan, *, report: Callable[[str], None] = lambda step: None
) -> None:
    """Write the chosen partitions anew; the rows stay the same, and so does the change feed.

    Args:
        spark: the session.
        plan: of ``plan_compaction``.
        report: is told each partition, for progress.
    """
    rows = DeltaTable.forPath(spark, plan.path).toDF()
    if plan.better is not None:
        report("all")
        _change_layout(rows, plan.path, plan.better)
        return
    for part in plan.chosen:
        report(", ".join(part.values.values()) or "all")
        layout = dataclasses.replace(plan.layout, files=part.wanted)
        _rewrite(rows.where(part.predicate), plan.path, layout, part.predicate)


def _partitions(rows: DataFrame, layout: Layout) -> Iterable[PartitionFiles]:
    """By their rows, so that they are true whatever the log's statistics hold."""
    order = F.col(layout.order[-1])
    by_file = (
        rows.groupBy(*layout.partition, F.col("_metadata.file_path").alias("file"))
        .agg(F.count("*").alias("rows"), F.min(order).alias("first"), F.max(order).alias("last"))
        .orderBy(*layout.partition, "first", "last")
        .collect()
    )
    found: dict[tuple[str, ...], list[tuple[int, int, int]]] = {}
    for row in by_file:
        values = tuple(row[name] for name in layout.partition)
        found.setdefault(values, []).append((row["rows"], row["first"], row["last"]))
    for values, files in found.items():
        count = sum(rows for rows, _, _ in files)
        yield PartitionFiles(
            values=dict(zip(layout.partition, values, strict=True)),
            rows=count,
            files=len(files),
            overlaps=_count_overlaps([(first, last) for _, first, last in files]),
            wanted=max(1, -(-count // ROWS_PER_FILE)),
        )


def _count_overlaps(ranges: Sequence[tuple[int, int]]) -> int:
    overlaps, reached = 0, None
    for first, last in ranges:
        overlaps += reached is not None and first < reached
        reached = last if reached is None else max(reached, last)
    return overlaps


def _change_layout(rows: DataFrame, path: str, layout: Layout) -> None:
    level = layout.prefix_level
    if level is not None:
        length = get_level(level).code_length
        rows = rows.withColumn("grid_prefix", F.substring("grid_code", 1, length))
    _rewrite(rows, path, layout, _ALL)
    renew_properties(rows.sparkSession, path, {"gridcontainer.prefix_level": str(level)})


def _rewrite(rows: DataFrame, path: str, layout: Layout, predicate: str) -> None:
    writer = (
        arrange(rows, layout=layout)
        .write.format("delta")
        .mode("overwrite")
        .option("dataChange", "false")
        .option("userMetadata", COMPACTED)
    )
    if predicate != _ALL:
        writer = writer.option("replaceWhere", predicate)
    writer.save(path)
