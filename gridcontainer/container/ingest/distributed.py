"""Staged rows of a large source: repeated keys are found, and one task writes each bucket."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from pyspark import SparkContext

from gridcontainer.container.ingest.keys import FILE_BITS, ORDER, find_losers
from gridcontainer.container.ingest.staging import Part, gather, read_parts
from gridcontainer.container.ingest.work import Buckets, Losers, Staged, WriteWork, Wrote
from gridcontainer.container.judge.repeated import Keep

KEY_BUCKETS: Final = 16
_TASKS_PER_CORE: Final = 8  # a task costs a tenth of a second, whatever it does
_T = TypeVar("_T")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Sorted:
    """What was written of a source; nothing of it is committed.

    Attributes:
        rows_in: number of records of the source.
        wrote: files and numbers.
        between_files: repeated keys whose rows are in different files.
    """

    rows_in: int
    wrote: Wrote
    between_files: int


def sort_and_write(
    context: SparkContext, staged: Sequence[Staged], buckets: Buckets, write: WriteWork, keep: Keep
) -> Sorted:
    """Find repeated keys among staged rows, and write each bucket.

    Args:
        context: Spark's.
        staged: what the tasks left of all pieces, in their order.
        buckets: buckets of the rows.
        write: writes a bucket.
        keep: which row of a key stays.
    """
    parts = gather(one.parts for one in staged)
    files = write.storage.files
    of_keys = [parts[bucket] for bucket in buckets.of_keys if bucket in parts]
    losers = _run(context, lambda some: find_losers(read_parts(some, files), keep), of_keys)
    by_bucket, between = _by_bucket(losers)
    rows: list[tuple[Sequence[Part], Losers | None, bool]] = [
        (parts[bucket], by_bucket.get(bucket), False)
        for bucket in range(buckets.rows)
        if bucket in parts
    ]
    out = parts.get(buckets.of_quarantine)
    # First, so that no processor waits for it alone at the end.
    work = [(out, None, True), *rows] if out else rows

    def run(one: tuple[Sequence[Part], Losers | None, bool]) -> Wrote:
        table = read_parts(one[0], files)
        return write.quarantine(table) if one[2] else write.run(table, one[1])

    wrote = _run(context, run, work)
    return Sorted(sum(one.records for one in staged), _together(wrote), between)


def _run(
    context: SparkContext, function: Callable[[_T], _Result], tasks: Sequence[_T]
) -> list[_Result]:
    """What a function makes of each task, in their order; several are one task of Spark's."""
    if not tasks:
        return []
    at_once = context.defaultParallelism * _TASKS_PER_CORE
    found: list[_Result] = (
        context.parallelize(tasks, min(len(tasks), at_once)).map(function).collect()
    )
    return found


def _by_bucket(losers: Sequence[pa.Table]) -> tuple[dict[int, Losers], int]:
    """The losers of each bucket of rows, and how many keys have rows in several files."""
    if not losers:
        return {}, 0
    whole = pa.concat_tables(losers).sort_by(ORDER)
    order, buckets = whole.column(ORDER).to_numpy(), whole.column("bucket").to_numpy()
    is_equal = np.asarray(whole.column("is_equal"))
    winners = whole.column("winner").to_numpy()
    found = {
        int(bucket): Losers(order[buckets == bucket], is_equal[buckets == bucket])
        for bucket in np.unique(buckets)
    }
    # A repaired row that loses its key keeps the reason that it came with.
    is_told = ~np.asarray(whole.column("is_repaired"))
    between = winners[is_told & (order >> FILE_BITS != winners >> FILE_BITS)]
    return found, len(np.unique(between))


def _together(wrote: Sequence[Wrote]) -> Wrote:
    reasons: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    for one in wrote:
        reasons.update(one.reasons)
        repaired.update(one.repaired)
    return Wrote(
        tuple(file for one in wrote for file in one.files),
        tuple(file for one in wrote for file in one.quarantined),
        dict(reasons),
        dict(repaired),
    )
