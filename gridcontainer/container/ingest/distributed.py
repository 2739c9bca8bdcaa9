"""Packed rows of a large source shuffled to buckets, and each bucket written by one task.

Keys are looked at first, in buckets of their own of the same shuffle: nothing is read twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.ingest.cut import unpack
from gridcontainer.container.ingest.keys import FILE_BITS, ORDER, find_losers
from gridcontainer.container.ingest.work import Buckets, Losers, Packed, WriteWork, Wrote
from gridcontainer.container.judge.repeated import Keep

QUARANTINE_BUCKETS: Final = 4
KEY_BUCKETS: Final = 16


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
    packed: Any,
    buckets: Buckets,
    write: WriteWork,
    keep: Keep,
) -> Sorted:
    """Shuffle packed rows to their buckets, find repeated keys, and write each bucket.

    Args:
        packed: RDD of ``Packed``.
        buckets: buckets of the shuffle.
        write: writes a bucket.
        keep: which row of a key stays.
    """
    context = packed.context
    shuffled = packed.partitionBy(buckets.counts + 1, lambda bucket: bucket)
    first = range(buckets.rows, buckets.rows + buckets.keys)
    (told,) = _on(shuffled, lambda rows: rows, [buckets.counts])
    rows_in = int(np.sum(told.column("records").to_numpy()))
    losers = [one for one in _on(shuffled, partial(find_losers, keep=keep), first) if one]
    by_bucket, between = _by_bucket(losers)
    shared = context.broadcast(by_bucket)

    def write_bucket(rows: pa.Table) -> Wrote:
        from pyspark import TaskContext  # noqa: PLC0415 - where the task runs

        task = TaskContext.get()
        bucket = task.partitionId() if task else 0
        return write.run(rows, shared.value.get(bucket))

    wrote = _on(shuffled, write_bucket, range(buckets.rows))
    out = range(buckets.rows + buckets.keys, buckets.counts)
    wrote += _on(shuffled, write.quarantine, out)
    return Sorted(rows_in, _together(wrote), between)


def _on(shuffled: Any, function: Callable[[pa.Table], Any], buckets: Iterable[int]) -> list[Any]:
    """What a function makes of the rows of some buckets; of an empty bucket nothing is made."""
    chosen = list(buckets)

    def run(values: Iterator[Packed]) -> Iterator[Any]:
        rows = unpack(value for _, value in values)
        if rows is not None:
            yield function(rows)

    if not chosen:
        return []
    found: list[Any] = shuffled.context.runJob(shuffled, run, chosen)
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
