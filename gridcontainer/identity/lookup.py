"""Single keys and objects looked up without a Spark session, in milliseconds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow.dataset
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from gridcontainer.errors import IdentityError
from gridcontainer.identity.object_ids import is_object_id, to_object_id
from gridcontainer.identity.references import read_reference
from gridcontainer.identity.schemas import RETIRED
from gridcontainer.identity.storage import IdentityStorage

Row = dict[str, Any]
_ARROW: Final[Any] = pyarrow.dataset  # it has no types
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
        found = find_rows(storage.objects, "object_id", [reference], as_of=as_of)
        record = found[0]["record_id"] if found else None
        return _whole(storage, reference, record, found, UNKNOWN_OBJECT, as_of)
    record = read_reference(storage.container, reference)
    keys = find_rows(storage.keys, "record_id", [record], as_of=as_of)
    ids = [keys[0]["object_id"] if keys else to_object_id(record)]
    found = find_rows(storage.objects, "object_id", ids, as_of=as_of)
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
        (thing,) = find_rows(storage.objects, "object_id", [thing["merged_into"]], as_of=as_of)
    keys = find_rows(storage.keys, "object_id", [thing["object_id"]], as_of=as_of)
    keys.sort(key=lambda key: (key["dataset"], key["business_key"]))
    reason = GONE if thing["status"] == RETIRED else None
    return Resolved(asked, record, thing, keys, reason)


def find_rows(
    path: str,
    column: str,
    values: Collection[str],
    *,
    as_of: datetime | None = None,
    closed: bool = False,
) -> list[Row]:
    """Rows of a table of identities by one of its columns, those first that held first.

    Args:
        path: of the table.
        column: to look in.
        values: to look for.
        as_of: the rows that held then; those that hold now where None.
        closed: also those that do not hold any more.

    Raises:
        IdentityError: there is no such table.
    """
    field = _ARROW.field
    wanted = field(column).isin(sorted(values))
    if not closed:
        wanted &= _held_at(as_of)
    try:
        rows = DeltaTable(path).to_pyarrow_dataset().to_table(filter=wanted).to_pylist()
    except TableNotFoundError:
        root = path.rpartition("/identity/")[0]
        raise IdentityError(f"no identities in {root}; run: gridcontainer identity issue") from None
    return sorted(rows, key=lambda row: row["valid_from"])


def _held_at(moment: datetime | None) -> Any:
    field = _ARROW.field
    if moment is None:
        return field("valid_to").is_null()
    return (field("valid_from") <= moment) & (
        field("valid_to").is_null() | (field("valid_to") > moment)
    )
