"""Chinese numerals of addresses: 三十五 and 一〇二 to numbers, and 2 in a road's name to 二."""

from typing import Final

NUMERALS: Final = "〇零一二两三四五六七八九十百千"
_DIGITS: Final = {"零": 0, "两": 2} | {
    digit: value for value, digit in enumerate("〇一二三四五六七八九")
}
_UNITS: Final = {"十": 10, "百": 100, "千": 1000}


def numeral_to_int(text: str) -> int:
    """The number that a numeral below ten thousand says, by units or digit by digit.

    >>> numeral_to_int("三十五"), numeral_to_int("一千零二"), numeral_to_int("一〇二")
    (35, 1002, 102)

    Raises:
        ValueError: a character that is no numeral, or none at all.
    """
    if not text or any(character not in NUMERALS for character in text):
        raise ValueError(f"{text!r} is no Chinese numeral")
    if not any(character in _UNITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text))
    total, digit = 0, None
    for character in text:
        if character in _UNITS:
            total += _UNITS[character] * (1 if digit is None else digit)  # 十五 is one ten and five
            digit = None
        else:
            digit = _DIGITS[character] or None  # 零 only says that a unit is left out
    return total + (digit or 0)


def int_to_numeral(number: int) -> str:
    """A number below a hundred as road names write it.

    >>> int_to_numeral(2), int_to_numeral(10), int_to_numeral(35)
    ('二', '十', '三十五')

    Raises:
        ValueError: not in 1-99.
    """
    if not 1 <= number <= 99:
        raise ValueError(f"{number} is not in 1-99")
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    head = {0: "", 1: "十"}.get(tens, f"{digits[tens]}十")
    return head + (digits[ones] if ones else "")
