"""Delta tables: schemas, layout, commits, changes.

Without Spark: ``log``, ``rows``, ``data_files``, ``update``, ``state``. With it: ``frames``,
``arrange``, ``merge``, ``changes``, ``feed``.
"""

from gridcontainer.container.tables.actions import DataFile, Snapshot, TableMetadata
from gridcontainer.container.tables.log import open_log, read_snapshot, require_snapshot
from gridcontainer.container.tables.rows import read_rows

__all__ = [
    "DataFile",
    "Snapshot",
    "TableMetadata",
    "open_log",
    "read_rows",
    "read_snapshot",
    "require_snapshot",
]
