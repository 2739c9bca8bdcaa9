"""Rows that could not go in as they came, and why; ``frames`` is the same with Spark."""

from gridcontainer.container.quarantine.count import ReasonCount, count_quarantined
from gridcontainer.container.quarantine.replace import (
    read_quarantined,
    replace_quarantined,
    write_quarantine_files,
)

__all__ = [
    "ReasonCount",
    "count_quarantined",
    "read_quarantined",
    "replace_quarantined",
    "write_quarantine_files",
]
