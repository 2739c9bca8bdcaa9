"""How many rows of each dataset are in quarantine, by reason, counted in bounded memory."""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import TableNotFoundError

from gridcontainer.container.protocol import open_delta
from gridcontainer.container.storage import Storage

_ARROW: Final[Any] = pc  # it has no types
_KEYS: Final = ["dataset", "reason", "released"]


@dataclass
class ReasonCount:
    """Quarantined rows of one dataset with one reason.

    Attributes:
        waiting: number of rows that are still in quarantine.
        released: number of rows that a repair has brought into the table since.
    """

    waiting: int = 0
    released: int = 0


def count_quarantined(storage: Storage) -> dict[str, dict[str, ReasonCount]]:
    """Counts by dataset and reason; empty where there is no quarantine.

    Arrow reads and counts a batch at a time: no row becomes a Python object.

    Raises:
        StorageError: the quarantine uses a Delta feature that only Spark can read.
    """
    try:
        table = open_delta(storage.quarantine)
    except TableNotFoundError:
        return {}
    files = table.to_pyarrow_dataset()
    field = _ARROW.field
    # An earlier release wrote no column ``mended``: all of its rows are waiting.
    released = (
        field("mended").is_valid() if "mended" in files.schema.names else _ARROW.scalar(False)
    )
    columns = {"dataset": field("dataset"), "reason": field("reason"), "released": released}
    parts = [
        pa.Table.from_batches([batch]).group_by(_KEYS).aggregate([([], "count_all")])
        for batch in files.to_batches(columns=columns)
        if batch.num_rows
    ]
    counts: dict[str, dict[str, ReasonCount]] = {}
    for row in pa.concat_tables(parts).to_pylist() if parts else []:
        reason = counts.setdefault(row["dataset"], {}).setdefault(row["reason"], ReasonCount())
        if row["released"]:
            reason.released += row["count_all"]
        else:
            reason.waiting += row["count_all"]
    return counts
