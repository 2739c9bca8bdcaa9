"""Many small files to few healthy ones, in the order of their cells, while readers read on.

Delta's own OPTIMIZE packs files as they come and so loses their order, or sorts a table anew each
time. Here only a partition whose files are too many, or reach over each other, is written again;
each partition is a version of its own, so that what is done stays done after a kill.
"""

import dataclasses
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.partition_files import (
    ALL_ROWS,
    PartitionFiles,
    measure_partitions,
)
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
    Layout,
    choose_layout,
    layout_of,
)
from gridcontainer.container.tables.log import require_snapshot
from gridcontainer.errors import StorageError
from gridcontainer.grid.levels import MAX_LEVEL, get_level
from gridcontainer.spark.predicates import PREFIX_LEVELS


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
    partitions = tuple(measure_partitions(rows, layout))
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


def _change_layout(rows: DataFrame, path: str, layout: Layout) -> None:
    level = layout.prefix_level
    if level is not None:
        length = get_level(level).code_length
        rows = rows.withColumn("grid_prefix", F.substring("grid_code", 1, length))
    _rewrite(rows, path, layout, ALL_ROWS)
    renew_properties(rows.sparkSession, path, {"gridcontainer.prefix_level": str(level)})


def _rewrite(rows: DataFrame, path: str, layout: Layout, predicate: str) -> None:
    writer = (
        arrange(rows, layout=layout)
        .write.format("delta")
        .mode("overwrite")
        .option("dataChange", "false")
        .option("userMetadata", COMPACTED)
    )
    if predicate != ALL_ROWS:
        writer = writer.option("replaceWhere", predicate)
    writer.save(path)
