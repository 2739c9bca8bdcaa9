"""The identifier of a tag: ``GT-WEKP-PFB0-DQRV-SPCZ``.

    GT                says that it is a tag
    WE                who issued it, for people who know; not needed to look it up
    KP-PFB0-DQRV-SP   a digest of issuer, subject, class and number
    CZ                check symbols (see ``gridcontainer.tags.symbols``)

The digest makes the same identifier of the same facts on every run, and lets no position, name or
count be read from it. Sixty bits: of ten million tags two are alike with a chance of 1 in 23,000.
"""

import hashlib
from typing import Final

from gridcontainer.errors import TagError
from gridcontainer.tags.symbols import CHECK_SYMBOLS, check_symbols, is_word, to_numbers, to_text

PREFIX: Final = "GT"
SYMBOLS: Final = 16
_ISSUER_SYMBOLS: Final = 2
_PAYLOAD_SYMBOLS: Final = SYMBOLS - _ISSUER_SYMBOLS - CHECK_SYMBOLS
_GROUP: Final = 4
_SEPARATOR: Final = "\x1f"  # ASCII unit separator: in no name


def make_tag_id(issuer: str, subject: str, tag_class: str, number: int = 1) -> str:
    """The identifier of a tag.

    Args:
        issuer: a department.
        subject: what the tag is on: an object's identity, or a cell's code.
        tag_class: of the tag.
        number: of the tags of this class that the issuer has put there, from 1.
    """
    issued = _digest(_ISSUER_SYMBOLS, issuer)
    payload = _digest(_PAYLOAD_SYMBOLS, issuer, subject, tag_class, str(number))
    numbers = [*issued, *payload]
    return _write([*numbers, *check_symbols(numbers)])


def read_tag_id(text: str) -> str:
    """An identifier as it is written, from what somebody typed or scanned.

    Blanks, hyphens, small letters and the prefix do not matter; O is read as 0, I and L as 1.

    Raises:
        TagError: says what is wrong with it: a character, its length, or that it was misread.
    """
    plain = "".join(text.split()).replace("-", "")
    if plain.upper().startswith(PREFIX) and len(plain) != SYMBOLS:
        plain = plain[len(PREFIX) :]
    numbers = to_numbers(plain)
    if len(numbers) != SYMBOLS:
        raise TagError(
            f"{text!r} has {len(numbers)} characters after {PREFIX}-, and a tag has {SYMBOLS}"
        )
    if not is_word(numbers):
        raise TagError(f"{text!r} was misread: its last two characters do not fit the others")
    return _write(numbers)


def _write(numbers: list[int]) -> str:
    text = to_text(numbers)
    groups = (text[at : at + _GROUP] for at in range(0, SYMBOLS, _GROUP))
    return "-".join([PREFIX, *groups])


def _digest(symbols: int, *texts: str) -> list[int]:
    whole = hashlib.sha256(_SEPARATOR.join(["tag", *texts]).encode()).digest()
    number = int.from_bytes(whole)
    return [number >> (5 * place) & 31 for place in range(symbols)]
