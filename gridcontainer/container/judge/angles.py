"""One coordinate as people write it: 121.47°E, 东经121.47, 121°28'12.5", 121 28 12.5 (declared).

Texts come in plain characters (``numbers.make_plain``). Degrees, minutes and seconds are put
together as whole numbers and divided once, so the result is the float nearest to what is written
(with more than nine digits behind the point of minutes or seconds, one of the nearest).
"""

from dataclasses import dataclass
from typing import Final, Literal, cast

import numpy as np
import pyarrow as pa

from gridcontainer.container.judge.arrow import Array, pc, to_bools
from gridcontainer.container.judge.numbers import read_plain
from gridcontainer.grid.arrays import Bools, Float64s, Int64s, Strings

Writing = Literal["degrees", "dms", "ddmm", "ddmmss"]

EAST, WEST = "(?i:e|east)|东经|東經|东|東", "(?i:w|west)|西经|西經|西"
NORTH, SOUTH = "(?i:n|north)|北纬|北緯|北", "(?i:s|south)|南纬|南緯|南"
_LETTERS: Final = {"E": EAST, "W": WEST, "N": NORTH, "S": SOUTH}
HEMISPHERE: Final = "|".join(_LETTERS.values())
DEGREE, MINUTE, SECOND = "[°º˚度]|(?i:deg)|d", "['′’‘´`分]|m", "\"|''|′′|’’|[″”“〃秒]|s"

_FRACTION: Final = 9  # digits behind the point for which whole numbers below stay under 2**53
_PATTERN: Final = (
    f"^(?P<sign>[+-]?) *(?P<before>(?:{HEMISPHERE})?) *:? *(?P<inner>[+-]?) *"
    f"(?P<degrees>[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?: *(?P<degree>{DEGREE}))?"
    "(?:(?P<gap> *[-:]? *)(?P<minutes>[0-9]{1,2})(?:[.](?P<minutes_part>[0-9]*))?"
    f"(?: *(?P<minute>{MINUTE}))?"
    "(?:(?P<next> *[-:]? *)(?P<seconds>[0-9]{1,2})(?:[.](?P<seconds_part>[0-9]*))?"
    f"(?: *(?P<second>{SECOND}))?)?)?"
    f" *(?P<after>(?:{HEMISPHERE})?)$"
)
_PACKED: Final = {
    "ddmm": (
        "^(?P<sign>[+-]?)(?P<degrees>[0-9]{1,3})(?P<minutes>[0-9]{2})"
        "(?:[.](?P<minutes_part>[0-9]*))?(?P<seconds>)(?P<seconds_part>)$"
    ),
    "ddmmss": (
        "^(?P<sign>[+-]?)(?P<degrees>[0-9]{1,3})(?P<minutes>[0-9]{2})(?P<minutes_part>)"
        "(?P<seconds>[0-9]{2})(?:[.](?P<seconds_part>[0-9]*))?$"
    ),
}


@dataclass(frozen=True)
class Angles:
    """Coordinates read from texts.

    Attributes:
        degrees: n floats, west and south negative; NaN where a text is no coordinate.
        hemisphere: n texts ``E``, ``W``, ``N``, ``S`` or blank where there is no letter; also of
            texts whose degrees are NaN.
    """

    degrees: Float64s
    hemisphere: Strings


def read_angles(texts: Array, writing: Writing) -> Angles:
    """Read coordinates with hemispheres, degree signs, or minutes and seconds.

    Args:
        texts: n strings in plain characters.
        writing: as declared. Parts between blanks, hyphens or colons are read as minutes and
            seconds with ``dms``, or where a hemisphere tells that this is a coordinate.

    Returns:
        The n angles. A sign beside a hemisphere's letter, two letters, minutes or seconds of 60 or
        more, and a fraction before the last part are no coordinate.
    """
    if writing in ("ddmm", "ddmmss"):
        return _read_packed(texts, writing)
    part = _parts(texts, _PATTERN)
    before, after = _letters(part["before"]), _letters(part["after"])
    hemisphere = np.where(before != "", before, after)
    degrees = _combine(part, _given(part["minutes"]), _given(part["seconds"]))
    sign, inner = _given(part["sign"]), _given(part["inner"])
    wrong = sign & inner | (before != "") & (after != "") | _are_apart(part, writing, hemisphere)
    minus = _is(part["sign"], "-") | _is(part["inner"], "-")
    return _signed(degrees, minus, hemisphere, wrong)


def _are_apart(part: dict[str, Array], writing: Writing, hemisphere: Strings) -> Bools:
    """Where several numbers stand without anything that says they are one coordinate."""
    has_minutes, has_seconds = _given(part["minutes"]), _given(part["seconds"])
    said = _given(part["degree"]) | (hemisphere != "")
    if writing == "dms":
        said = np.ones(len(said), dtype=bool)
    run_on = has_minutes & ~_given(part["degree"]) & ~_given(part["gap"])
    run_on |= has_seconds & ~_given(part["minute"]) & ~_given(part["next"])
    # A small s is of seconds after 12m only: else it may be meant for south.
    unclear = _is(part["second"], "s") & ~_is(part["minute"], "m")
    apart: Bools = (has_minutes & ~said) | run_on | unclear
    return apart


