"""Numbers in names, as digits or in Chinese."""

import re
from typing import Final

_DIGITS: Final = {character: value for value, character in enumerate("零一二三四五六七八九")}
_DIGITS["〇"] = 0
_DIGITS["两"] = 2
_CHINESE: Final = "零〇一二两三四五六七八九十百"
_MOST_HOUSES: Final = 200  # a longer range of house numbers is no range
NUMBERS: Final = rf"(?:\d+(?:[-~至、,./]\d+)*|[{_CHINESE}]+(?:[-~至、,][{_CHINESE}]+)*)"


def read_numbers(text: str) -> list[int]:
    """The numbers that a text which ``NUMBERS`` matches stands for.

    Chinese numerals without a ten or a hundred between them are numbers of their own. A range of
    house numbers in digits has those of its side of the road.

    >>> read_numbers("十二"), read_numbers("一二"), read_numbers("二百一十"), read_numbers("一至三")
    ([12], [1, 2], [210], [1, 2, 3])
    >>> read_numbers("4-8,13")
    [4, 6, 8, 13]
    """
    step = 2 if text[0].isdigit() else 1
    numbers: list[int] = []
    for part in re.split(r"[、,./]", text):
        ends = [_read_number(end) for end in re.split(r"[-~至]", part)]
        first, last = ends[0][0], ends[-1][-1]
        if len(ends) > 1 and first < last <= first + _MOST_HOUSES:
            numbers += [*range(first, last, step), last]
        else:
            numbers += [number for end in ends for number in end]
    return numbers


def _read_number(text: str) -> list[int]:
    return [int(text)] if text[0].isdigit() else _read_chinese(text)


def _read_chinese(text: str) -> list[int]:
    if not set(text) & {"十", "百"}:
        return [_DIGITS[character] for character in text]
    total, number = 0, 0
    for character in text:
        if character in _DIGITS:
            number = _DIGITS[character]
        else:
            total += (number or 1) * (100 if character == "百" else 10)
            number = 0
    return [total + number]
