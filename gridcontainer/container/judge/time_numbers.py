"""Times that are numbers: counts of seconds and parts of them since 1970, and days of Excel."""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridcontainer.container.judge.time_calendar import DAY, SECOND
from gridcontainer.container.judge.time_faults import Fault, Faults
from gridcontainer.container.judge.time_shapes import ShapedRows
from gridcontainer.grid.arrays import Bools, Float64s, Int64s

UNITS = {"unix": 1, "unix_ms": 1_000, "unix_us": 1_000_000, "unix_ns": 1_000_000_000}
_ITS_UNIT = {
    1: Fault.IS_SECONDS,
    1_000: Fault.IS_MILLISECONDS,
    1_000_000: Fault.IS_MICROSECONDS,
    1_000_000_000: Fault.IS_NANOSECONDS,
}
# A count of seconds from 2001-09-09 to 2286-11-20 has ten digits.
_TEN_DIGITS, _ELEVEN_DIGITS = 10**9, 10**10
_EXCEL_1970 = 25_569  # serial number of 1970-01-01
_EXCEL_LEAP_DAY = 60  # 1900-02-29, which was no day: the numbers below are one behind
_EXCEL_LAST = 2_958_465  # 9999-12-31
_MILLISECONDS = 86_400_000


@dataclass(frozen=True)
class Counts:
    """Numbers, exactly.

    Attributes:
        whole: digits before the point, without the sign; negative where they are too many.
        part: digits behind the point as a number of nanounits, 0 to 999 999 999.
        more: whether digits that are not 0 follow.
        share: the part as a share of 1.
        is_negative: whether the number is below 0.
        faults: why a number cannot be read.
    """

    whole: Int64s
    part: Int64s
    more: Bools
    share: Float64s
    is_negative: Bools
    faults: Faults


def counts_of_texts(texts: ShapedRows) -> Counts:
    """The numbers that texts of one shape hold."""
    count = len(texts.rows)
    whole = texts.number(texts.spans("whole")[0])
    part, share, more = np.zeros(count, np.int64), np.zeros(count), np.zeros(count, bool)
    for span in texts.spans("part"):
        part, more = texts.fraction(span, 9)
        share = texts.fraction(span, 15)[0] / 1e15
    negative = np.full(count, texts.word("minus") == "-")
    return Counts(whole, part, more, share, negative, np.zeros(count, np.uint8))


def counts_of_numbers(values: npt.NDArray[np.integer | np.floating]) -> Counts:
    """The numbers of a typed column without nulls.

    A fraction of a floating-point number is rounded to microunits: it has no more of them.
    """
    faults = np.zeros(len(values), np.uint8)
    nothing = np.zeros(len(values), np.int64)
    negative = values < 0
    if not np.issubdtype(values.dtype, np.floating):
        fits = values <= np.iinfo(np.int64).max
        whole = np.abs(np.where(fits, values, 0).astype(np.int64))
        whole[~fits] = -1
        return Counts(whole, nothing, negative & False, nothing.astype(float), negative, faults)
    exact = 2.0 ** (np.finfo(cast(Any, values.dtype)).nmant + 1)
    finite = np.isfinite(values)
    size = np.abs(np.where(finite, values, 0).astype(np.float64))
    faults[np.isnan(values)] = Fault.MISSING
    faults[np.isinf(values)] = Fault.NO_MATCH
    whole = np.where(size < 9e18, size, 0).astype(np.int64)
    whole[size >= 9e18] = -1
    faults[finite & (size >= exact)] = Fault.INEXACT
    share = np.where(size < exact, size - np.floor(size), 0)
    part = np.rint(share * 1e6).astype(np.int64) * 1_000
    return Counts(whole + part // 10**9, part % 10**9, negative & False, share, negative, faults)


def numbers_of(column: pa.Array) -> npt.NDArray[np.integer | np.floating]:
    """The values of a typed column of whole or floating-point numbers, 0 for nulls."""
    values: npt.NDArray[np.integer | np.floating] = column.fill_null(0).to_numpy(
        zero_copy_only=False
    )
    return values


def unix_instants(counts: Counts, unit: int) -> tuple[Int64s, Faults]:
    """Instants of counts since 1970, in microseconds; what is below them is cut downwards.

    A count whose size says another unit is a fault: it would be a time of another day.

    Args:
        counts: the numbers.
        unit: units of the count in a second.
    """
    faults = counts.faults.copy()
    _check_size(counts, unit, faults)
    whole = np.where(counts.whole < 0, 0, counts.whole)
    if unit <= SECOND:
        scale = SECOND // unit
        part, rest = np.divmod(counts.part * scale, 10**9)
        instants, more = np.where(faults == 0, whole, 0) * scale + part, (rest > 0) | counts.more
    else:
        instants, rest = np.divmod(whole, unit // SECOND)
        more = (rest > 0) | (counts.part > 0) | counts.more
    return np.where(counts.is_negative, -instants - more, instants), faults


def _check_size(counts: Counts, unit: int, faults: Faults) -> None:
    whole = counts.whole
    too_big = whole >= _ELEVEN_DIGITS * unit
    for other in reversed(UNITS.values()):
        if other > unit:
            faults[too_big & (whole < _ELEVEN_DIGITS * other)] = _ITS_UNIT[other]
        elif other < unit:
            ten_digits = (whole >= _TEN_DIGITS * other) & (whole < _ELEVEN_DIGITS * other)
            faults[ten_digits & ~counts.is_negative] = _ITS_UNIT[other]
    faults[whole < 0] = Fault.TOO_BIG


def excel_days(counts: Counts) -> tuple[Int64s, Faults]:
    """Local times of Excel's serial numbers in its system of 1900, in microseconds since 1970.

    Times are rounded to milliseconds, as Excel shows them: the numbers hold 15 digits, so 08:00 is
    0.333333333333333.

    Source: https://learn.microsoft.com/office/troubleshoot/excel/1900-and-1904-date-system
    """
    faults = counts.faults.copy()
    day = counts.whole
    wrong = (day < 1) | (day > _EXCEL_LAST) | counts.is_negative
    faults[wrong & (faults == 0)] = Fault.NO_EXCEL_DAY
    faults[(day == _EXCEL_LEAP_DAY) & (faults == 0)] = Fault.NO_DAY_1900
    since = np.clip(day, 0, _EXCEL_LAST) - _EXCEL_1970 + (day < _EXCEL_LEAP_DAY)
    clock = np.rint(counts.share * _MILLISECONDS).astype(np.int64) * 1_000
    return since * DAY + clock, faults
