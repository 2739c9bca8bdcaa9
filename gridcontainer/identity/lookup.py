"""Single keys and objects looked up without a Spark session, in milliseconds."""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from gridcontainer.container.tables.log import open_log
from gridcontainer.errors import IdentityError
from gridcontainer.identity.object_ids import is_object_id, to_object_id
from gridcontainer.identity.references import read_reference
from gridcontainer.identity.schemas import KEYS, LINKS, OBJECTS, RETIRED, VersionedTable
from gridcontainer.identity.storage import IdentityStorage

Row = dict[str, Any]
UNKNOWN_KEY: Final = "unknown key"
UNKNOWN_OBJECT: Final = "unknown object"
GONE: Final = "retired: no data set has a record of it"


@dataclass(frozen=True)
class Resolved:
    """What a key or an id stands for.

    Attributes:
        asked: as it was asked for.
        record_id: of the record that was asked for, or whose object was; None if not known.
        object: the version of the object that held then; None where there is none.
        keys: all keys that were that object then, in order of data set.
        reason: why it is no object that there is; None if it is.
    """

    asked: str
    record_id: str | None
    object: Row | None
    keys: list[Row]
    reason: str | None


def resolve_one(
    storage: IdentityStorage, reference: str, *, as_of: datetime | None = None
) -> Resolved:
    """The object that a key, a record or an object's id stands for.

    Args:
        storage: of the identities.
        reference: the id of an object or of a record, or ``DATASET:KEY``; see ``read_reference``.
        as_of: the moment asked about; now where None.

    Returns:
        Of an object that was merged into another, that other one. Unknown keys have a reason.

    Raises:
        IdentityError: there are no identities, or the reference cannot be read.
        DatasetError: the container has no such data set.
    """
    if is_object_id(reference):
        found = find_rows(storage.objects, OBJECTS, "object_id", [reference], as_of=as_of)
        record = found[0]["record_id"] if found else None
        return _whole(storage, reference, record, found, UNKNOWN_OBJECT, as_of)
    record = read_reference(storage.container, reference)
    keys = find_rows(storage.keys, KEYS, "record_id", [record], as_of=as_of)
    ids = [keys[0]["object_id"] if keys else to_object_id(record)]
    found = find_rows(storage.objects, OBJECTS, "object_id", ids, as_of=as_of)
    return _whole(storage, reference, record, found, UNKNOWN_KEY, as_of)


def _whole(
    storage: IdentityStorage,
    asked: str,
    record: str | None,
    found: list[Row],
    missing: str,
    as_of: datetime | None,
) -> Resolved:
    if not found:
        return Resolved(asked, record, None, [], missing)
    thing = found[0]
    if thing["merged_into"]:
        (thing,) = find_rows(
            storage.objects, OBJECTS, "object_id", [thing["merged_into"]], as_of=as_of
        )
    keys = find_rows(storage.keys, KEYS, "object_id", [thing["object_id"]], as_of=as_of)
    keys.sort(key=lambda key: (key["dataset"], key["business_key"]))
    reason = GONE if thing["status"] == RETIRED else None
    return Resolved(asked, record, thing, keys, reason)


def find_rows(
    path: str,
    table: VersionedTable,
    column: str,
    values: Collection[str],
    *,
    as_of: datetime | None = None,
    closed: bool = False,
) -> list[Row]:
    """Rows of a table of identities by one of its columns, those first that held first.

    Args:
        path: of the table.
        table: what it is made of.
        column: to look in.
        values: to look for.
        as_of: the rows that held then; those that hold now where None.
        closed: also those that do not hold any more.

    Raises:
        IdentityError: there is no such table.
    """
    files = _files(path, column, values)
    if not files:
        return []
    # A file that was merged into has columns of the change feed beside these.
    names = ", ".join(table.schema.names)
    given = ", ".join("?" * len(values))
    query = f"SELECT {names} FROM read_parquet(?) WHERE {column} IN ({given})"
    found = _engine().cursor().sql(query, params=[files, *values])
    rows = [_in_utc(row) for row in found.to_arrow_table().to_pylist()]
    held = [row for row in rows if closed or _holds(row, as_of)]
    return sorted(held, key=lambda row: row["valid_from"])


def links_of(storage: IdentityStorage, records: Collection[str]) -> list[Row]:
    """The open links of some records; one between two of them is there twice."""
    sides = ("record_left", "record_right")
    return [row for side in sides for row in find_rows(storage.links, LINKS, side, records)]


@functools.cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _in_utc(row: Row) -> Row:
    """Spark writes times as UTC without saying so."""
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _holds(row: Row, moment: datetime | None) -> bool:
    end = row["valid_to"]
    if moment is None:
        return end is None
    return bool(row["valid_from"] <= moment and (end is None or end > moment))


def _files(path: str, column: str, values: Collection[str]) -> list[str]:
    """The files of a table that may hold the values, by the statistics in its log."""
    table = open_log(path)
    if table is None:
        root = path.rpartition("/identity/")[0]
        raise IdentityError(f"no identities in {root}; run: gridcontainer identity issue")
    low, high = min(values, default=""), max(values, default="")
    return [
        f"{path}/{unquote(file['path'])}"
        for file in pa.table(table.get_add_actions(flatten=True)).to_pylist()
        if (file.get(f"min.{column}") or "") <= high and low <= (file.get(f"max.{column}") or high)
    ]
