"""Rows to the Parquet files of a table, with what the log is to say of each."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from gridcontainer.container.files import Files
from gridcontainer.container.tables.actions import DataFile

_ARROW: Final[Any] = pyarrow.compute  # it has no types
_PARQUET: Final[Any] = pq
_ROW_GROUP: Final = 131_072  # rows; a query by cell reads few of them
_LONGEST: Final = 64  # characters of a text in the statistics
_CHANGES: Final = "_change_data"


def write_files(
    rows: pa.Table,
    path: str,
    *,
    files: Files,
    partition: Sequence[str],
    statistics: Sequence[str],
    rows_per_file: int | None = None,
    for_feed: bool = False,
) -> list[DataFile]:
    """Write rows as files of a table: one file a partition, or several where they are many.

    Args:
        rows: rows in the order in which they should lie.
        path: path of the table.
        files: port to the files.
        partition: names of the partition columns, which the files leave out.
        statistics: names of columns whose least and greatest values the log is to have.
        rows_per_file: rows that a file should have; all of a partition are one file where None.
        for_feed: the files are of the change feed.
    """
    written = []
    for values, part in _partitions(rows, partition):
        count = max(1, round(part.num_rows / rows_per_file)) if rows_per_file else 1
        step = max(1, -(-part.num_rows // count))
        for start in range(0, max(1, part.num_rows), step):
            piece = part.slice(start, step)
            folder = [_CHANGES] if for_feed else []
            folder += [f"{name}={quote(value, safe='')}" for name, value in values.items()]
            name = "/".join([*folder, f"part-{uuid.uuid4()}.snappy.parquet"])
            written.append(_write(piece, path, name, files, values, statistics))
    return written


def _partitions(
    rows: pa.Table, partition: Sequence[str]
) -> Iterator[tuple[dict[str, str], pa.Table]]:
    """The rows of each partition, without its columns; the order inside stays."""
    if not partition:
        yield {}, rows
        return
    if rows.num_rows == 0:
        return
    keys = [_ARROW.dictionary_encode(rows.column(name).combine_chunks()) for name in partition]
    number = np.zeros(rows.num_rows, np.int64)
    for key in keys:
        number = number * len(key.dictionary) + key.indices.to_numpy()
    plain = rows.drop_columns(list(partition))
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    if len(starts) > len(np.unique(number)):  # the rows of a partition do not lie together
        order = np.argsort(number, kind="stable")
        yield from _partitions(rows.take(order), partition)
        return
    ends = np.append(starts[1:], len(number))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        values = {
            name: key.dictionary[key.indices[start].as_py()].as_py()
            for name, key in zip(partition, keys, strict=True)
        }
        yield values, plain.slice(start, end - start)


def _write(
    rows: pa.Table,
    path: str,
    name: str,
    files: Files,
    values: dict[str, str],
    statistics: Sequence[str],
) -> DataFile:
    target = f"{path}/{name}"
    with files.open_output(target) as stream:
        _PARQUET.write_table(
            rows, stream, compression="snappy", row_group_size=_ROW_GROUP, version="2.6",
            coerce_timestamps="us", use_dictionary=_repetitive(rows.schema), store_schema=False,
        )  # fmt: skip
        size = stream.tell()
    return DataFile(
        path=quote(name, safe="/=-_.~"),
        bytes=size,
        rows=rows.num_rows,
        partition=values,
        stats=json.dumps(_statistics(rows, statistics)),
        modified=time.time_ns() // 1_000_000,
    )


def plain_columns(schema: pa.Schema) -> list[str]:
    """The columns that can have statistics.

    delta-rs 1.6 finds nothing by a column that has none where another one has: small tables that
    are read by any column have them all.
    """
    return [field.name for field in schema if not pa.types.is_nested(field.type)]


def _repetitive(schema: pa.Schema) -> list[str]:
    """The columns that are worth a dictionary: trying one for the others doubles the time."""
    types = pa.types
    tests = (
        *(types.is_string, types.is_boolean, types.is_int8, types.is_int16, types.is_date),
        types.is_dictionary,
    )
    return [field.name for field in schema if any(test(field.type) for test in tests)]


def _statistics(rows: pa.Table, names: Sequence[str]) -> dict[str, Any]:
    least, greatest, nulls = {}, {}, {}
    for name in names:
        column = rows.column(name)
        nulls[name] = column.null_count
        ends = _ARROW.min_max(column).as_py()
        if ends["min"] is not None:
            least[name], greatest[name] = _told(ends["min"]), _told(ends["max"], up=True)
    return {
        "numRecords": rows.num_rows,
        "minValues": least,
        "maxValues": greatest,
        "nullCount": nulls,
    }


def _told(value: Any, *, up: bool = False) -> Any:
    """A value as statistics hold it: times in milliseconds, texts cut; the greatest rounded up."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[:_LONGEST] + ("\U0010ffff" if up else "")
    if not isinstance(value, datetime):
        return value
    microseconds = value.microsecond + (999 if up else 0)
    shifted = value.astimezone(UTC).replace(microsecond=0)
    text = datetime.fromtimestamp(shifted.timestamp() + microseconds // 1_000_000, UTC)
    return f"{text:%Y-%m-%dT%H:%M:%S}.{microseconds % 1_000_000 // 1000:03d}Z"
