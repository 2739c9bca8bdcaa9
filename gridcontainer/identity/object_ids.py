"""Ids of objects: opaque, the same whenever they are issued, and with a check character.

An id is 20 characters of Crockford's base 32 (no I, L, O, U) made of the first 100 bits of the
record's digest, and a check character by Luhn's algorithm modulo 32: any one wrong character is
found, and any swap of neighbours but of ``0`` and ``Z``. Among a billion objects the odds that two
have one id are below 1 in a trillion.

Source: the algorithm is Luhn mod N, with N = 32.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from pyspark.sql import Column, functions as F

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SPARK_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUV"  # conv() writes base 32 with these above 9
_CHUNKS: Final = 5  # of 5 hexadecimal digits, which are 4 characters each
_ID: Final = re.compile(f"[{ALPHABET}]{{21}}")
_RECORD: Final = re.compile("[0-9a-f]{32}")
_KEY_SEPARATOR: Final = "\x1f"  # as the container's ingest has it


def object_id(record_id: Column) -> Column:
    """The id of the object that a record is issued.

    Args:
        record_id: 32 lowercase hexadecimal digits.

    Returns:
        string of 21 characters.
    """
    chunks = [F.conv(F.substring(record_id, 1 + 5 * i, 5), 16, 32) for i in range(_CHUNKS)]
    body = F.translate(
        F.concat(*(F.lpad(chunk, 4, "0") for chunk in chunks)), _SPARK_DIGITS, ALPHABET[10:]
    )
    numbers = [
        F.conv(F.substring(record_id, 1 + 5 * i, 5), 16, 10).cast("int") for i in range(_CHUNKS)
    ]
    total = F.lit(0)
    for number in numbers:
        for place in range(4):
            code = F.shiftright(number, 15 - 5 * place).bitwiseAND(F.lit(31))
            doubled = F.when(code < 16, code * 2).otherwise(code * 2 - 31)
            total = total + (doubled if place % 2 else code)
    check = F.substring(F.lit(ALPHABET), F.pmod(-total, F.lit(32)) + 1, F.lit(1))
    return F.concat(body, check)


def to_object_id(record_id: str) -> str:
    """``object_id`` of one record."""
    number = int(record_id[:25], 16)
    codes = [number >> (95 - 5 * i) & 31 for i in range(20)]
    return "".join(ALPHABET[code] for code in [*codes, _check(codes)])


def is_object_id(text: str) -> bool:
    """Whether a text is an id, its check character included."""
    if not _ID.fullmatch(text):
        return False
    codes = [ALPHABET.index(character) for character in text]
    return codes[-1] == _check(codes[:-1])


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


def _check(codes: Sequence[int]) -> int:
    doubled = (code * 2 if code < 16 else code * 2 - 31 for code in codes[1::2])
    return -(sum(codes[0::2]) + sum(doubled)) % 32
