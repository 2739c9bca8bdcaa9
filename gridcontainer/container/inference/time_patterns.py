"""Patterns that a text of a time may be written in, from the text itself."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

_MARK: Final = r"[-/. ]"
_WEEKDAY: Final = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*(?P<mark>,? )", re.IGNORECASE)
_YEAR_FIRST: Final = re.compile(
    r"(?P<y>\d{4}|\d{2})(?P<a>[-/. ]|年)(?P<m>\d{1,2})(?P<b>[-/. ]|月)(?P<d>\d{1,2})"
    r"(?:(?P<c>日|号)|(?!\d))"
)
_YEAR_LAST: Final = re.compile(
    rf"\d{{1,2}}(?P<a>{_MARK})\d{{1,2}}(?P=a)(?P<y>\d{{4}}|\d{{2}})(?!\d)"
)
_DAY_NAMED: Final = re.compile(
    rf"\d{{1,2}}(?P<a>{_MARK})(?P<m>[A-Za-z]{{3,9}})(?P<b>,? ?{_MARK}?)(?P<y>\d{{4}}|\d{{2}})(?!\d)"
)
_NAMED_DAY: Final = re.compile(
    r"(?P<m>[A-Za-z]{3,9})(?P<a>[ -])\d{1,2}(?P<b>,? ?)(?P<y>\d{4})(?!\d)"
)
_CTIME: Final = re.compile(r"[A-Za-z]{3} [A-Za-z]{3} (?P<d>\d{1,2}) \d{2}:\d{2}:\d{2} \d{4}")
_CLOCK_FIRST: Final = re.compile(r"\d{1,2}:\d{2}(?P<s>:\d{2})?(?P<join>,? )(?P<rest>.+)")
_MONTH: Final = re.compile(r"(?P<y>\d{4})(?P<a>[-/.]|年)\d{1,2}(?P<b>月)?$")
_COMPACT: Final = {
    14: ("yyyyMMddHHmmss", "ddMMyyyyHHmmss"),
    12: ("yyyyMMddHHmm", "yyMMddHHmmss"),
    10: ("yyyyMMddHH",),
    8: ("yyyyMMdd", "ddMMyyyy", "MMddyyyy"),
    6: ("yyyyMM", "yyMMdd", "ddMMyy"),
}
_JOIN: Final = r"(?P<join>T|\s+|)"
_HALF: Final = r"(?:AM|PM|am|pm|上午|下午)"
_CLOCK: Final = re.compile(
    rf"{_JOIN}(?P<before>{_HALF})?(?P<gap>\s?)(?P<h>\d{{1,3}})(?P<a>[:：]|时|点)"
    rf"(?:(?P<m>\d{{1,2}})(?:(?P<b>[:：]|分)(?:(?P<s>\d{{1,2}})(?P<f>[.,]\d{{1,9}})?(?P<c>秒)?)?)?)?"
    rf"(?:(?P<space>\s?)(?P<behind>{_HALF}))?"
)
_PACKED: Final = re.compile(r"(?P<join>T|\s+)(?P<n>\d{6}|\d{4})(?!\d)")
_HOUR: Final = re.compile(r"(?P<join>T|\s+)\d{1,2}$")
_OFFSET: Final = re.compile(
    r"(?P<space>\s?)(?:(?P<z>Z|[+-]\d{2}:\d{2})|(?P<four>[+-]\d{4})|(?P<two>[+-]\d{2})"
    r"|(?P<word>UTC|GMT)(?P<shift>[+-]\d{1,2}(?::?\d{2})?)?)$"
)


def patterns_of(texts: Iterable[str]) -> list[str]:
    """Patterns that some texts may be written in, and those patterns with parts that may miss."""
    found = list(dict.fromkeys(pattern for text in texts for pattern in _patterns(text)))
    return list(dict.fromkeys([*_with_optional(found), *found]))


def clock_patterns_of(texts: Iterable[str]) -> list[str]:
    """Patterns of times of day without a day."""
    found = dict.fromkeys(p.lstrip() for text in texts for p in _clocks(f" {text.strip()}") if p)
    return list(dict.fromkeys([*_with_optional(list(found)), *found]))


def styled(pattern: str) -> list[str]:
    """The pattern with letters for two digits where it has one: the strictest first."""
    if re.search("MM|dd|HH", pattern):
        return [pattern]
    day = re.sub(r"(?<!M)M(?!M)", "MM", re.sub(r"(?<!d)d(?!d)", "dd", pattern))
    hour = re.sub(r"(?<!H)H(?!H)", "HH", pattern)
    both = re.sub(r"(?<!H)H(?!H)", "HH", day)
    return list(dict.fromkeys([both, day, hour, pattern]))


def _patterns(text: str) -> Iterator[str]:
    text = text.strip()
    if named := _CTIME.fullmatch(text):
        yield f"EEE MMM {'dd' if len(named['d']) == 2 else 'd'} HH:mm:ss yyyy"
    if (first := _CLOCK_FIRST.fullmatch(text)) and ":" not in first["rest"]:
        clock = "H:mm:ss" if first["s"] else "H:mm"
        for days, rest in _days(first["rest"]):
            yield from (f"{clock}{first['join']}{day}" for day in days if not rest)
    weekday = _WEEKDAY.match(text)
    lead = f"EEE{weekday['mark']}" if weekday else ""
    text = text[weekday.end() :] if weekday else text
    for days, rest in _days(text):
        for clock in _clocks(rest):
            yield from (f"{lead}{day}{clock}" for day in days)


def _days(text: str) -> Iterator[tuple[list[str], str]]:
    """Patterns of the day at the beginning of a text, each with what follows it."""
    digits = re.match(r"\d+", text)
    if digits and digits.end() in _COMPACT:
        yield list(_COMPACT[digits.end()]), text[digits.end() :]
    if found := _YEAR_FIRST.match(text):
        year = "y" * len(found["y"])
        yield [f"{year}{found['a']}M{found['b']}d{found['c'] or ''}"], text[found.end() :]
    if found := _YEAR_LAST.match(text):
        mark, year = found["a"], "y" * len(found["y"])
        yield [f"d{mark}M{mark}{year}", f"M{mark}d{mark}{year}"], text[found.end() :]
    if found := _DAY_NAMED.match(text):
        month = "MMM" if len(found["m"]) == 3 else "MMMM"
        yield [f"d{found['a']}{month}{found['b']}{'y' * len(found['y'])}"], text[found.end() :]
    if found := _NAMED_DAY.match(text):
        month = "MMM" if len(found["m"]) == 3 else "MMMM"
        yield [f"{month}{found['a']}d{found['b']}yyyy"], text[found.end() :]
    if found := _MONTH.match(text):
        yield [f"yyyy{found['a']}M{found['b'] or ''}"], ""


def _clocks(rest: str) -> Iterator[str]:
    """Patterns of what follows the day: a time, an offset, or nothing."""
    if not rest:
        yield ""
    elif found := _CLOCK.match(rest):
        yield from (
            found_clock + tail
            for found_clock in [_clock(found)]
            for tail in _offsets(rest[found.end() :])
        )
    elif found := _PACKED.match(rest):
        digits = "HHmmss"[: len(found["n"])]
        yield from (_joined(found["join"]) + digits + t for t in _offsets(rest[found.end() :]))
    elif found := _HOUR.match(rest):
        yield _joined(found["join"]) + "H"


def _clock(found: "re.Match[str]") -> str:
    half = found["before"] or found["behind"]
    hour = "h" if half else "H"
    minute = "" if not found["m"] else "mm" if len(found["m"]) == 2 else "m"
    second = "" if not found["s"] else "ss" if len(found["s"]) == 2 else "s"
    fraction = f"{found['f'][0]}{'S' * (len(found['f']) - 1)}" if found["f"] else ""
    clock = f"{hour}{found['a']}{minute}{found['b'] or ''}{second}{fraction}{found['c'] or ''}"
    if found["before"]:
        return f"{_joined(found['join'])}a{found['gap']}{clock}"
    gap = found["gap"] if not found["before"] else ""
    behind = f"{found['space']}a" if found["behind"] else ""
    return f"{_joined(found['join'])}{gap}{clock}{behind}"


def _offsets(rest: str) -> Iterator[str]:
    if not rest:
        yield ""
    elif found := _OFFSET.match(rest):
        if found["word"]:
            yield f"{found['space']}O" if found["shift"] else f"{found['space']}'{found['word']}'"
        else:
            letters = "XXX" if found["z"] else "XX" if found["four"] else "X"
            yield f"{found['space']}{letters}"


def _joined(join: str) -> str:
    return "'T'" if join == "T" else join


def _with_optional(patterns: list[str]) -> list[str]:
    """Patterns that begin as others do, as one whose ends may be missing."""
    joined = []
    for first in patterns:
        chain = [first]
        for longer in sorted(patterns, key=len):
            if len(longer) > len(chain[-1]) and longer.startswith(chain[-1]):
                tail = longer[len(chain[-1]) :]
                if not tail[0].isalpha() or tail[0] == "X":  # a letter of the same run else
                    chain.append(longer)
        if len(chain) > 1:
            parts = [b[len(a) :] for a, b in pairwise(chain)]
            joined.append(first + "".join(f"[{part}" for part in parts) + "]" * len(parts))
    return joined
