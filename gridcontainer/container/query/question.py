"""A question to the container: where, when, and of whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gridcontainer.container.query.area import Area
from gridcontainer.errors import QueryError


@dataclass(frozen=True)
class Question:
    """What is asked for; what is None or empty does not restrict.

    Attributes:
        area: rows with their position in it, and rows whose line or polygon meets it.
        since: rows whose ``event_time`` is at or after it.
        until: rows whose ``event_time`` is before it.
        datasets: names.
        departments: names.
        tags: data sets that have one of them.
        as_of: rows of tables with history that were valid then; those valid now where None.
    """

    area: Area | None = None
    since: datetime | None = None
    until: datetime | None = None
    datasets: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    as_of: datetime | None = None

    @property
    def asks_time(self) -> bool:
        """Whether data sets without a time are left out."""
        return self.since is not None or self.until is not None

    def wants(self, department: str, dataset: str, properties: Mapping[str, str]) -> bool:
        """Whether a data set is asked for."""
        return (
            (not self.datasets or dataset in self.datasets)
            and (not self.departments or department in self.departments)
            and (not self.tags or not set(self.tags).isdisjoint(tags_of(properties)))
        )


def tags_of(properties: Mapping[str, str]) -> list[str]:
    """The tags of a table with these properties."""
    return [tag for tag in properties.get("gridcontainer.tags", "").split(",") if tag]


def parse_time(text: str, zone: str) -> datetime:
    """A time as ISO 8601, in UTC.

    Args:
        text: such as ``2015-04-01`` or ``2015-04-01T08:30``; an offset or ``Z`` may follow.
        zone: of a time without offset.

    Raises:
        QueryError: no such time.
    """
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is no time; write it as 2015-04-01T08:30") from None
