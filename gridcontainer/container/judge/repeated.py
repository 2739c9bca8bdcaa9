"""Records that repeat the business key of another one: what no batch can know alone."""

from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.judge.columns import (
    FIRST_REASON,
    JUDGED,
    KEY,
    REASON,
    REPAIRED,
    has_value,
)
from gridcontainer.container.judge.reasons import REPEATED, REPEATED_ROW
from gridcontainer.container.sources.records import RESERVED
from gridcontainer.container.tables.compare import equal_values
from gridcontainer.grid.arrays import Bools, Int64s

_ARROW: Final[Any] = pyarrow.compute  # it has no types
Keep = Literal["first", "last"]


def mark_repeated(judged: pa.Table, *, keep: Keep) -> pa.Table:
    """Give a reason to all sound rows of a key but one.

    A row that was repaired never takes the key of one that is sound as it came. Of the others,
    those that are equal to the one that stays in all source columns are ``repeated row``, the rest
    ``repeated key``.

    Args:
        judged: all rows of a dataset, in order of file and row.
        keep: which row of a key stays.
    """
    keys = judged.column(KEY)
    if keys.null_count == len(keys):
        return judged
    at = np.flatnonzero(has_value(keys))
    losers, winners = find_repeated(
        keys.take(pa.array(at)).combine_chunks(),
        is_repaired=has_value(judged.column(REPAIRED))[at],
        keep=keep,
    )
    if not len(losers):
        return judged
    losers, winners = at[losers], at[winners]
    return give_repeated(judged, losers, _is_equal(judged, losers, winners))


def give_repeated(judged: pa.Table, losers: Int64s, is_equal: Bools) -> pa.Table:
    """Give rows that do not stay their reason: a repaired one keeps the one that it came with.

    Args:
        judged: judged rows.
        losers: (n,) numbers of the rows that do not stay.
        is_equal: (n,) whether each is equal to the row that stays.
    """
    if not len(losers):
        return judged
    reasons = np.asarray(judged.column(REASON).to_numpy(zero_copy_only=False), object)
    first = judged.column(FIRST_REASON).take(pa.array(losers))
    repeated = pa.array(np.where(is_equal, REPEATED_ROW, REPEATED), pa.string())
    reasons[losers] = _ARROW.coalesce(first, repeated).to_numpy(zero_copy_only=False)
    where = judged.schema.get_field_index(REASON)
    return judged.set_column(where, judged.schema.field(where), pa.array(reasons, pa.string()))


def find_repeated(keys: pa.Array, *, is_repaired: Bools, keep: Keep) -> tuple[Int64s, Int64s]:
    """The rows that do not stay, and for each the row of its key that does.

    Args:
        keys: (n,) keys, none of them null, in order of file and row.
        is_repaired: (n,) rows that are not as they came.
        keep: which row of a key stays.
    """
    codes = _ARROW.dictionary_encode(keys)
    if len(codes.dictionary) == len(keys):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers = codes.indices.to_numpy()
    arrival = np.arange(len(keys))
    order = np.lexsort((arrival if keep == "first" else -arrival, is_repaired, numbers))
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    winners = order[starts][numbers]  # codes are numbered from 0 without a gap
    losers = np.flatnonzero(winners != arrival)
    return losers, winners[losers]


def _is_equal(judged: pa.Table, left: Int64s, right: Int64s) -> Bools:
    equal = np.ones(len(left), bool)
    one, other = pa.array(left), pa.array(right)
    for name in judged.column_names:
        if name not in RESERVED and name not in JUDGED.names:
            column = judged.column(name)
            equal &= equal_values(column.take(one), column.take(other))
    return equal
