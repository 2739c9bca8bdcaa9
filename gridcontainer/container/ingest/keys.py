"""Keys of all records of a large source: only (key, order, content) of each is shuffled.

A key is the ``object_id``, 128 bits; a bucket of keys is looked at by one task.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.judge.columns import KEY, REPAIRED, has_value
from gridcontainer.container.judge.keys import content_hash
from gridcontainer.container.judge.repeated import Keep, find_repeated
from gridcontainer.container.sources.records import ROW
from gridcontainer.grid.arrays import Int64s

ORDER: Final = "_order"
_DIGITS: Final = 32  # of a key
FILE_BITS: Final = 40  # of an order for the row in its file: a million million rows


def order_of(rows: pa.Table, file_number: int) -> Int64s:
    """A number a row that rises with file and row."""
    order: Int64s = (np.int64(file_number) << FILE_BITS) + rows.column(ROW).to_numpy()
    return order


def key_rows(sound: pa.Table, order: Int64s, buckets: Int64s, columns: Iterable[str]) -> pa.Table:
    """What is to be known of sound rows to find those that repeat a key.

    Args:
        sound: judged rows without a reason.
        order: (n,) numbers of ``order_of``.
        buckets: (n,) buckets in which the rows themselves are.
        columns: stored names of the source's columns.
    """
    return pa.table(
        {
            "key": sound.column(KEY),
            ORDER: pa.array(order),
            "bucket": pa.array(buckets.astype(np.int32)),
            "content": pa.array(content_hash(sound, list(columns))),
            "is_repaired": pa.array(has_value(sound.column(REPAIRED))),
        }
    )


def key_bucket_of(keys: pa.Table, count: int) -> Int64s:
    """The bucket of each key: by its first four hexadecimal digits."""
    texts = keys.column("key").combine_chunks()
    if len(texts) == 0:
        return np.empty(0, np.int64)
    start = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset]
    length = len(texts) * _DIGITS
    letters = np.frombuffer(texts.buffers()[2], np.uint8)[start : start + length]
    first = letters.reshape(-1, _DIGITS)[:, :4].astype(np.int64)
    digits = (first & 15) + 9 * (first >> 6)  # "0" to "9" are 48 on, "a" to "f" are 97 on
    found: Int64s = (digits @ np.array([4096, 256, 16, 1])) % count
    return found


def find_losers(keys: pa.Table, keep: Keep) -> pa.Table:
    """The rows of a bucket of keys that repeat one.

    Returns:
        ``order`` and ``bucket`` of each such row, whether it ``is_equal`` to the row that stays
        in all source columns, whether it ``is_repaired``, and the ``winner``: order of the row
        that stays.
    """
    keys = keys.sort_by(ORDER)
    losers, winners = find_repeated(
        keys.column("key").combine_chunks(),
        is_repaired=np.asarray(keys.column("is_repaired")),
        keep=keep,
    )
    content, order = keys.column("content").to_numpy(), keys.column(ORDER).to_numpy()
    return pa.table(
        {
            ORDER: pa.array(order[losers]),
            "bucket": keys.column("bucket").take(pa.array(losers)),
            "is_equal": pa.array(content[losers] == content[winners]),
            "is_repaired": keys.column("is_repaired").take(pa.array(losers)),
            "winner": pa.array(order[winners]),
        }
    )
