"""Which Delta tables can be read without Spark, and a clear refusal of all others.

Files and logs are read here by pyarrow and DuckDB. They know nothing of a table feature that
changes what a file means: a row deleted by a deletion vector would be in the answer.
"""

import re
from typing import Final

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from gridcontainer.errors import StorageError

_HIGHEST_READER_VERSION: Final = 3
# Features that leave the meaning of files and of their statistics as it is. A ``columnMapping``
# renames columns in files only where its mode says so.
_HARMLESS: Final = frozenset(
    {"timestampNtz", "columnMapping", "vacuumProtocolCheck", "v2Checkpoint"}
)
_MAPPING_MODE: Final = "delta.columnMapping.mode"
_REMEDIES: Final = {
    "deletionVectors": (
        "run in Spark: REORG TABLE delta.`{path}` APPLY (PURGE), then "
        "ALTER TABLE delta.`{path}` DROP FEATURE deletionVectors"
    ),
    "columnMapping": (
        "run in Spark: ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('delta.columnMapping.mode' = "
        "'none')"
    ),
}
_NAMED: Final = re.compile(r"[Ff]eature '(\w+)' is not supported")
_ELSE: Final = "drop the feature in Spark (ALTER TABLE delta.`{path}` DROP FEATURE {feature})"


def open_delta(path: str) -> DeltaTable:
    """The newest version of a table whose files say alone which rows it has.

    Raises:
        StorageError: the table has deletion vectors, renamed columns, or a reader feature or
            version that is not known here; names the table, the feature and the remedy.
        TableNotFoundError: there is no table.
    """
    try:
        table = DeltaTable(path)
    except TableNotFoundError:
        raise
    except DeltaError as error:
        raise StorageError(_explain(path, str(error))) from error
    _require_readable(table, path)
    return table


def _explain(path: str, said: str) -> str:
    """What delta-rs said of a table that it does not open."""
    if named := _NAMED.search(said):
        return _refuse(path, {named[1]})
    return f"{path}: its log cannot be read without Spark ({said.splitlines()[0]})"


def _require_readable(table: DeltaTable, path: str) -> None:
    protocol = table.protocol()
    if protocol.min_reader_version > _HIGHEST_READER_VERSION:
        raise StorageError(
            f"{path}: its Delta reader version {protocol.min_reader_version} is newer than "
            f"{_HIGHEST_READER_VERSION}, the newest known here; upgrade gridcontainer"
        )
    unknown = set(protocol.reader_features or ()) - _HARMLESS
    if table.metadata().configuration.get(_MAPPING_MODE, "none") != "none":
        unknown.add("columnMapping")
    if unknown:
        raise StorageError(_refuse(path, unknown))


def _refuse(path: str, unknown: set[str]) -> str:
    remedies = (_REMEDIES.get(name, _ELSE).format(path=path, feature=name) for name in unknown)
    return (
        f"{path}: its rows cannot be read without Spark, because the table uses "
        f"{', '.join(sorted(unknown))}; {'; '.join(sorted(remedies))}"
    )
