"""What the log of a Delta table says: files, metadata, versions, as actions of the protocol.

Source: Delta Transaction Log Protocol, "Actions".
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
from deltalake import Schema

Action = dict[str, Any]
_NO_ZONE: Final = "timestampNtz"
_FEATURES: Final = ["appendOnly", "invariants", "checkConstraints", "changeDataFeed"]


def now_in_milliseconds() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class DataFile:
    """A file of a table as its log describes it.

    Attributes:
        path: path relative to the table, as the log writes it (percent-encoded).
        bytes: size.
        rows: number of records.
        partition: value of each partition column.
        stats: statistics as the log writes them, JSON.
        modified: time of the last change, milliseconds since 1970.
        ends: least and greatest value of columns, as far as the log has them.
    """

    path: str
    bytes: int
    rows: int
    partition: Mapping[str, str | None] = field(default_factory=dict)
    stats: str | None = None
    modified: int = 0
    ends: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def may_hold(self, column: str, value: Any) -> bool:
        """Whether the file may have a record with the value, by its statistics."""
        low, high = self.ends.get(column, (None, None))
        return low is None or high is None or low <= value <= high

    def added(self) -> Action:
        """The action that adds the file."""
        return {
            "add": {
                "path": self.path,
                "partitionValues": dict(self.partition),
                "size": self.bytes,
                "modificationTime": self.modified,
                "dataChange": True,
                "stats": self.stats,
            }
        }

    def removed(self) -> Action:
        """The action that removes the file."""
        return {
            "remove": {
                "path": self.path,
                "deletionTimestamp": now_in_milliseconds(),
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": dict(self.partition),
                "size": self.bytes,
            }
        }

    def told(self) -> Action:
        """The action that names the file as one of the change feed."""
        return {
            "cdc": {
                "path": self.path,
                "partitionValues": dict(self.partition),
                "size": self.bytes,
                "dataChange": False,
            }
        }


@dataclass(frozen=True)
class TableMetadata:
    """What a table is made of.

    Attributes:
        schema: Arrow schema of all columns, those of the partitions too.
        partition: names of the partition columns.
        properties: table properties by name.
        id: identifier of the table; stays for its life.
        created: milliseconds since 1970.
    """

    schema: pa.Schema
    partition: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: int = field(default_factory=now_in_milliseconds)

    def actions(self) -> list[Action]:
        """The protocol that such a table needs, and the metadata."""
        metadata = {
            "id": self.id,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": Schema.from_arrow(self.schema).to_json(),
            "partitionColumns": list(self.partition),
            "configuration": dict(self.properties),
            "createdTime": self.created,
        }
        return [{"protocol": _protocol(self.schema)}, {"metaData": metadata}]


@dataclass(frozen=True)
class Snapshot:
    """One version of a table.

    Attributes:
        version: number of the version.
        metadata: what the table is made of.
        files: its files.
    """

    version: int
    metadata: TableMetadata
    files: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """Records in all files."""
        return sum(file.rows for file in self.files)


def _protocol(schema: pa.Schema) -> Action:
    if not any(pa.types.is_timestamp(kind) and kind.tz is None for kind in schema.types):
        return {"minReaderVersion": 1, "minWriterVersion": 4}
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": [_NO_ZONE],
        "writerFeatures": [*_FEATURES, _NO_ZONE],
    }
