"""All that happened to an object or a key, in the order of time."""

from dataclasses import dataclass
from datetime import datetime

from gridcontainer.errors import IdentityError
from gridcontainer.identity.lookup import Row, find_rows
from gridcontainer.identity.object_ids import is_object_id, to_object_id
from gridcontainer.identity.references import read_reference
from gridcontainer.identity.storage import IdentityStorage

KEY_GAINED, KEY_LOST = "key gained", "key lost"


@dataclass(frozen=True)
class Event:
    """Something that happened to an object.

    Attributes:
        time: UTC.
        object_id: of the object.
        what: why it has a new version (``issued``, ``moved``, ``merged`` ...), ``key gained`` or
            ``key lost``.
        row: the version of the object, or of the key.
        run_id: of the run that did it.
    """

    time: datetime
    object_id: str
    what: str
    row: Row
    run_id: str


def history(storage: IdentityStorage, reference: str) -> list[Event]:
    """What happened to an object; to a key: to the key and all objects that it has been.

    Args:
        storage: of the identities.
        reference: the id of an object or a record, or ``DATASET:KEY``; see ``read_reference``.

    Raises:
        IdentityError: there never was such an object or key, or it cannot be read.
        DatasetError: the container has no such data set.
    """
    if is_object_id(reference):
        objects = {reference}
        keys = find_rows(storage.keys, "object_id", objects, closed=True)
    else:
        record = read_reference(storage.container, reference)
        keys = find_rows(storage.keys, "record_id", [record], closed=True)
        objects = {to_object_id(record), *(key["object_id"] for key in keys)}
    versions = find_rows(storage.objects, "object_id", objects, closed=True)
    if not versions:
        raise IdentityError(f"{reference}: there never was such an object")
    events = [
        Event(row["valid_from"], row["object_id"], row["reason"], row, row["run_id"])
        for row in versions
    ]
    for key in keys:
        events.append(Event(key["valid_from"], key["object_id"], KEY_GAINED, key, key["run_id"]))
        if key["valid_to"] is not None:
            events.append(Event(key["valid_to"], key["object_id"], KEY_LOST, key, key["closed_by"]))
    return sorted(events, key=_order)


def _order(event: Event) -> tuple[datetime, int]:
    """Of what one run did, an object is there before its keys; and is merged without them."""
    first = (KEY_LOST, "issued", "returned", KEY_GAINED)
    return event.time, first.index(event.what) if event.what in first else len(first)
