"""The bits of a time integer: fields, the first time at or after an integer, gaps of the calendar.

Source: the project's short specification of time codes.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import Bools, Int64s, flat_cells
from gridcontainer.grid.time_reading import Times

MAX_TIME_LEVEL: Final = 63
INVALID_TIME_CODE: Final = -1
FIELD_LEVELS: Final = {
    "year": 17,
    "month": 21,
    "day": 26,
    "hour": 31,
    "minute": 37,
    "second": 43,
    "millisecond": 53,
    "microsecond": 63,
}

YEARS: Final = 1 << 16
_CODES = YEARS << 46
SHIFTS: Final = {name: MAX_TIME_LEVEL - level for name, level in FIELD_LEVELS.items()}
_MILLISECOND, _SECOND, _MINUTE = 1_000, 1_000_000, 60_000_000
_HOUR, _DAY = 60 * _MINUTE, 24 * 60 * _MINUTE
_UNITS: Final = (  # microseconds of one, and of as many as the next unit holds
    ("millisecond", _MILLISECOND, _SECOND),
    ("second", _SECOND, _MINUTE),
    ("minute", _MINUTE, _HOUR),
    ("hour", _HOUR, _DAY),
)
_FIELDS: Final = {  # mask of each field's value
    name: (1 << (level - above)) - 1
    for (name, level), above in zip(FIELD_LEVELS.items(), [1, *FIELD_LEVELS.values()], strict=False)
}
MASKS: Final = np.array(  # by level; 0 is none
    [0, *(-1 << (MAX_TIME_LEVEL - level) for level in range(1, MAX_TIME_LEVEL + 1))], dtype=np.int64
)


def pack(moments: Times) -> Int64s:
    """Level-63 integers of times in the years 0 to 65535."""
    years, months, days = (moments.astype(f"datetime64[{unit}]") for unit in "YMD")
    code: Int64s = (years.astype(np.int64) + 1970) << SHIFTS["year"]
    code |= ((months - years).astype(np.int64) + 1) << SHIFTS["month"]
    code |= ((days - months).astype(np.int64) + 1) << SHIFTS["day"]
    rest = (moments - days).astype(np.int64)
    for name, unit, _ in reversed(_UNITS):
        value, rest = np.divmod(rest, unit)
        code |= value << SHIFTS[name]
    code |= rest
    return code


def first_times(words: Int64s) -> Times:
    """The first time whose integer is not below each word, 0 to 2**62.

    A field beyond its range gives the first time of the next higher unit, so that the first time
    after a cell is that of the word after its last.
    """
    fields = {name: words >> shift & _FIELDS[name] for name, shift in SHIFTS.items()}
    rest = np.minimum(fields["microsecond"], _MILLISECOND)
    for name, unit, limit in _UNITS:
        rest = np.minimum(fields[name] * unit + rest, limit)
    day, month = fields["day"], fields["month"]
    rest = np.where(day == 0, 0, (day - 1) * _DAY + rest)
    starts = (words >> SHIFTS["year"]) * 12 + np.clip(month - 1, 0, 12) - 1970 * 12
    months, after = _months(starts), _months(starts + 1)
    exists = (month >= 1) & (month <= 12)
    rest = np.where(exists, np.minimum(rest, (after - months).astype(np.int64)), 0)
    times: Times = months + rest.astype("timedelta64[us]")
    return times


def _months(since_1970: Int64s) -> Times:
    return since_1970.astype("datetime64[M]").astype("datetime64[us]")


def intervals(codes: Int64s, levels: Int64s) -> tuple[Times, Times]:
    """First time of each cell and the first one after it; equal for a gap of the calendar."""
    return first_times(codes), first_times(codes + (np.int64(1) << (MAX_TIME_LEVEL - levels)))


def is_cell(codes: Int64s, levels: Int64s) -> Bools:
    """True where an integer is a cell of its level that holds a time."""
    valid: Bools = (codes >= 0) & (codes < _CODES) & (codes & ~MASKS[levels] == 0)
    start, end = intervals(np.where(valid, codes, 0), levels)
    return valid & (start < end)


def check_level(level: int) -> int:
    """The level, a whole number from 1 to 63.

    Raises:
        CodeError: it is not.
    """
    if isinstance(level, bool) or level not in range(1, MAX_TIME_LEVEL + 1):
        raise CodeError(f"time level {level!r} is not a whole number from 1 to {MAX_TIME_LEVEL}")
    return int(level)


def explain(code: int, level: int) -> str:
    """Why an integer is no cell of that level; ``""`` where it is one."""
    if not 0 <= code < _CODES:
        return "is outside the years 0 to 65535 (how others are written is unverified)"
    if code & ~int(MASKS[level]):
        return f"has bits below level {level}"
    year, month = code >> SHIFTS["year"], code >> SHIFTS["month"] & 15
    for name, lowest, highest in _ranges(year, month):
        value = code >> SHIFTS[name] & _FIELDS[name]
        if value > highest or (value < lowest and level >= FIELD_LEVELS[name]):
            return f"has {name} {value}; {lowest}-{highest} exist in the calendar"
    return ""


def _ranges(year: int, month: int) -> list[tuple[str, int, int]]:
    start = _months(np.array([year * 12 + month - 1 - 1970 * 12, year * 12 + month - 1970 * 12]))
    days = int((start[1] - start[0]) // np.timedelta64(1, "D"))
    return [
        ("month", 1, 12),
        ("day", 1, days),
        ("hour", 0, 23),
        ("minute", 0, 59),
        ("second", 0, 59),
        ("millisecond", 0, 999),
        ("microsecond", 0, 999),
    ]


def flat_codes(codes: ArrayLike, level: ArrayLike) -> tuple[Int64s, Int64s, tuple[int, ...]]:
    """Flat integers, their levels and the shape.

    Raises:
        CodeError: no such level.
    """
    flat, shape = flat_cells(codes)
    levels = np.broadcast_to(np.asarray(level), shape).reshape(-1)
    for number in np.unique(levels).tolist():
        check_level(number)
    return flat, levels.astype(np.int64), shape


def require_codes(codes: ArrayLike, level: ArrayLike) -> tuple[Int64s, Int64s, tuple[int, ...]]:
    """Flat integers, their levels and the shape.

    Raises:
        CodeError: no such level, or integers that are no cells: names the count, and index, value
            and fault of the first.
    """
    flat, levels, shape = flat_codes(codes, level)
    bad = np.flatnonzero(~is_cell(flat, levels))
    if bad.size:
        code, number = int(flat[bad[0]]), int(levels[bad[0]])
        raise CodeError(
            f"{bad.size} of {flat.size} integers are no time codes of their level; the first is "
            f"index {bad[0]}, {code} at level {number}: {explain(code, number)}"
        )
    return flat, levels, shape
