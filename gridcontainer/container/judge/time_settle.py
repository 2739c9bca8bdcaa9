"""Local times and instants of many records, and what becomes of skipped and repeated hours."""

from dataclasses import dataclass, field

import numpy as np

from gridcontainer.container.judge.time_faults import Fault, Faults
from gridcontainer.container.judge.time_order import passes_by_order
from gridcontainer.container.judge.time_shapes import Rows
from gridcontainer.container.judge.time_zones import to_instants
from gridcontainer.grid.arrays import Bools, Int64s

FIRST_INSTANT = int(np.datetime64("0001-01-01", "us").astype(np.int64))
LAST_INSTANT = int(np.datetime64("9999-12-31T23:59:59.999999", "us").astype(np.int64))
_DAYS_BEHIND = 5 * 86_400_000_000  # of hours that run on behind midnight


@dataclass
class Reading:
    """Times of records while they are being read.

    Attributes:
        local: microseconds since 1970 on the clock of the declared zone, where ``is_local``.
        instants: microseconds since 1970 in UTC, for the others.
        is_local: whether the record names no offset and no zone.
        faults: why a time cannot be read.
        notes: details of single records: their rows, and a text for each.
        has_repeated: whether a local time is one that the clock showed twice.
    """

    local: Int64s
    instants: Int64s
    is_local: Bools
    faults: Faults
    notes: list[tuple[Rows, list[str]]] = field(default_factory=list)
    has_repeated: bool = False

    @classmethod
    def of(cls, count: int) -> "Reading":
        """A reading of ``count`` records in which no time was read yet."""
        local, instants = np.zeros(count, np.int64), np.zeros(count, np.int64)
        faults = np.full(count, Fault.NO_MATCH, np.uint8)
        return cls(local, instants, np.zeros(count, bool), faults)

    def put_local(self, rows: Rows, local: Int64s, faults: Faults) -> None:
        """Set times on the clock of the declared zone."""
        self.local[rows], self.faults[rows], self.is_local[rows] = local, faults, True

    def put_instants(self, rows: Rows, instants: Int64s, faults: Faults) -> None:
        """Set instants."""
        self.instants[rows], self.faults[rows], self.is_local[rows] = instants, faults, False

    def settle(self, zone: str, ambiguous: str, *, in_order: bool) -> None:
        """Turn all local times into instants.

        Args:
            zone: declared zone.
            ambiguous: what becomes of a repeated hour that no order tells: ``earlier``, ``later``
                or ``quarantine``.
            in_order: whether the order of the records may tell.
        """
        rows = np.flatnonzero(self.is_local & (self.faults == 0))
        self.settle_rows(rows, self.local[rows], zone, ambiguous, in_order=in_order)
        outside = (self.instants < FIRST_INSTANT) | (self.instants > LAST_INSTANT)
        self.faults[outside & (self.faults == 0)] = Fault.OUT_OF_RANGE

    def settle_rows(
        self, rows: Rows, local: Int64s, zone: str, ambiguous: str, *, in_order: bool
    ) -> None:
        """Turn the local times of some rows, all of one zone, into instants."""
        near = (local >= FIRST_INSTANT) & (local <= LAST_INSTANT + _DAYS_BEHIND)
        if not near.all():
            self.faults[rows[~near]] = Fault.OUT_OF_RANGE
            rows, local = rows[near], local[near]
        found = to_instants(local, zone)
        is_twice = found.is_twice
        self.has_repeated |= bool(is_twice.any())
        self.instants[rows] = found.earlier
        self.is_local[rows] = False
        if not is_twice.any() and not found.is_skipped.any():
            return
        self._note(rows, local, found.is_skipped, Fault.NOT_THERE, f"does not exist in {zone}")
        second = is_twice & (ambiguous == "later")
        open_ones = is_twice
        if in_order:
            sound = ~found.is_skipped
            change = np.where(is_twice, found.change, -1)
            decided, passed = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
            decided[sound], passed[sound] = passes_by_order(local[sound], change[sound])
            second = np.where(decided, passed, second)
            open_ones = is_twice & ~decided
        self.instants[rows[second]] = found.later[second]
        if ambiguous == "quarantine":
            said = f"came twice in {zone}"
            self._note(rows, local, open_ones, Fault.TWICE, said, ": declare ambiguous")

    def _note(
        self,
        rows: Rows,
        local: Int64s,
        where: Bools,
        fault: Fault,
        said: str,
        remedy: str = "",
    ) -> None:
        """Set a fault and its detail: the clock's time, what is said of it, the day, a remedy."""
        if not where.any():
            return
        self.faults[rows[where]] = fault
        times, number = np.unique(local[where], return_inverse=True)
        texts = []
        for text in times.astype("datetime64[us]").astype(str):
            day, _, clock = str(text).partition("T")
            shown = clock[:5] if clock[5:] == ":00.000000" else clock.removesuffix(".000000")
            texts.append(f"{shown} {said} on {day}{remedy}")
        self.notes.append((rows[where], [texts[n] for n in number]))
