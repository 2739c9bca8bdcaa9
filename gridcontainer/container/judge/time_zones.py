"""Local times to instants, by the zone's own changes of its clock.

The zones are those of Python's ``zoneinfo``: the machine's database, else the package ``tzdata``,
which pandas installs. Arrow's functions are not used: they know the machine's database only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np

from gridcontainer.container.judge.time_calendar import SECOND
from gridcontainer.grid.arrays import Bools, Int64s

_DAY = 86_400
_FIRST_YEAR = 1800  # no zone changed its clock before
_LAST_YEAR = 2437  # behind 2037 a zone follows one rule for ever, so its years repeat
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097  # of the Gregorian calendar


@dataclass(frozen=True)
class Change:
    """A change of a zone's clock.

    Attributes:
        at: seconds since 1970 in UTC.
        before: offset until then, in seconds east of UTC.
        after: offset from then on.
    """

    at: int
    before: int
    after: int


@dataclass(frozen=True)
class Instants:
    """Instants of local times.

    Attributes:
        earlier: microseconds since 1970 in UTC; the first of two instants of one local time.
        later: the second one; equal to ``earlier`` where there is one.
        is_skipped: the clock never showed this time; both instants mean nothing.
        change: number of the change that skips or repeats the time; -1 for others.
    """

    earlier: Int64s
    later: Int64s
    is_skipped: Bools
    change: Int64s

    @property
    def is_twice(self) -> Bools:
        """Whether the clock showed this time twice."""
        return cast(Bools, (self.earlier != self.later) & ~self.is_skipped)


def to_instants(local: Int64s, zone: str) -> Instants:
    """Find the instants of local times.

    Args:
        local: microseconds since 1970-01-01 00:00 on the zone's clock, in the years 1 to 9999.
        zone: name of a zone.
    """
    changes = _changes(local, zone)
    before = np.array([change.before for change in changes], np.int64)
    after = np.array([change.after for change in changes], np.int64)
    at = np.array([change.at for change in changes], np.int64)
    # A clock put forward skips [at + before, at + after); put back it repeats [at + after, ...).
    bounds = np.column_stack([at + np.minimum(before, after), at + np.maximum(before, after)])
    offsets = np.column_stack([before, after])
    place = np.searchsorted(bounds.ravel() * SECOND, local, side="right")
    change, is_inside = place // 2, place % 2 == 1
    # Between two changes the offset is the one before the next change; behind the last its own.
    plain = np.append(offsets[:, 0], offsets[-1, 1])[change]
    if not is_inside.any():
        instants = local - plain * SECOND
        return Instants(instants, instants, is_inside, np.full(len(local), -1))
    first = np.where(is_inside, before[np.minimum(change, len(at) - 1)], plain)
    second = np.where(is_inside, after[np.minimum(change, len(at) - 1)], plain)
    return Instants(
        local - first * SECOND,
        local - second * SECOND,
        is_inside & (second > first),
        np.where(is_inside, change, -1),
    )


def _changes(local: Int64s, zone: str) -> list[Change]:
    """The changes of a zone in and around the years of the local times; at least one."""
    years: set[int] = set()
    if len(local):
        found: Iterable[int]
        first, last = (int(t.astype("datetime64[us]").astype("datetime64[Y]").astype(int)) + 1970
                       for t in (local.min(), local.max()))  # fmt: skip
        found = range(first, last + 1)
        if last - first > 200:
            found = np.unique(local.astype("datetime64[us]").astype("datetime64[Y]").astype(int))
            found = [int(year) + 1970 for year in found]
        years = {near for year in found for near in (year - 1, year, year + 1)}
    changes: list[Change] = []
    offset = _year(zone, min(years, default=1970))[0]
    for year in sorted(years):
        start, own = _year(zone, year)
        if start != offset:  # the years between were left out
            changes.append(Change(_new_year(year), offset, start))
        changes += own
        offset = own[-1].after if own else start
    return changes or [Change(_new_year(_LAST_YEAR), offset, offset)]


@lru_cache(maxsize=16_384)
def _year(zone: str, year: int) -> tuple[int, tuple[Change, ...]]:
    """A zone's offset when a year begins in UTC, and its changes in it."""
    if year < _FIRST_YEAR:
        return _offset(zone, _new_year(_FIRST_YEAR)), ()
    if year > _LAST_YEAR:
        cycles = (year - _LAST_YEAR - 1) // _CYCLE_YEARS + 1
        start, own = _year(zone, year - cycles * _CYCLE_YEARS)
        shift = cycles * _CYCLE_DAYS * _DAY
        return start, tuple(Change(c.at + shift, c.before, c.after) for c in own)
    days = range(_new_year(year), _new_year(year + 1) + 1, _DAY)
    offsets = [_offset(zone, day) for day in days]
    changes = []
    for day, before, after in zip(days, offsets, offsets[1:], strict=False):
        if before != after:
            changes.append(Change(_moment(zone, day, before), before, after))
    return offsets[0], tuple(changes)


def _moment(zone: str, day: int, before: int) -> int:
    """The second of a day at which the offset ``before`` ends."""
    low, high = day, day + _DAY
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: str, utc: int) -> int:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=utc)
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _new_year(year: int) -> int:
    return int(np.datetime64(f"{year:04}-01-01", "s").astype(np.int64))