def _read_packed(texts: Array, writing: Writing) -> Angles:
    """Degrees and minutes in one number, with or without a hemisphere's letter."""
    lettered = (
        f"^(?P<before>(?:{HEMISPHERE})?) *:? *(?P<number>[^ ]*?) *(?P<after>(?:{HEMISPHERE})?)$"
    )
    outer = _parts(texts, lettered)
    before, after = _letters(outer["before"]), _letters(outer["after"])
    hemisphere = np.where(before != "", before, after)
    part = _parts(outer["number"], _PACKED[writing])
    degrees = _combine(part, _given(part["minutes"]), _given(part["seconds"]))
    wrong = (before != "") & (after != "")
    return _signed(degrees, _is(part["sign"], "-"), hemisphere, wrong)


def _signed(degrees: Float64s, minus: Bools, hemisphere: Strings, wrong: Bools) -> Angles:
    """Degrees west and south negative; NaN where wrong, or where a minus is beside a letter."""
    negative = minus | np.isin(hemisphere, ["W", "S"])
    wrong = wrong | minus & (hemisphere != "")
    return Angles(np.where(wrong, np.nan, np.where(negative, -degrees, degrees)), hemisphere)


@dataclass(frozen=True)
class _Sixtieths:
    """Minutes or seconds: the whole ones, billionths of one, whether these say all, and both."""

    whole: Int64s
    billionths: Int64s
    is_exact: Bools
    value: Float64s

    @classmethod
    def of(cls, whole: Array, digits: Array) -> "_Sixtieths":
        """Of the digits before and behind the point; blank where there are none."""
        whole = pc.if_else(pa.array(_given(whole)), whole, "0")
        digits = pc.utf8_rtrim(pc.fill_null(digits, ""), "0")
        value = read_plain(pc.binary_join_element_wise(whole, digits, "."))
        fits = pc.less_equal(pc.utf8_length(digits), _FRACTION)
        padded = pc.utf8_rpad(pc.if_else(fits, digits, "0"), _FRACTION, "0")
        whole, padded = (np.asarray(pc.cast(text, pa.int64())) for text in (whole, padded))
        return cls(whole, padded, np.asarray(fits), value)


def _combine(part: dict[str, Array], has_minutes: Bools, has_seconds: Bools) -> Float64s:
    """Degrees of the parts, rounded once; NaN where they do not fit together."""
    degrees = read_plain(part["degrees"])
    if not has_minutes.any():
        return degrees
    minutes = _Sixtieths.of(part["minutes"], part["minutes_part"])
    seconds = _Sixtieths.of(part["seconds"], part["seconds_part"])
    sound = (degrees <= 999) & (minutes.whole < 60) & (seconds.whole < 60)
    sound &= ~to_bools(pc.match_substring(part["degrees"], "."))
    sound &= ~(has_seconds & _given(part["minutes_part"]))
    whole = np.where(sound, np.nan_to_num(degrees), 0.0).astype(np.int64)
    unit = 10**_FRACTION  # 999 * 3600 * 10**9 < 2**53: both sides of the division are exact
    exact = (whole * 3600 + minutes.whole * 60 + seconds.whole) * unit
    exact += minutes.billionths * 60 + seconds.billionths
    near = whole + (minutes.value * 60.0 + seconds.value) / 3600.0
    combined = np.where(minutes.is_exact & seconds.is_exact, exact / (3600.0 * unit), near)
    return cast(Float64s, np.where(has_minutes, np.where(sound, combined, np.nan), degrees))


def _parts(texts: Array, named: str) -> dict[str, Array]:
    found = pc.extract_regex(texts, named)
    return {field.name: pc.struct_field(found, [i]) for i, field in enumerate(found.type)}


def _given(texts: Array) -> Bools:
    return to_bools(pc.not_equal(texts, ""))


def _is(texts: Array, text: str) -> Bools:
    return to_bools(pc.equal(texts, text))


def _letters(texts: Array) -> Strings:
    coded = pc.fill_null(texts, "").dictionary_encode()
    letters = np.array([_letter(text) for text in coded.dictionary.to_pylist()], dtype="U1")
    return cast(Strings, letters[np.asarray(coded.indices)])


def _letter(text: str) -> str:
    """``E``, ``W``, ``N`` or ``S`` of a hemisphere's name in Latin or Chinese."""
    first = text[:1].upper()
    return {"东": "E", "東": "E", "西": "W", "北": "N", "南": "S"}.get(first, first)
