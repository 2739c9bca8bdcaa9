"""What the texts of a number format look like: one regular expression for Arrow, Spark and Java.

A text is first made plain (``characters.TO_PLAIN``), trimmed, and freed of the apostrophe that
Excel puts before numbers stored as text. ``pattern`` names the parts of what is left; the number is
then *written anew* as plain decimal and read as such, so that no arithmetic rounds twice: 3.5万 is
``3.5e4``.
"""

import re
from collections.abc import Iterable
from typing import Final

from gridcontainer.container.declaration.numbers import NumberFormat

# What Java takes for a number is wider (1d, 0x1p3, Infinity): a number is plain decimal.
NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
MULTIPLES: Final = {"千": 3, "万亿": 12, "万": 4, "百万": 6, "千万": 7, "亿": 8}  # powers of ten
APOSTROPHE: Final = "^ *' *"
PARTS: Final = (
    "open", "sign", "before", "inner", "whole", "fraction", "exponent", "multiple", "percent",
    "behind", "close",
)  # fmt: skip


def pattern(form: NumberFormat, *, named: bool) -> str:
    """The regular expression of a format, with only what RE2, Java and Python understand alike.

    Args:
        form: the format.
        named: whether groups have the names ``PARTS``, in the spelling of RE2 and Python. Without
            names they stand in the order of ``PARTS``.
    """
    digits = "[0-9]+"
    if form.thousands is not None:
        digits = f"[0-9]{{1,3}}(?:{re.escape(form.thousands)}[0-9]{{3}})+|[0-9]+"
    signs = _one_of(form.signs)
    part = {
        "open": r"\(?" if form.brackets else "",
        "sign": "[+-]?",
        "before": signs,
        "inner": "[+-]?",
        "whole": f"{digits}|",
        "fraction": "[0-9]*",
        "exponent": "(?:[eE][+-]?[0-9]+)?",
        "multiple": _one_of(MULTIPLES) if form.multiples else "",
        "percent": "%?" if form.percent else "",
        "behind": signs,
        "close": r"\)?" if form.brackets else "",
    }
    group = {name: f"(?P<{name}>{body})" if named else f"({body})" for name, body in part.items()}
    number = f"{group['whole']}(?:{re.escape(form.decimal)}{group['fraction']})?{group['exponent']}"
    before = " *".join(group[name] for name in ("open", "sign", "before", "inner"))
    behind = " *".join(group[name] for name in ("multiple", "percent", "behind", "close"))
    return f"^{before} *{number} *{behind}$"


def _one_of(texts: Iterable[str]) -> str:
    """One of some texts, or nothing; the longest one that fits."""
    longest = sorted(texts, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest))})?" if longest else ""
