"""What a name says: its core, the marks that tell parts of one place apart, addresses, the rest.

Of "ab花园小区(二期)" the core is "ab" and the mark "period 2"; "花园小区" says only what kind of
place it is, and departments leave it out or add it. Many communities have no name but an address.
"""

import functools
import re
from dataclasses import dataclass
from typing import Final

from pypinyin import Style, lazy_pinyin

from gridcontainer.linkage.names.fold import fold
from gridcontainer.linkage.names.numbers import NUMBERS, read_numbers

_LEAST_CORE: Final = 2  # characters: less tells nothing
_GRAM: Final = 2
_HOUSE: Final = "弄"  # the kind of a lane's or a house's number
_TYPE: Final = "类"
_SAME_KIND: Final = {"小区": "区", "号": _HOUSE, "号楼": "座", "幢": "座", "块": "区"}
_SAME_KIND.update(dict.fromkeys(("部", "片", "苑", "园"), "区"))
_VILLAGE: Final = "村"  # a numbered village is a kind of place, as a garden is
_BRACKETED: Final = re.compile(r"\(([^()]*)\)?")
_BRACKETS: Final = re.compile(r"[()]")
_SEPARATORS: Final = re.compile(r"[^\w]+")
_KINDS: Final = "期|街坊|小区|区|村|支弄|弄|号楼|号线|号|坊|座|幢|组|队"
_NUMBERED: Final = re.compile(rf"第?(?P<number>{NUMBERS})(?P<kind>{_KINDS})")
_LETTERED: Final = re.compile(r"(?P<number>[a-z])(?P<kind>区|座|幢|块)")
_SIDED: Final = re.compile(
    r"(?P<number>[东南西北中]{1,2})(?P<kind>区|块|部|片|苑|园)(?![a-z\u4e00-\u9fff])"
)
_ROAD: Final = "路|街|大道|公路|道"
_ADDRESS: Final = re.compile(
    rf"(?P<road>[\u4e00-\u9fff]{{1,8}}?(?:{_ROAD}))(?P<number>{NUMBERS})(?:支弄|弄|号)"
)
_ROAD_NAME: Final = re.compile(r".+?(?:大道|公路|(?<!铁)路|街)")  # of several without a blank
_ENDS_AS_ROAD: Final = re.compile(rf"(?:{_ROAD})$")


@dataclass(frozen=True)
class NameRules:
    """What names of a class of objects say beside their core.

    Attributes:
        generic: endings that say nothing, such as 小区 or 有限公司.
        endings: that say what kind of place it is, such as 花园 and 大厦.
        types: words that, in brackets, tell parts of one place apart, such as 公寓 and 别墅.
    """

    generic: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class NameParts:
    """What a name says.

    Attributes:
        full: the name, folded.
        core: without brackets, marks and endings; of a mere address the road.
        ending: what kind of place it is; empty where not said.
        sound: of the core, in pinyin.
        marks: of parts, such as ``期:2``: kind and number.
        mark_kinds: the kinds of the marks.
        grams: pairs of neighbouring characters of the core; none of a mere address.
        addresses: roads and numbers that stand in the name, such as ``ab路:12``.
        places: that the name names: each road, what stands there; without brackets and endings.
        is_address: the name is an address and no more.
    """

    full: str
    core: str
    ending: str
    sound: str
    marks: tuple[str, ...]
    mark_kinds: tuple[str, ...]
    grams: tuple[str, ...]
    addresses: tuple[str, ...]
    places: tuple[str, ...]
    is_address: bool


