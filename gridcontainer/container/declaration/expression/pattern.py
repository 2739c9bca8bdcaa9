"""Patterns of texts and formats of times that Java and RE2 read the same."""

import re
from typing import Final

from gridcontainer.container.declaration.expression.kinds import HOUR, YEAR

_PART: Final = re.compile(
    r"""(?P<times>(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??)
    | \[(?P<negated>\^?)(?P<members>(?:\\.|[^\[\]\\])+)\]
    | (?P<open>\((?:\?:)?) | (?P<close>\)) | \\(?P<escaped>.) | (?P<mark>[.^$|])
    | (?P<plain>[^\\\[\](){}*+?|^$.])""",
    re.VERBOSE | re.DOTALL,
)
_MEMBER: Final = re.compile(r"\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)
_CLASSES: Final = {"d": "0-9", "w": "0-9A-Za-z_", "s": r" \t\n\x0B\f\r"}
_CONTROLS: Final = {"t": r"\t", "n": r"\n", "r": r"\r"}
_MARKS: Final = {".": r"[^\n]", "^": "^", "$": r"\z", "|": "|"}
_MOST_REPEATS: Final = 20

# Letters of a format: the pattern of what stands there, and the part of a time that it is.
_FIELDS: Final = {
    "yyyy": (YEAR, "year"),
    "yy": ("[0-9]{2}", "year of 2000"),
    "MM": ("[0-9]{2}", "month"),
    "M": ("[0-9]{1,2}", "month"),
    "dd": ("[0-9]{2}", "day"),
    "d": ("[0-9]{1,2}", "day"),
    "HH": ("(?:[01][0-9]|2[0-3])", "hour"),
    "H": (HOUR, "hour"),
    "mm": ("[0-9]{2}", "minute"),
    "m": ("[0-9]{1,2}", "minute"),
    "ss": ("[0-9]{2}", "second"),
    "s": ("[0-9]{1,2}", "second"),
    **{"S" * digits: (f"[0-9]{{{digits}}}", "fraction") for digits in range(1, 7)},
}
_FORMAT_PART: Final = re.compile(r"(?P<field>([A-Za-z])\2*)|'(?P<quoted>[^']*)'|(?P<plain>.)", re.S)


def portable_pattern(pattern: str, *, replaces: bool = False) -> tuple[str, int]:
    r"""A regular expression written so that both engines read it the same, and its groups.

    ``\d``, ``\w`` and ``\s`` are ASCII, ``.`` is any character but a line feed, ``$`` is the end
    of the text only.

    Args:
        pattern: as in the declaration.
        replaces: whether what it finds is replaced; then it must not match an empty text.

    Raises:
        ValueError: it is no pattern, or has something in it that the engines read differently.
    """
    written, at, opened, last = list[str](), 0, list[str](), ""
    while at < len(pattern):
        found = _PART.match(pattern, at)
        if found is None:
            raise ValueError(_refused(pattern, at))
        kind = str(found.lastgroup)
        if kind == "times" and not _may_repeat(found[0], last):
            raise ValueError(_refused(pattern, at))
        if kind == "open":
            opened.append(found[0])
        last = kind if kind != "mark" else f"mark {found[0]}"
        if kind == "close":
            last = f"close {opened.pop() if opened else ''}"
        written.append(_portable_part(pattern, found))
        at = found.end()
    return "".join(written), _groups(pattern, written, replaces)


def _groups(pattern: str, written: list[str], replaces: bool) -> int:
    """Python reads what was written as the third, and counts its groups."""
    try:
        compiled = re.compile("".join(r"\Z" if part == _MARKS["$"] else part for part in written))
    except (re.error, OverflowError) as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if replaces and compiled.search(""):
        raise ValueError(f"{pattern!r} matches an empty text, so it cannot be replaced")
    return compiled.groups


def _refused(pattern: str, at: int) -> str:
    return (
        f"{pattern!r}: {pattern[at : at + 12]!r} is not allowed in a pattern; allowed are "
        r"characters, [classes], . \d \w \s ^ $ |, (groups) and * + ? {m,n}, but no * or + after "
        "a group, and no (?...) but (?:...)"
    )


def _may_repeat(times: str, last: str) -> bool:
    """Groups repeat a few times only: Java needs stack, or ages, for more."""
    if last in ("members", "escaped", "plain") or last == "mark .":
        return True
    if last != "close (?:":
        return False
    counted = re.fullmatch(r"\{([0-9]+)(?:,([0-9]+))?\}\??", times)
    most = int(counted[2] or counted[1]) if counted else 1
    return (counted is not None or times[0] == "?") and most <= _MOST_REPEATS


def _portable_part(pattern: str, found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "members":
        if "--" in found["members"] or "||" in found["members"]:
            raise ValueError(f"{pattern!r}: -- and || are not allowed in [...]")
        members = "".join(
            _portable_member(pattern, member) for member in _MEMBER.finditer(found["members"])
        )
        return f"[{found['negated']}{members}]"
    if kind == "mark":
        return _MARKS[found["mark"]]
    if kind == "plain":
        return found["plain"]
    if kind != "escaped":
        return found[0]
    letter = found["escaped"]
    if letter.lower() in _CLASSES:
        return f"[{'^' if letter.isupper() else ''}{_CLASSES[letter.lower()]}]"
    return _literal(pattern, letter)


def _portable_member(pattern: str, member: re.Match[str]) -> str:
    """A part of a class; ``-`` keeps its meaning, ``&`` and ``~`` mean themselves."""
    if member["plain"] is not None:
        return member["plain"] if member["plain"] not in "&~^" else "\\" + member["plain"]
    return _CLASSES.get(member["escaped"]) or _literal(pattern, member["escaped"])


def _literal(pattern: str, letter: str) -> str:
    if letter in _CONTROLS:
        return _CONTROLS[letter]
    if letter.isalnum() or not letter.isascii() or not letter.isprintable():
        raise ValueError(f"{pattern!r}: \\{letter} is not allowed in a pattern")
    return "\\" + letter


def portable_replacement(text: str, groups: int) -> tuple[str, str]:
    """What to put in place of a match, as Java and as RE2 write it; ``$1`` is the first group.

    Raises:
        ValueError: a group that the pattern does not have, or a backslash.
    """
    plain = re.sub(r"\$[0-9](?![0-9])", "", text)
    named = [int(number) for number in re.findall(r"\$([0-9])", text)]
    if "$" in plain or "\\" in text or any(number > groups for number in named):
        raise ValueError(
            f"{text!r} is no replacement: $1 to $9 are the pattern's {groups} groups, and there is "
            "no backslash and no other $"
        )
    return text, re.sub(r"\$([0-9])", r"\\\1", text)


def check_like(pattern: str) -> None:
    r"""Raise ValueError where a backslash stands before anything but ``%``, ``_`` and itself."""
    if re.search(r"\\(?![%_\\])", re.sub(r"\\\\", "", pattern)):
        raise ValueError(f"LIKE {pattern!r}: a backslash stands before %, _ or a backslash only")


def time_format(text: str) -> tuple[str, str]:
    """The pattern that a format stands for, and the same time in ISO 8601 by the pattern's groups.

    Raises:
        ValueError: a letter that means nothing here, or no year.
    """
    pattern, parts = "^", dict[str, str]()
    for found in _FORMAT_PART.finditer(text):
        if found["field"] is None:
            plain = found["plain"] if found["plain"] is not None else found["quoted"] or "'"
            pattern += re.escape(plain) if plain.isascii() else plain
            continue
        if found["field"] not in _FIELDS:
            raise ValueError(
                f"{text!r} is no format: {found['field']} is not among {', '.join(_FIELDS)}; other "
                "letters stand in single quotes"
            )
        digits, part = _FIELDS[found["field"]]
        if part in parts:
            raise ValueError(f"{text!r} names the {part} twice")
        parts[part] = f"${len(parts) + 1}"
        pattern += f"({digits})"
    if ("year" in parts) == ("year of 2000" in parts):
        raise ValueError(f"{text!r} names no year, or two")
    if "day" in parts and "month" not in parts:
        raise ValueError(f"{text!r} names a day and no month")
    year = parts.get("year") or f"20{parts['year of 2000']}"
    day = f"{year}-{parts.get('month', '1')}-{parts.get('day', '1')}"
    clock = ":".join(parts.get(name, "0") for name in ("hour", "minute", "second"))
    return pattern + r"\z", f"{day} {clock}.{parts.get('fraction', '0')}"
