"""Forms of texts of times as regular expressions, one for Python and RE2 alike.

A group of a form is named ``<field>_<number>``. The expressions tell digits from other characters
but no digit from another, so that all texts of one shape have their fields at the same places.
"""

import re
import unicodedata
from dataclasses import dataclass

from gridcontainer.container.declaration.time_parts import Field, Literal, Maybe, Part
from gridcontainer.container.declaration.time_pattern import parse_pattern
from gridcontainer.container.judge.time_words import HALF, MONTH, WEEKDAY

_OFFSET = (
    r"(?P<utc_#>Z|UTC|GMT|UT)"
    r"|(?:UTC|GMT|UT)?(?P<sign_#>[+-])(?P<offsethour_#>[0-9]{1,2})"
    r"(?::?(?P<offsetminute_#>[0-9]{2})(?::?(?P<offsetsecond_#>[0-9]{2}))?)?"
)
_REGION = r"(?P<region_#>[A-Z][A-Z0-9_+\-]*(?:/[A-Z0-9_+\-]+)*)"
_NUMBERS = {
    "y": "year",
    "M": "month",
    "d": "day",
    "D": "yearday",
    "H": "hour",
    "h": "hour12",
    "K": "hour11",
    "m": "minute",
    "s": "second",
    "S": "fraction",
}
_WORDS = {"M": ("monthname", MONTH), "E": ("weekday", WEEKDAY), "a": ("half", HALF)}
_CLOCK = (
    r"(?P<hour_1>[0-9]{1,2})(?::(?P<minute_1>[0-9]{1,2})"
    r"(?::(?P<second_1>[0-9]{1,2})(?:[.,](?P<fraction_1>[0-9]+))?)?)?"
)
_BASIC_CLOCK = (
    r"(?P<hour_2>[0-9]{2})(?:(?P<minute_2>[0-9]{2})"
    r"(?:(?P<second_2>[0-9]{2})(?:[.,](?P<fraction_2>[0-9]+))?)?)?"
)
_NUMBER = r"(?P<minus_1>[+-])?(?P<whole_1>[0-9]+)(?:\.(?P<part_1>[0-9]*))?"


@dataclass(frozen=True)
class Form:
    """A regular expression of a whole text.

    Attributes:
        expression: without anchors; upper and lower case are equal.
        python: the same, compiled.
    """

    expression: str
    python: re.Pattern[str]

    @property
    def re2(self) -> str:
        """The expression as Arrow takes it."""
        return f"(?i)^(?:{self.expression})$"


def form_of(expression: str) -> Form:
    """Compile an expression."""
    return Form(expression, re.compile(expression, re.ASCII | re.IGNORECASE))


def pattern_form(pattern: str, *, normalized: bool) -> Form:
    """The form of a pattern of a declaration.

    Args:
        pattern: in the letters of Spark.
        normalized: literals in Unicode's form NFKC, for texts that are brought to it too.
    """
    groups = _Groups(normalized)
    expression = "".join(groups.expression(part) for part in parse_pattern(pattern))
    return form_of(expression.replace(" +(?P<half", " *(?P<half"))  # 3:05 PM, 3:05PM


def iso_form() -> Form:
    """ISO 8601: a day, and where there is one a time of the day and its offset or zone.

    Months, days, hours may have one digit, as Spark's cast reads them.
    """
    zone = rf"(?: *(?:{_numbered(_OFFSET, 1)})(?:\[{_numbered(_REGION, 1)}\])?| *"
    zone += rf"(?:\[{_numbered(_REGION, 2)}\]|{_numbered(_REGION, 3)}))?"
    day = r"(?P<year_1>[0-9]{4})-(?P<month_1>[0-9]{1,2})-(?P<day_1>[0-9]{1,2})"
    basic = r"(?P<year_2>[0-9]{4})(?P<month_2>[0-9]{2})(?P<day_2>[0-9]{2})"
    basic_zone = rf"(?:{_numbered(_OFFSET, 4)})?"
    return form_of(rf"{day}(?:(?:T| +){_CLOCK}{zone})?|{basic}T{_BASIC_CLOCK}{basic_zone}")


def number_form() -> Form:
    """A number in decimal digits, with a sign and a fraction where there is one."""
    return form_of(_NUMBER)


class _Groups:
    """Numbers the groups of a pattern's expression."""

    def __init__(self, normalized: bool) -> None:
        self.normalized = normalized
        self.count = 0

    def expression(self, part: Part) -> str:
        if isinstance(part, Maybe):
            return "(?:" + "".join(self.expression(inner) for inner in part.parts) + ")?"
        if isinstance(part, Literal):
            text = unicodedata.normalize("NFKC", part.text) if self.normalized else part.text
            return re.sub(r"(\\? )+", " +", _escaped(text))
        self.count += 1
        if part.what == "X":
            return self._zone(part)
        if part.digits is not None:
            least, most = part.digits
            name = "shortyear" if part.what == "y" and most == 2 else _NUMBERS[part.what]
            return f"(?P<{name}_{self.count}>[0-9]{{{least},{most}}})"
        name, words = _WORDS[part.what]
        return f"(?P<{name}_{self.count}>{words})" + (" *" if name == "half" else "")

    def _zone(self, field: Field) -> str:
        if field.letter in "Vz":
            return f"(?:{_numbered(_OFFSET, self.count)}|{_numbered(_REGION, self.count)})"
        return f"(?:{_numbered(_OFFSET, self.count)})"


def _escaped(text: str) -> str:
    """The text with a backslash before what an expression reads otherwise; RE2 takes no others."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _numbered(expression: str, number: int) -> str:
    return expression.replace("#", str(number))