def split_name(name: str, rules: NameRules) -> NameParts:
    """The parts of a name.

    >>> parts = split_name("ＡＢ花园（二期）", NameRules(endings=("花园",)))
    >>> parts.core, parts.marks
    ('ab', ('期:2',))
    >>> parts = split_name("中路12弄小区", NameRules(endings=("小区",)))
    >>> parts.core, parts.marks, parts.addresses, parts.is_address
    ('中路', ('弄:12',), ('中路:12',), True)
    >>> split_name("中南公路东一路（中江地铁站）", NameRules(generic=("地铁站",))).places
    ('东一路', '中南路', '中江')
    """
    full = fold(name)
    outside = _BRACKETED.sub("", full)
    body, marks = _take_marks(outside)
    for inside in _BRACKETED.findall(full):
        marks |= _marks_in_brackets(inside, rules)
    core, ending = _take_ending(_SEPARATORS.sub("", body), rules)
    ending = ending or (_VILLAGE if _VILLAGE in _kinds_of(marks) else "")
    is_address = _ENDS_AS_ROAD.search(core) is not None and _HOUSE in _kinds_of(marks)
    if len(core) < _LEAST_CORE:
        core = _SEPARATORS.sub("", outside) or _SEPARATORS.sub("", full)
    return NameParts(
        full=full,
        core=core,
        ending=ending,
        sound="".join(lazy_pinyin(core, style=Style.NORMAL)),
        marks=tuple(sorted(marks)),
        mark_kinds=tuple(sorted(_kinds_of(marks))),
        grams=() if is_address else _grams(core),
        addresses=tuple(sorted(_addresses(full))),
        places=tuple(sorted(_places(full, rules))),
        is_address=is_address,
    )


def _take_marks(text: str) -> tuple[str, set[str]]:
    """The text without its marks, and the marks."""
    marks: set[str] = set()
    for pattern in (_NUMBERED, _LETTERED, _SIDED):
        for match in pattern.finditer(text):
            kind = _SAME_KIND.get(match["kind"], match["kind"])
            numbers = read_numbers(match["number"]) if pattern is _NUMBERED else [match["number"]]
            marks.update(f"{kind}:{number}" for number in numbers)
        text = pattern.sub("", text)
    return text, marks


def _marks_in_brackets(text: str, rules: NameRules) -> set[str]:
    types = {word for word in rules.types if word in text}
    for word in types:
        text = text.replace(word, " ")
    return _take_marks(text)[1] | {f"{_TYPE}:{word}" for word in types}


def _kinds_of(marks: set[str]) -> set[str]:
    return {mark.partition(":")[0] for mark in marks}


def _addresses(text: str) -> set[str]:
    return {
        f"{match['road']}:{number}"
        for match in _ADDRESS.finditer(text)
        for number in read_numbers(match["number"])
    }


def _places(text: str, rules: NameRules) -> set[str]:
    """Each road and each other place that a folded name names; a road is one with 公 or without."""
    found: set[str] = set()
    for part in _BRACKETS.split(text):
        named, _ = _take_ending(_SEPARATORS.sub("", part), rules)
        roads = _ROAD_NAME.findall(named)
        found.add(named[sum(map(len, roads)) :])
        found.update(re.sub("公路$", "路", road) for road in roads)
    return {place for place in found if len(place) >= _LEAST_CORE}


def _take_ending(text: str, rules: NameRules) -> tuple[str, str]:
    """The text without its endings, as long as a core remains, and what kind of place they say."""
    kind = ""
    pattern = _endings(rules)
    while pattern is not None and (match := pattern.search(text)):
        if match.start() < _LEAST_CORE:
            break
        text = text[: match.start()]
        kind = kind or match["kind"] or ""
    return text, kind


@functools.cache
def _endings(rules: NameRules) -> re.Pattern[str] | None:
    if not (rules.generic or rules.endings):
        return None
    generic, kinds = (
        "|".join(sorted(map(re.escape, words), key=len, reverse=True)) or "(?!)"
        for words in (rules.generic, rules.endings)
    )
    return re.compile(f"(?:(?:{generic})|(?P<kind>{kinds}))$")


def _grams(text: str) -> tuple[str, ...]:
    pairs = {text[i : i + _GRAM] for i in range(max(1, len(text) - _GRAM + 1))}
    return tuple(sorted(pairs))
