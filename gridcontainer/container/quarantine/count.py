"""How many rows of each dataset are in quarantine, by reason, counted in bounded memory."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.log import read_snapshot
from gridcontainer.container.tables.rows import read_rows

_KEYS: Final = ["dataset", "reason"]
_RELEASED: Final = "mended"


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
    """Counts by dataset and reason, one file at a time; empty where there is no quarantine.

    Raises:
        StorageError: the quarantine uses a Delta feature that only Spark can read.
    """
    there = read_snapshot(storage.quarantine)
    if there is None:
        return {}
    # An earlier release wrote no column ``mended``: all of its rows are waiting.
    columns = [name for name in (*_KEYS, _RELEASED) if name in there.metadata.schema.names]
    counts: dict[str, dict[str, ReasonCount]] = {}
    for file in there.files:
        one = dataclasses.replace(there, files=(file,))
        for row in _count(read_rows(storage.quarantine, one, columns=columns)):
            reason = counts.setdefault(row["dataset"], {}).setdefault(row["reason"], ReasonCount())
            reason.released += row["mended_count"]
            reason.waiting += row["count_all"] - row["mended_count"]
    return counts


def _count(rows: pa.Table) -> list[dict[str, Any]]:
    if _RELEASED not in rows.column_names:
        rows = rows.append_column(_RELEASED, pa.nulls(rows.num_rows, pa.string()))
    counted = rows.group_by(_KEYS).aggregate([([], "count_all"), (_RELEASED, "count")])
    found: list[dict[str, Any]] = counted.to_pylist()
    return found
