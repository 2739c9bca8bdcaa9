"""Steps of time: hours, days and months of a zone, each with a number and its start in UTC.

A day of a zone has 23 or 25 hours where its clocks change: steps are numbered by the local calendar
and known by the moment at which they begin, never by adding seconds. Hours are numbered by the
moments, so that the two hours of one name in autumn are two.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pyspark.sql import Column, functions as F

from gridcontainer.panel.declaration import Step

_HOUR: Final = 3600
_EPOCH: Final = date(1970, 1, 1)


def step_number(time: Column, step: Step, zone: str) -> Column:
    """The number of the step in which a moment lies; 0 where all is one step.

    Hours and days are counted from 1970, months from the year 0.
    """
    local = F.from_utc_timestamp(time, zone)
    if step == "hour":
        start = F.unix_seconds(time) - F.pmod(F.unix_seconds(local), F.lit(_HOUR))
        return F.floor(start / _HOUR).cast("long")
    if step == "day":
        return F.unix_date(F.to_date(local)).cast("long")
    if step == "month":
        return (F.year(local) * 12 + F.month(local) - 1).cast("long")
    return F.lit(0).cast("long")


def only_step(cell: Column) -> Column:
    """The number of the one step of what has no time, as a value of each row.

    Not as a constant: what Spark knows of a constant column makes ``localCheckpoint`` fail with
    "key not found".
    """
    return cell * F.lit(0).cast("long")


def step_start(number: int, step: Step, zone: str) -> datetime | None:
    """The moment at which a step begins, in UTC; None where all is one step."""
    if step == "static":
        return None
    place = ZoneInfo(zone)
    if step == "hour":
        moment = datetime.fromtimestamp(number * _HOUR, UTC)
        offset = moment.astimezone(place).utcoffset() or timedelta()
        return moment + timedelta(seconds=-offset.total_seconds() % _HOUR)
    day = (
        _EPOCH + timedelta(days=number) if step == "day" else date(number // 12, number % 12 + 1, 1)
    )
    return datetime(day.year, day.month, day.day, tzinfo=place).astimezone(UTC)


def about_steps(time: Column, numbers: tuple[int, int], step: Step, zone: str) -> Column:
    """True of all moments in some steps and of few others; a table can leave out files by it.

    One step more on both sides: where clocks change by half an hour, hours are not alike.

    Args:
        time: of moments.
        numbers: of the first and last step, not static.
        step: which these are.
        zone: in which they are.
    """
    first, last = numbers
    since, until = (step_start(number, step, zone) for number in (first - 1, last + 2))
    return (time >= F.lit(since)) & (time < F.lit(until))


def number_of_day(day: date, step: Step, zone: str, *, is_last: bool = False) -> int:
    """The number of the first (or last) step of a local day."""
    if step == "month":
        return day.year * 12 + day.month - 1
    number = (day - _EPOCH).days
    if step != "hour":
        return number if step == "day" else 0
    start = step_start(number + is_last, "day", zone)
    assert start is not None  # only static has none
    return int(start.timestamp()) // _HOUR - is_last
