"""What a night did, for people: from the ledger alone, so that it is true after any restart."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from gridcontainer.nightly.ledger import Entry, latest_of, night_before


@dataclass(frozen=True)
class NightReport:
    """A night as the ledger has it.

    Attributes:
        title: of the city's night.
        night: its date.
        container: its root.
        made: when, UTC.
        starts: of the job that this night took.
        entries: the last one of each task, in the order in which they were done.
        former: the night before that the ledger knows.
        changes: what is otherwise than that night, a line each.
        trouble: what kept the night from its end; empty if nothing did.
    """

    title: str
    night: date
    container: str
    made: datetime
    starts: int
    entries: Sequence[Entry]
    former: date | None
    changes: Sequence[str]
    trouble: str = ""

    def of_status(self, *statuses: str) -> list[Entry]:
        """Entries that ended so."""
        return [entry for entry in self.entries if entry.status in statuses]

    @property
    def is_well(self) -> bool:
        """Whether everything was done."""
        return not self.trouble and len(self.of_status("done")) == len(self.entries)

    @property
    def seconds(self) -> float:
        """That the tasks took, all together."""
        return sum(entry.seconds or 0.0 for entry in self.entries)

    @property
    def headline(self) -> str:
        """The night in a line."""
        counts = ((s, len(self.of_status(s))) for s in ("done", "failed", "skipped", "started"))
        told = ", ".join(f"{count} {status}" for status, count in counts if count)
        starts = f", {self.starts} starts" if self.starts > 1 else ""
        return f"{told or 'nothing to do'}; {self.seconds:,.0f} s of work{starts}"

    def by_step(self) -> Iterator[tuple[str, list[Entry]]]:
        """The entries of each step."""
        steps = dict.fromkeys(entry.step for entry in self.entries)
        for step in steps:
            yield step, [entry for entry in self.entries if entry.step == step]

    def to_json(self) -> str:
        """The same for machines."""
        return json.dumps(asdict(self) | {"is_well": self.is_well}, ensure_ascii=False, default=str)


def build_report(
    entries: Iterable[Entry], *, title: str, night: date, container: str, made: datetime,
    trouble: str = "",
) -> NightReport:  # fmt: skip
    """What the ledger says of a night.

    Args:
        entries: of the ledger.
        title: of the city's night.
        night: its date.
        container: its root.
        made: now.
        trouble: what kept the night from its end.
    """
    known = list(entries)
    tonight = latest_of(known, night)
    former = night_before(known, night)
    changes = find_changes(tonight.values(), latest_of(known, former).values()) if former else []
    return NightReport(
        title=title,
        night=night,
        container=container,
        made=made,
        starts=len({entry.start_id for entry in known if entry.night == night}),
        entries=list(tonight.values()),
        former=former,
        changes=changes,
        trouble=trouble,
    )


def find_changes(tonight: Iterable[Entry], former: Iterable[Entry]) -> list[str]:
    """What is otherwise than in a former night: ends, and rows in, out and aside."""
    before = {entry.key: entry for entry in former}
    lines = []
    for entry in tonight:
        name, last = " ".join(entry.key), before.pop(entry.key, None)
        if last is None:
            lines.append(f"{name}: new")
            continue
        if last.status != entry.status:
            lines.append(f"{name}: {entry.status}, was {last.status}")
        for what in ("rows_in", "rows_out", "rows_aside"):
            now, then = getattr(entry, what), getattr(last, what)
            if now is not None and then is not None and now != then:
                lines.append(f"{name}: {what.replace('_', ' ')} {now:,}, {now - then:+,}")
    return lines + [f"{' '.join(key)}: no longer there" for key in before]
