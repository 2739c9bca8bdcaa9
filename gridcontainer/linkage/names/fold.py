"""One way to write a name: script, width, case and blanks do not tell two names apart."""

import functools
import unicodedata

import opencc

_WRITTEN_OTHERWISE = str.maketrans({"·": "", "•": "", "・": "", "—": "-", "–": "-", "’": "'"})
_BRACKETS = str.maketrans("[]{}【】〔〕〈〉《》", "()()()()()()")


def fold(text: str) -> str:
    """A text in simplified characters, half width, lower case, without blanks.

    Any of the brackets becomes a round one.

    >>> fold("  ＡＢ花園（二期） ")
    'ab花园(二期)'
    """
    wide = unicodedata.normalize("NFKC", text).translate(_BRACKETS).translate(_WRITTEN_OTHERWISE)
    return "".join(_simplify().convert(wide).lower().split())


@functools.cache
def _simplify() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
