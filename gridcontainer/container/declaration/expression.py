"""Spark SQL expressions of a declaration, over the columns as their source names them."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

# A text in quotes (left alone), a name in backticks, or a bare word that is no function.
_TOKEN: Final = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `(?P<quoted>(?:[^`]|``)+)`
    | (?P<bare>(?<!\w)[^\W\d]\w*+(?!\s*\())""",
    re.VERBOSE | re.DOTALL,
)


def quoted_columns(expression: str) -> list[str]:
    """The names in backticks, each once, in their order."""
    found = (match["quoted"] for match in _TOKEN.finditer(expression))
    return list(dict.fromkeys(name.replace("``", "`") for name in found if name))


def named_columns(expression: str, columns: Iterable[str]) -> list[str]:
    """Those of some columns that an expression names, bare or in backticks, in any case.

    >>> named_columns("Amount * 2 + length('price')", ["amount", "price"])
    ['amount']
    """
    matches = _TOKEN.finditer(expression)
    found = {
        (match["quoted"] or match["bare"] or "").replace("``", "`").lower() for match in matches
    }
    return [name for name in columns if name.lower() in found]


def rename_columns(expression: str, names: Mapping[str, str]) -> str:
    """The same expression over columns of other names; texts in quotes stay as they are.

    A column's name may stand bare whatever its script.

    >>> rename_columns("lon > 0 AND `a b` = 'lon'", {"lon": "source_lon", "a b": "a_b"})
    "`source_lon` > 0 AND `a_b` = 'lon'"
    >>> rename_columns("纬度 > 0 AND name = '纬度'", {"纬度": "纬度", "name": "name"})
    "`纬度` > 0 AND name = '纬度'"
    """

    def rename(match: re.Match[str]) -> str:
        quoted = match["quoted"]
        name = quoted.replace("``", "`") if quoted else match["bare"]
        if name is None or name not in names:
            return match[0]
        new = names[name]
        if quoted is None and new == name and name.isascii():
            return match[0]
        return f"`{new.replace('`', '``')}`"  # a bare name that is not ASCII is no Spark SQL

    return _TOKEN.sub(rename, expression)
