"""Ways in which a time cannot be read, with the detail that a person is told."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Fault(IntEnum):
    """Why a time cannot be read; 0 where it can."""

    NONE = 0
    MISSING = 1
    NO_MATCH = 2
    NO_SUCH_DAY = 3
    NO_SUCH_CLOCK = 4
    PAST_MIDNIGHT = 5
    LEAP_SECOND = 6
    CONTRADICTION = 7
    NO_HALF = 8
    GAP = 9
    NO_ZONE = 10
    NO_OFFSET = 11
    OFFSET_AND_ZONE = 12
    OUT_OF_RANGE = 13
    NOT_THERE = 14
    TWICE = 15
    TOO_BIG = 16
    IS_SECONDS = 17
    IS_MILLISECONDS = 18
    IS_MICROSECONDS = 19
    IS_NANOSECONDS = 20
    INEXACT = 21
    NO_DAY_1900 = 22
    NO_EXCEL_DAY = 23
    NEEDS_FORMAT = 24


Faults = npt.NDArray[np.uint8]

DETAILS = {
    Fault.NO_SUCH_DAY: "the calendar has no such day",
    Fault.NO_SUCH_CLOCK: "a day has no such hour, minute or second",
    Fault.PAST_MIDNIGHT: (
        "hour 24 or later: declare hours: past_midnight where times run on behind midnight or "
        "24:00 ends a day"
    ),
    Fault.LEAP_SECOND: "second 60 is a leap second, which UTC in microseconds has no place for",
    Fault.CONTRADICTION: "its parts contradict each other: weekday, AM/PM, or a repeated part",
    Fault.NO_HALF: "an hour of twelve without AM or PM",
    Fault.GAP: "a part is missing between others, such as the day of a time with hours",
    Fault.NO_ZONE: "its zone is unknown, or stands for several offsets",
    Fault.NO_OFFSET: "no offset is more than 18 hours, or its minutes more than 59",
    Fault.OFFSET_AND_ZONE: "its offset is not the one that its zone has then",
    Fault.OUT_OF_RANGE: "outside the years 1 to 9999 in UTC",
    Fault.TOO_BIG: "behind the year 2286 in every unit: no count of a time since 1970",
    Fault.IS_SECONDS: "by its size a count of seconds: declare format: unix",
    Fault.IS_MILLISECONDS: "by its size a count of milliseconds: declare format: unix_ms",
    Fault.IS_MICROSECONDS: "by its size a count of microseconds: declare format: unix_us",
    Fault.IS_NANOSECONDS: "by its size a count of nanoseconds: declare format: unix_ns",
    Fault.INEXACT: "a floating-point number beyond 2^53 is not exact: deliver whole numbers",
    Fault.NO_DAY_1900: "60 is 1900-02-29, a day that Excel has and the calendar does not",
    Fault.NO_EXCEL_DAY: "no day of Excel: they are 1 (1900-01-01) to 2958465 (9999-12-31)",
    Fault.NEEDS_FORMAT: (
        "no time of ISO 8601 such as 2024-01-31 or 2024-01-31T08:00:00+08:00: declare format"
    ),
}
