"""Fields of times to local microseconds since 1970, by the proleptic Gregorian calendar."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np

from gridcontainer.container.judge.time_faults import Fault, Faults
from gridcontainer.container.judge.time_shapes import ShapedRows, Span
from gridcontainer.container.judge.time_words import is_afternoon, month_number, weekday_number
from gridcontainer.grid.arrays import Bools, Int64s

SECOND = 1_000_000
DAY = 86_400 * SECOND
_LAST_YEAR = 9999
_MONTHS = np.arange("0001-01", f"{_LAST_YEAR + 1}-02", dtype="datetime64[M]")
# Day of each month's first since 1970; the one behind the last month is there for its length.
_STARTS = _MONTHS.astype("datetime64[D]").astype(np.int64)
_LENGTHS = np.diff(_STARTS)


@dataclass(frozen=True)
class LocalTimes:
    """Times on the clock of a place.

    Attributes:
        days: midnights, in microseconds since 1970-01-01 00:00 on the same clock.
        clock: microseconds since midnight; more than a day's where hours run on.
        faults: why a time cannot be read; its other values mean nothing then.
    """

    days: Int64s
    clock: Int64s
    faults: Faults


class FieldReader:
    """Reads the fields of texts of one shape."""

    def __init__(self, texts: ShapedRows, *, past_midnight: bool) -> None:
        """Start to read; ``past_midnight`` allows hours 24 to 99."""
        self.texts = texts
        self.past_midnight = past_midnight
        self.faults = np.zeros(len(texts.rows), np.uint8)

    def read(self) -> LocalTimes:
        """The times on the clock of the place."""
        self._refuse_gaps()
        if self.texts.shape.contradicts:
            self.faults[:] = Fault.CONTRADICTION
        days = self._days()
        clock = self._clock()
        self._check_weekday(days)
        return LocalTimes(days * DAY, clock, self.faults)

    def fault(self, where: Bools, fault: Fault) -> None:
        """Note a fault; the first one of a row stays."""
        if where.any():
            self.faults[where & (self.faults == 0)] = fault

    def number(self, name: str) -> Int64s | None:
        """The whole numbers of a field; None where the texts do not have it."""
        return self._once(self.texts.spans(name), self.texts.number)

    def _once(self, spans: list[Span], read: Callable[[Span], Int64s]) -> Int64s | None:
        """The value of a field; where alternatives give it twice they must agree."""
        if not spans:
            return None
        value = read(spans[0])
        for span in spans[1:]:
            self.fault(read(span) != value, Fault.CONTRADICTION)
        return value

    def _has(self, *names: str) -> bool:
        return any(self.texts.spans(name) or self.texts.word(name) for name in names)

    def _refuse_gaps(self) -> None:
        """A text of a pattern with optional parts may lack one between two others."""
        year, day = self._has("year", "shortyear"), self._has("day", "yearday")
        month, hour = self._has("month", "monthname"), self._has("hour", "hour12", "hour11")
        gap = (
            (month and not year)
            or (self._has("day") and not month)
            or (hour and year and not day)
            or (self._has("minute") and not hour)
            or (self._has("second") and not self._has("minute"))
            or not (year or hour)
        )
        if gap:
            self.faults[:] = Fault.GAP

    def _days(self) -> Int64s:
        """Days since 1970-01-01."""
        count = len(self.texts.rows)
        years = self.number("year")
        short = self.number("shortyear")
        if short is not None:
            years = short + 2000
        if years is None:
            return np.zeros(count, np.int64)
        self.fault(years < 1, Fault.OUT_OF_RANGE)
        months = self.number("month")
        word = self.texts.word("monthname")
        if word is not None:
            months = np.full(count, month_number(word))
        yearday = self.number("yearday")
        if yearday is not None:
            return self._days_of_year(years, yearday)
        days = self.number("day")
        months = np.ones(count, np.int64) if months is None else months
        days = np.ones(count, np.int64) if days is None else days
        wrong_month = (months < 1) | (months > 12)
        self.fault(wrong_month, Fault.NO_SUCH_DAY)
        at = np.clip((years - 1) * 12 + months - 1, 0, len(_LENGTHS) - 1)
        self.fault((days < 1) | (days > _LENGTHS[at]), Fault.NO_SUCH_DAY)
        return cast(Int64s, _STARTS[at] + days - 1)

    def _days_of_year(self, years: Int64s, yearday: Int64s) -> Int64s:
        at = np.maximum((years - 1) * 12, 0)
        longest = _STARTS[at + 12] - _STARTS[at]
        self.fault((yearday < 1) | (yearday > longest), Fault.NO_SUCH_DAY)
        return cast(Int64s, _STARTS[at] + yearday - 1)

    def _clock(self) -> Int64s:
        """Microseconds since midnight."""
        hours = self._hours()
        if hours is None:
            return np.zeros(len(self.texts.rows), np.int64)
        clock = hours * 3600
        minutes = self.number("minute")
        if minutes is not None:
            self.fault(minutes > 59, Fault.NO_SUCH_CLOCK)
            clock += minutes * 60
        seconds = self.number("second")
        if seconds is not None:
            self.fault(seconds == 60, Fault.LEAP_SECOND)
            self.fault(seconds > 60, Fault.NO_SUCH_CLOCK)
            clock += seconds
        clock *= SECOND
        fraction = self._once(self.texts.spans("fraction"), self._microseconds)
        return clock if fraction is None else clock + fraction

    def _microseconds(self, span: Span) -> Int64s:
        """A fraction of a second; digits behind the sixth are cut, so that no time moves on."""
        return self.texts.fraction(span, 6)[0]

    def _hours(self) -> Int64s | None:
        word = self.texts.word("half")
        half = None if word is None else 12 * is_afternoon(word)
        hours = self.number("hour")
        for name, least in (("hour12", 1), ("hour11", 0)):
            twelve = self.number(name)
            if twelve is None:
                continue
            if half is None:
                self.faults[:] = Fault.NO_HALF
            self.fault((twelve < least) | (twelve > least + 11), Fault.NO_SUCH_CLOCK)
            found = twelve % 12 + (half or 0)
            if hours is not None:
                self.fault(hours != found, Fault.CONTRADICTION)
            hours = found
        if hours is None:
            return None
        if not self.past_midnight:
            self.fault(hours > 23, Fault.PAST_MIDNIGHT)
        if half is not None:
            self.fault(hours // 12 * 12 != half, Fault.CONTRADICTION)
        return hours

    def _check_weekday(self, days: Int64s) -> None:
        word = self.texts.word("weekday")
        if word is not None and self._has("year", "shortyear"):
            self.fault((days + 3) % 7 != weekday_number(word), Fault.CONTRADICTION)
