"""Words in texts of times: months, weekdays, halves of the day, names of zones."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE_WEEKDAYS = "一二三四五六日"

MONTH = (
    "Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    "|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
WEEKDAY = (
    "Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:r?s(?:day)?)?|Fri(?:day)?|Sat(?:urday)?"
    "|Sun(?:day)?|(?:星期|周)[一二三四五六日天]"
)
HALF = r"[AP]\.?M\.?|上午|下午"

# Short names that one offset alone has, all over the world. CST, IST, BST, EST, PST have several.
_OFFSETS = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13,
}  # fmt: skip
_LONGEST_SHORT_NAME = 4


def month_number(word: str) -> int:
    """1 to 12 for an English name of a month that ``MONTH`` matches."""
    return _MONTHS.index(word[:3].lower()) + 1


def weekday_number(word: str) -> int:
    """0 (Monday) to 6 for a name that ``WEEKDAY`` matches."""
    if word.isascii():
        return _WEEKDAYS.index(word[:3].lower())
    return _CHINESE_WEEKDAYS.index(word[-1].replace("天", "日"))


def is_afternoon(word: str) -> bool:
    """Whether a word that ``HALF`` matches stands for PM."""
    return word[0] in "Pp下"


@lru_cache(maxsize=2048)
def named_zone(name: str, zone: str) -> ZoneInfo | int | None:
    """The zone or offset that a name in a text stands for.

    Args:
        name: such as ``Asia/Shanghai``, ``UTC``, ``CST``.
        zone: declared zone. A short name that several zones share, such as CST, stands for the
            offset that the declared zone has under this name.

    Returns:
        A zone; an offset in seconds east of UTC; None where the name stands for nothing or for
        several offsets.
    """
    if name.upper() in _OFFSETS:
        return _OFFSETS[name.upper()] * 3600
    if "/" not in name and len(name) <= _LONGEST_SHORT_NAME:
        offsets = _offsets_by_name(zone).get(name.upper(), set())
        return next(iter(offsets)) if len(offsets) == 1 else None
    return ZoneInfo(name) if name in _zones() else None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@lru_cache(maxsize=64)
def _offsets_by_name(zone: str) -> dict[str, set[int]]:
    """Seconds east of UTC by short name, as the zone has used them since 1970."""
    found: dict[str, set[int]] = {}
    for month in range(12 * 68):
        utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=month * 30.4)
        local = utc.astimezone(ZoneInfo(zone))
        offset = local.utcoffset() or timedelta()
        found.setdefault(str(local.tzname()), set()).add(int(offset.total_seconds()))
    return found
