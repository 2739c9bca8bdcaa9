"""Typed columns of times: timestamps, days, numbers."""

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.judge.time_calendar import DAY, SECOND
from gridcontainer.container.judge.time_faults import Fault
from gridcontainer.container.judge.time_numbers import counts_of_numbers, numbers_of
from gridcontainer.container.judge.time_settle import FIRST_INSTANT, LAST_INSTANT, Reading
from gridcontainer.container.judge.time_shapes import Rows
from gridcontainer.container.judge.time_texts import read_counts
from gridcontainer.grid.arrays import Int64s

_ARROW = cast(Any, pyarrow.compute)
_ZEROS = r"( 00:00:00)?(\.0+)?$"
_SCALES = {"s": SECOND, "ms": SECOND // 1_000, "us": 1, "ns": 1}


def holds_times(kind: pa.DataType) -> bool:
    """Whether values of a type are times as such, whatever a declaration says of texts."""
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def holds_numbers(kind: pa.DataType) -> bool:
    """Whether values of a type are numbers that ``unix...`` and ``excel`` read as such."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def texts_of(column: pa.Array) -> pa.Array:
    """A column of any type as texts, for a pattern to read.

    Whole floating-point numbers come without a fraction, times of the day without one that is 0,
    and a timestamp at midnight as its day. Of a type without texts, such as a list, all is null.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        decoded = (value and value.decode(errors="replace") for value in column.to_pylist())
        return pa.array(decoded, pa.string())
    try:
        texts = column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_time(kind) or pa.types.is_timestamp(kind):
        return _ARROW.replace_substring_regex(texts, pattern=_ZEROS, replacement="")
    return texts


def read_typed(column: pa.Array, rows: Rows, into: Reading) -> None:
    """Read timestamps and days.

    A timestamp with a zone is an instant; one without stands on the clock of the declared zone, and
    a day is its midnight there. Nanoseconds below a microsecond are cut downwards.

    Args:
        column: timestamps of any unit or days.
        rows: numbers of the rows to read, none of them null.
        into: gets the times.
    """
    kind = column.type
    values = _integers(column)[rows]
    if pa.types.is_date32(kind):
        scale = DAY
    elif pa.types.is_date64(kind):
        scale = _SCALES["ms"]
    else:
        scale = _SCALES[kind.unit]
        if kind.unit == "ns":
            values = np.floor_divide(values, 1_000)
    inside = (values >= FIRST_INSTANT // scale) & (values <= LAST_INSTANT // scale)
    times = np.where(inside, values, 0) * scale
    faults = np.where(inside, Fault.NONE, Fault.OUT_OF_RANGE).astype(np.uint8)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        into.put_instants(rows, times, faults)
    else:
        into.put_local(rows, times, faults)


def read_numbers(column: pa.Array, rows: Rows, form: str, into: Reading) -> None:
    """Read a column of numbers by ``unix...`` or ``excel``."""
    read_counts(counts_of_numbers(numbers_of(column)[rows]), rows, form, into)


def _integers(column: pa.Array) -> Int64s:
    """The integers that stand for timestamps and days, whatever for nulls."""
    kind = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
    values = column.view(kind).fill_null(0).to_numpy(zero_copy_only=False)
    return cast(Int64s, values.astype(np.int64, copy=False))
