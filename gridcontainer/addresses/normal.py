"""An address as people and systems write it, to one way of writing."""

import functools
import re
import unicodedata
from typing import Final

from opencc import OpenCC

from gridcontainer.addresses.numerals import NUMERALS, int_to_numeral, numeral_to_int

_UNREADABLE: Final = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]")
_LETTER_FOR_DIGIT: Final = (
    (re.compile(r"(?<=[路街弄道\d])[lI](?=\d)"), "1"),
    (re.compile(r"(?<=\d)[oO](?=\d)"), "0"),
)
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")
_IS_ROAD: Final = re.compile(r"[一-鿿]{2,}(?:路|街|公路|大道|高速)$")
_NUMERAL: Final = re.compile(rf"[{NUMERALS}]+(?=弄|号|支弄|组|队|米|公里)")
_ROAD_NUMBER: Final = re.compile(r"(?<=[一-鿿])(\d{1,2})(?=支?[路街村])")
_WHOLE_NAMES: Final = re.compile(r".*(?:路|街|大道|高速|高架|弄|号)")
_ENDS: Final = " ,，、。;；.．:：-~"


def normalise(text: str) -> str:
    """A text in simplified characters, half-width, without blanks and remarks in brackets.

    A second road in brackets stays, Chinese numerals of lanes, numbers and distances become
    digits, digits in a road's name become Chinese, and letters that stand for digits are mended.
    A character that cannot be read ends the text before the name that it broke.

    >>> normalise("張楊路１６７３弄（住宅）, ")
    '张杨路1673弄'
    >>> normalise("中山南2路三十五弄")
    '中山南二路35弄'
    """
    plain = _readable(unicodedata.normalize("NFKC", text))
    plain = _converter().convert("".join(plain.split()))
    plain = _BRACKETS.sub(_keep_road, plain).replace("(", "").replace(")", "")
    for pattern, digit in _LETTER_FOR_DIGIT:
        plain = pattern.sub(digit, plain)
    plain = _NUMERAL.sub(_digits, plain)
    plain = _ROAD_NUMBER.sub(_numeral, plain)
    return plain.strip(_ENDS)


def is_readable(text: str) -> bool:
    """Whether no character of a text was lost on its way."""
    return _UNREADABLE.search(unicodedata.normalize("NFKC", text)) is None


@functools.cache
def _converter() -> OpenCC:
    """Traditional to simplified; made once in each process, it loads its tables."""
    return OpenCC("t2s")


def _readable(text: str) -> str:
    """The text before a character that was lost, without the name that it broke."""
    lost = _UNREADABLE.search(text)
    if lost is None:
        return text
    whole = _WHOLE_NAMES.match(text[: lost.start()])
    return whole[0] if whole else ""


def _keep_road(found: re.Match[str]) -> str:
    """A second road in brackets, where a road stands before them."""
    follows_road = found.string[: found.start()].endswith(("路", "街", "大道"))
    return found[1] if follows_road and _IS_ROAD.fullmatch(found[1]) else ""


def _digits(found: re.Match[str]) -> str:
    return str(numeral_to_int(found[0]))


def _numeral(found: re.Match[str]) -> str:
    return int_to_numeral(int(found[1])) if int(found[1]) else found[1]
