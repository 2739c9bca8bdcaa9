"""Checks of time patterns: what could read another day than was written is refused at load."""

from collections.abc import Iterator

from gridcontainer.container.declaration.time_parts import (
    Field,
    Literal,
    Maybe,
    Part,
    fields_of,
    flat,
)


def check_pattern(parts: tuple[Part, ...]) -> None:
    """Refuse a pattern that can read another day than was written.

    Raises:
        ValueError: names the letter and the remedy.
    """
    _check_once(parts, set())
    _check_whole(list(fields_of(parts)))
    _check_apart(flat(parts))


def _check_once(parts: tuple[Part, ...], above: set[str]) -> None:
    """Refuse a letter that stands twice, other than in two alternatives ``[...][...]``."""
    here = [part for part in parts if isinstance(part, Field)]
    seen = set(above)
    for field in here:
        # A zone may explain an offset: XXX'['VV']'.
        key = "zone" if field.letter in "Vz" else field.what
        if key in seen:
            raise ValueError(
                f"{field.letter} stands twice; M is the month, m the minute, d the day of the "
                "month, D of the year, s the second, S its fraction"
            )
        seen.add(key)
    for part in parts:
        if isinstance(part, Maybe):
            _check_once(part.parts, seen)


_NEEDS = (  # a letter, what it needs, and what is wrong without
    ("h", "a", "h counts hours to 12: without a (AM, PM) an afternoon is read as a morning; "
     "write HH for hours to 23"),
    ("K", "a", "K counts hours to 11: without a (AM, PM) an afternoon is read as a morning"),
    ("a", "hKH", "a (AM, PM) needs the hour h"),
    ("m", "HhK", "m is the minute and needs the hour HH; months are MM"),
    ("s", "m", "s is the second and needs the minute mm"),
    ("S", "s", "S is the fraction of a second and needs the second; seconds are ss"),
    ("M", "y", "M is the month and needs the year yyyy; minutes are mm"),
    ("d", "M", "d is the day of the month and needs the month MM"),
    ("D", "y", "D is the day of the year and needs the year yyyy; days of the month are dd"),
)  # fmt: skip


def _check_whole(fields: list[Field]) -> None:
    """Refuse a pattern that names a part of a time without the one above it."""
    order = [field.what for field in fields]
    letters = set(order)
    for letter, needed, message in _NEEDS:
        if letter in letters and not letters.intersection(needed):
            raise ValueError(message)
    if "D" in letters and letters & {"M", "d"}:
        raise ValueError("D is the day of the year, and stands beside a month: write dd")
    if "y" in letters and letters & set("HhK") and not letters & set("dD"):
        raise ValueError("a time of a year needs its day: dd or DDD")
    if "m" in letters and order.index("m") < min(order.index(c) for c in "HhK" if c in letters):
        raise ValueError("m is the minute, and stands before the hour: months are MM")


def _check_apart(parts: Iterator[Field | Literal]) -> None:
    """Refuse numbers of unknown width that run together: 111 is 1-11 or 11-1."""
    run: list[Field] = []
    for part in parts:
        digits = part.digits if isinstance(part, Field) else None
        if digits is None:
            run = []
            continue
        assert isinstance(part, Field)
        run.append(part)
        loose = [field for field in run if field.digits and field.digits[0] < field.digits[1]]
        if len(loose) > 1:
            names = " and ".join(field.letter for field in loose)
            raise ValueError(f"{names} run together: write them with two letters each")
