"""Ids of objects: opaque, the same whenever they are issued, and safe to be copied by hand.

An id is 22 characters of Crockford's base 32 (no I, L, O, U): the first 100 bits of the record's
digest, and these as a number modulo 1021. Since 1021 is prime and 32 is no root of it, any one
wrong character and any two that are swapped are found out. Among a billion objects the odds that
two have one id are below 1 in a trillion.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, functions as F

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SPARK_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUV"  # above 9, in the base 32 of Spark's conv()
_DIGITS: Final = 25  # hexadecimal ones of the record that stand in the id
_MODULUS: Final = 1021
_CHUNKS: Final = ((1, 10), (11, 10), (21, 5))  # of these digits: where each begins, how many
_ID: Final = re.compile(f"[{_ALPHABET}]{{22}}")
_RECORD: Final = re.compile("[0-9a-f]{32}")
_KEY_SEPARATOR: Final = "\x1f"  # as the container's ingest has it


def object_id(record_id: Column) -> Column:
    """The id of the object that a record is issued.

    Args:
        record_id: 32 lowercase hexadecimal digits.

    Returns:
        string of 22 characters.
    """
    parts, total = [], F.lit(0)
    for first, count in _CHUNKS:
        digits = F.substring(record_id, first, count)
        parts.append(F.lpad(F.conv(digits, 16, 32), count * 4 // 5, "0"))
        weight = pow(16, _DIGITS - (first + count - 1), _MODULUS)
        total = total + F.conv(digits, 16, 10).cast("long") * weight
    check = F.conv((total % _MODULUS).cast("string"), 10, 32)
    whole = F.concat(*parts, F.lpad(check, 2, "0"))
    return F.translate(whole, _SPARK_DIGITS, _ALPHABET[10:])


def to_object_id(record_id: str) -> str:
    """``object_id`` of one record."""
    number = int(record_id[:_DIGITS], 16)
    return _write(number, 20) + _write(number % _MODULUS, 2)


def is_object_id(text: str) -> bool:
    """Whether a text is an id, its check characters included."""
    return _ID.fullmatch(text) is not None and _read(text[:20]) % _MODULUS == _read(text[20:])


def _write(number: int, length: int) -> str:
    places = range(5 * (length - 1), -1, -5)
    return "".join(_ALPHABET[number >> place & 31] for place in places)


def _read(text: str) -> int:
    number = 0
    for character in text:
        number = number * 32 + _ALPHABET.index(character)
    return number


def is_record_id(text: str) -> bool:
    """Whether a text is written as the id of a record."""
    return _RECORD.fullmatch(text) is not None


def record_id(dataset: Column, *key: Column) -> Column:
    """``record_id_of`` of each row, as the container's ingest makes it."""
    return F.substring(F.sha2(F.concat_ws(_KEY_SEPARATOR, dataset, *key), 256), 1, 32)


def record_id_of(dataset: str, key: Sequence[str]) -> str:
    """The id of the record of a data set with a business key, given in the key's order."""
    whole = _KEY_SEPARATOR.join([dataset, *key])
    return hashlib.sha256(whole.encode()).hexdigest()[:32]
