"""What a reconstruction did: a result for each source."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gridcontainer.container.query.record_numbers import REMEDY

WHOLE, CHANGES, UNCHANGED = "made anew", "changes", "unchanged"


@dataclass(frozen=True)
class Reconstructed:
    """What became of one source.

    Attributes:
        source: its name.
        way: ``made anew``, ``changes`` or ``unchanged``.
        rows: of the source.
        cells: rows of the table of cells that were written.
        seconds: from start to end.
        unreadable: number of values that are no number, by column of numbers; of all rows that
            the cells are made of, whatever the way.
    """

    source: str
    way: str
    rows: int = 0
    cells: int = 0
    seconds: float = 0.0
    unreadable: Mapping[str, int] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """A line for each column with values that are not in its numbers, and what to do."""
        return [
            f"{self.source}: {count:,} values of {column} are no number and not in its cells' "
            f"numbers; {REMEDY}"
            for column, count in sorted(self.unreadable.items())
        ]


@dataclass(frozen=True)
class Outcome:
    """What a reconstruction did.

    Attributes:
        results: of the sources that went well, in their order.
        failures: of the others, by name: what is wrong and what to do.
        gone: sources that the container has no more, whose cells were taken away.
    """

    results: tuple[Reconstructed, ...]
    failures: dict[str, str]
    gone: tuple[str, ...] = ()
