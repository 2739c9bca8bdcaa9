"""Time patterns of declarations, in the letters of Spark and Java: parsed and checked at load.

The letters: ``yyyy`` year, ``yy`` years 2000 to 2099, ``M``/``MM`` month, ``MMM``/``MMMM`` English
name of the month, ``d``/``dd`` day of the month, ``D``/``DDD`` day of the year, ``E`` name of the
weekday, ``H``/``HH`` hour 0-23, ``h``/``hh`` hour 1-12 and ``K`` hour 0-11 beside ``a`` (AM, PM,
上午, 下午), ``m`` minute, ``s`` second, ``S`` fraction of a second (up to as many digits as
letters), ``X``, ``x``, ``Z``, ``O`` offset, ``VV`` zone or offset, ``z`` short name of a zone. Text
in single quotes and all that is no ASCII letter stands for itself; ``[...]`` may be missing.

A pattern is refused when it can read another day than the one that was written.

Source: https://spark.apache.org/docs/4.0.0/sql-ref-datetime-pattern.html
"""

import re
from collections.abc import Iterator

from gridcontainer.container.declaration.time_checks import check_pattern
from gridcontainer.container.declaration.time_parts import Field, Literal, Maybe, Part, fields_of

COUNTS = {  # letter: how often it may stand
    "y": (1, 2, 3, 4),
    "u": (4,),
    "M": (1, 2, 3, 4),
    "L": (1, 2, 3, 4),
    "d": (1, 2),
    "D": (1, 3),
    "E": (1, 2, 3, 4),
    "H": (1, 2),
    "h": (1, 2),
    "K": (1, 2),
    "m": (1, 2),
    "s": (1, 2),
    "S": tuple(range(1, 10)),
    "a": (1,),
    "X": (1, 2, 3, 4, 5),
    "x": (1, 2, 3, 4, 5),
    "Z": (1, 2, 3, 4, 5),
    "O": (1, 4),
    "V": (2,),
    "z": (1, 2, 3),
}
_REMEDIES = {  # letters that read another day than people mean
    "Y": "is the year of the week, which differs around New Year: write yyyy",
    "k": "counts hours from 1 to 24, and reads 24:00 as the start of its day: write HH, and "
    "hours: past_midnight where 24:00 ends a day",
}
_SAYS_OFFSET = re.compile(r"Z|(UTC|GMT)?[+-][0-9]{2}:?[0-9]{2}|(UTC|GMT)([+-][0-9]{1,2})?")
_SAYS_ZONE = re.compile("[CEMP][SD]T|CES?T|EES?T|MSK|[HJK]ST|HKT|[BI]ST")


def parse_pattern(pattern: str) -> tuple[Part, ...]:
    """Parse a pattern, and check it.

    Raises:
        ValueError: an unknown letter, or a pattern that can read another day than was written;
            the message names the letter and the remedy.
    """
    if re.search("%[A-Za-z]", pattern):
        raise ValueError(f"{pattern!r} is a pattern of strftime: write it as yyyy-MM-dd HH:mm:ss")
    parts = tuple(_joined(_parse(_Characters(pattern))))
    parts = tuple(_named_offsets(parts, timed=False))
    if not any(field.what in "yMdDHhK" for field in fields_of(parts)):
        raise ValueError(
            f"{pattern!r} names no day and no hour; write a pattern such as yyyy-MM-dd HH:mm:ss, "
            "or unix, unix_ms, unix_us, unix_ns, excel"
        )
    check_pattern(parts)
    return parts


class _Characters:
    """The characters of a pattern that are still to be parsed."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def take(self, expression: str) -> str:
        """The text here that the expression matches; empty where it does not."""
        found = re.compile(expression).match(self.pattern, self.at)
        text = found.group() if found else ""
        self.at += len(text)
        return text


def _parse(characters: _Characters, *, inner: bool = False) -> Iterator[Part]:
    while characters.at < len(characters.pattern):
        if letters := characters.take(r"([A-Za-z])\1*"):
            yield _field(letters)
        elif characters.take(r"\["):
            yield Maybe(tuple(_joined(_parse(characters, inner=True))))
        elif characters.take(r"\]"):
            if not inner:
                raise ValueError("] closes an optional part that no [ opened")
            return
        elif quoted := characters.take(r"'(''|[^'])*'"):
            yield Literal(quoted[1:-1].replace("''", "'") or "'")
        elif characters.take("'"):
            raise ValueError("a quote is not closed: text stands as 'T', a quote itself as ''")
        elif reserved := characters.take(r"[{}#]"):
            raise ValueError(f"{reserved} is reserved: write it in single quotes")
        else:
            yield Literal(characters.take(r"(?s)."))


def _field(letters: str) -> Field:
    letter = letters[0]
    if letter in _REMEDIES:
        raise ValueError(f"{letter} {_REMEDIES[letter]}")
    if letter not in COUNTS:
        raise ValueError(
            f"{letter} is no letter of a time that can be read; known are {' '.join(COUNTS)}, "
            "unix, unix_ms, unix_us, unix_ns and excel; other text stands in single quotes"
        )
    if letters == "DD":
        raise ValueError("DD is the day of the year: write dd for that of the month, DDD or D")
    if len(letters) not in COUNTS[letter]:
        counts = ", ".join(letter * count for count in COUNTS[letter])
        raise ValueError(f"{letters} is unknown; known are {counts}")
    return Field(letter, len(letters))


def _joined(parts: Iterator[Part]) -> Iterator[Part]:
    """The parts, with one literal where several follow each other."""
    text = ""
    for part in parts:
        if isinstance(part, Literal):
            text += part.text
            continue
        if text:
            yield Literal(text)
            text = ""
        yield part
    if text:
        yield Literal(text)


def _named_offsets(parts: tuple[Part, ...], *, timed: bool) -> Iterator[Part]:
    """The parts, with an offset or a zone in place of a text such as 'Z' behind the hour.

    ``yyyy-MM-dd'T'HH:mm:ss'Z'`` is how many write it; the text names UTC all the same.
    """
    for part, behind in zip(parts, (*parts[1:], None), strict=True):
        is_explained = isinstance(behind, Field) and behind.what == "X"  # 'GMT'Z
        if isinstance(part, Maybe):
            yield Maybe(tuple(_named_offsets(part.parts, timed=timed)))
        elif isinstance(part, Literal) and timed and not is_explained:
            yield from _named_offset(part)
        else:
            yield part
        timed = timed or any(field.what in "HhK" for field in fields_of((part,)))


def _named_offset(literal: Literal) -> tuple[Part, ...]:
    text = literal.text.strip()
    for says, field in ((_SAYS_OFFSET, Field("X", 3)), (_SAYS_ZONE, Field("z", 1))):
        if says.fullmatch(text):
            before, behind = literal.text.split(text)
            return Literal(before), field, Literal(behind)
    return (literal,)
