"""Features of Delta tables that are read and written without Spark.

A reader that does not know a feature reads wrong rows: one that does not know deletion vectors
gives the deleted rows again. So a table with any other feature is refused.

Source: Delta Transaction Log Protocol, "Table Features".
"""

from typing import Final

from deltalake import DeltaTable

from gridcontainer.errors import StorageError

_READ: Final = frozenset({"timestampNtz", "vacuumProtocolCheck"})
_WRITTEN: Final = _READ | {"appendOnly", "invariants", "checkConstraints", "changeDataFeed"}
_READER_WITH_MAPPING: Final = 2  # versions before features had names
_WRITER_WITH_GENERATED: Final = 4


def require_known_features(table: DeltaTable, path: str) -> None:
    """The table can be read, and be written, without Spark.

    Raises:
        StorageError: names the features that are not known, and says how to drop them.
    """
    protocol = table.protocol()
    used = {*(protocol.reader_features or ()), *(protocol.writer_features or ())}
    unknown = sorted(used - _WRITTEN)
    if protocol.min_reader_version == _READER_WITH_MAPPING:
        unknown.append("columnMapping")
    if protocol.min_writer_version > _WRITER_WITH_GENERATED and not protocol.writer_features:
        unknown.append(f"writer version {protocol.min_writer_version}")
    if unknown:
        raise StorageError(
            f"{path}: the table uses {', '.join(unknown)}, which this release does not read or "
            "write; nothing is changed. Drop it in Spark (ALTER TABLE ... DROP FEATURE ...; for "
            "deletionVectors REORG TABLE ... APPLY (PURGE) first), or remove the table and ingest "
            "its dataset again"
        )
