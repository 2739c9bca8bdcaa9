"""What a day is in a city: working, weekend or holiday, made-up working weekends included."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.declaration.fields import Name
from gridcontainer.container.declaration.model import Model
from gridcontainer.container.declaration.yaml_file import load_model

DayType = Literal["working", "weekend", "holiday"]
Weekday = Annotated[int, Field(ge=1, le=7)]


class Holiday(Model):
    """Days off, the first and the last included."""

    name: str
    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"{self.name}: its last day is before its first")
        return self


class DayCalendar(Model):
    """The days of a city; see ``conf/calendars``.

    Attributes:
        calendar: its name.
        title: for people.
        weekend: ISO numbers of the days of the week, Monday is 1.
        years: that it tells of.
        holidays: of these years.
        working_weekends: days of a weekend that are worked.
    """

    calendar: Name
    title: str
    weekend: list[Weekday] = Field(default=[6, 7])
    years: list[int] = Field(min_length=1)
    holidays: list[Holiday] = Field(default=[])
    working_weekends: list[date] = Field(default=[])

    @model_validator(mode="after")
    def _of_these_years(self) -> Self:
        days = [*self.working_weekends, *(h.first for h in self.holidays)]
        if unknown := [day for day in days if day.year not in self.years]:
            raise ValueError(f"{unknown[0]} is in none of its years")
        if working := [d for d in self.working_weekends if d.isoweekday() not in self.weekend]:
            raise ValueError(f"working_weekends: {working[0]} is no day of a weekend")
        return self

    def days(self) -> Iterator[tuple[date, DayType, str | None]]:
        """Each day of its years, what it is, and the holiday's name."""
        named = {
            holiday.first + timedelta(days=number): holiday.name
            for holiday in self.holidays
            for number in range((holiday.last - holiday.first).days + 1)
        }
        worked = set(self.working_weekends)
        for year in sorted(set(self.years)):
            for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days):
                day = date(year, 1, 1) + timedelta(days=number)
                if day in named:
                    yield day, "holiday", named[day]
                elif day.isoweekday() in self.weekend and day not in worked:
                    yield day, "weekend", None
                else:
                    yield day, "working", None


def load_days(path: Path) -> DayCalendar:
    """Read a city's calendar of days.

    Raises:
        DeclarationError: names the file, each faulty key and what it should be.
    """
    return load_model(path, DayCalendar)


def with_days(values: DataFrame, calendar: DayCalendar, zone: str) -> DataFrame:
    """Values with ``local_date`` and what that day is.

    Args:
        values: with ``time``, UTC.
        calendar: of the city.
        zone: of the local day.

    Returns:
        The same rows; ``day_type`` and ``holiday`` are null in years that the calendar does not
        know, and ``holiday`` on all other days.
    """
    days = values.sparkSession.createDataFrame(
        list(calendar.days()), "local_date date, day_type string, holiday string"
    )
    local = values.withColumn("local_date", F.to_date(F.from_utc_timestamp("time", zone)))
    return local.join(F.broadcast(days), "local_date", "left")
