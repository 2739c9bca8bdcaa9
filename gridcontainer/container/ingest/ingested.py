"""What an ingest did."""

from dataclasses import dataclass

from gridcontainer.container.runs import Run
from gridcontainer.container.tables.state import TableState


@dataclass(frozen=True)
class Ingested:
    """What an ingest did.

    Attributes:
        run: row of the run ledger: of this run, or of the earlier one that read the same content.
        changed: False where the source's content was in the container already.
        table: what the dataset's table holds.
        notes: sentences that a person should read.
    """

    run: Run
    changed: bool
    table: TableState
    notes: tuple[str, ...] = ()
