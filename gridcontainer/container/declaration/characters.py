"""Characters that people use and computers do not: blanks of any kind, full-width digits, signs.

The tables here are the same for all who read texts, in Arrow and in Spark.
"""

from typing import Final

# White space as Unicode has it, and characters without width, which come along with a copied text.
BLANKS: Final = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
INVISIBLE: Final = "\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
WHITE: Final = BLANKS + INVISIBLE

_FULL_WIDTH = "".join(chr(0xFF01 + i) for i in range(94))  # "！" to "～"
_MINUS = "\u2212\u2013\ufe63"  # the minus sign, the en dash and the small hyphen
_SIGNS = "￥￡￠"

# Of each character in the first text stands its plain form at the same place of the second; those
# beyond its end are dropped. This is how Spark's TRANSLATE takes them.
FANCY: Final = _FULL_WIDTH + _MINUS + _SIGNS + BLANKS + INVISIBLE
PLAIN: Final = (
    "".join(chr(0x21 + i) for i in range(94)) + "-" * len(_MINUS) + "¥£¢" + " " * len(BLANKS)
)
TO_PLAIN: Final = str.maketrans(FANCY[: len(PLAIN)], PLAIN, INVISIBLE)


def one_of(characters: str) -> str:
    r"""A regular expression of RE2 for one of some characters.

    >>> print(one_of("]-"))
    [\x{5d}\x{2d}]
    """
    return "[" + "".join(f"\\x{{{ord(character):x}}}" for character in characters) + "]"
