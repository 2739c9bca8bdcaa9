"""How people name a record: by its id, or by its data set and business key."""

import json
from collections.abc import Sequence

from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.storage import Storage
from gridcontainer.errors import IdentityError
from gridcontainer.identity.object_ids import is_object_id, is_record_id, record_id_of
from gridcontainer.identity.records import key_columns, open_dataset


def read_reference(storage: Storage, text: str) -> str:
    """The id of the record that a reference names.

    Args:
        storage: the container.
        text: the id of a record (32 hexadecimal digits), or ``DATASET:KEY``, where ``KEY`` is the
            value itself if the key has one column, and else a JSON object of the key's columns, by
            either of their names, or a JSON list of values in their order. Values are as they came.

    Raises:
        DatasetError: the container has no such data set.
        IdentityError: it is no reference, or not to a key of that data set.
    """
    if is_record_id(text):
        return text
    dataset, colon, key = text.partition(":")
    if not colon or is_object_id(text):
        raise IdentityError(f"{text!r} names no record; give its id, or DATASET:KEY")
    table = open_dataset(storage, dataset)
    return record_id_of(dataset, _values(table, key_columns(table), key))


def _values(table: OpenTable, columns: Sequence[str], key: str) -> list[str]:
    given = _parse(key) if key.startswith(("{", "[")) else None
    if given is None and len(columns) == 1:
        return [key]
    if isinstance(given, dict):
        stored = {table.column_names.find(name): value for name, value in given.items()}
        if stored.keys() == set(columns) and len(stored) == len(given):
            return [str(stored[name]) for name in columns]
    if isinstance(given, list) and len(given) == len(columns):
        return [str(value) for value in given]
    example = json.dumps(dict.fromkeys(columns, "..."), ensure_ascii=False)
    raise IdentityError(
        f"{key!r} is no key of {table.dataset}; write it as {table.dataset}:{example}"
    )


def _parse(text: str) -> object:
    """JSON with its numbers as they are written; None if it is none: a key may begin so too."""
    try:
        parsed: object = json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError:
        return None
    return parsed
