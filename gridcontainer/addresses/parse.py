"""The grammar of addresses: a text read from left to right, each part by one pattern.

The order is that of the language, from the coarse to the fine: district, town, road, crossing or
number, distance; or village and hamlet; or a name. What a pattern takes, no later one sees.
"""

import dataclasses
import re
from typing import Final

from gridcontainer.addresses.address import Address
from gridcontainer.addresses.normal import normalise

_HAN: Final = "一-鿿"
_COMPASS: Final = "[东南西北]"
_ROAD_END: Final = (
    "(?:高速公路|高架路|公路|大道|高速|高架|隧道|大桥|立交|环路|国道|省道|(?<!铁)路|街(?![道坊区]))"
)
# 支路 or 二路 after an ending belong to the name: a road may be named after another.
_ENDED: Final = r"(?![东南西北中一二三四五六七八九十]?(?:支路|公路|路(?!口)|街(?![道坊区])|大道))"
_ROAD: Final = re.compile(rf"(?:[GS]\d{{1,4}}|[{_HAN}]{{1,9}}?{_ROAD_END}){_ENDED}")
_LANE_AS_ROAD: Final = re.compile(rf"(?:(?![村路街])[{_HAN}]){{2,5}}?弄(?=\d|$|[进出])")

_PLACEHOLDER: Final = re.compile(r"其他路")  # where a form asks for a road and there is none
_CITY: Final = re.compile(r"上海市")
_DISTRICT: Final = re.compile(
    rf"(?:上海市?)?([{_HAN}]{{2}})(?:新区(?=.)|(?<![小社园业发税厂校活景宅街])区(?![域内])|县(?!城))"
)
_TOWN: Final = re.compile(
    rf"[{_HAN}]{{1,6}}?街道|[{_HAN}]{{0,4}}?工业园?区|"
    rf"(?:(?!村(?!镇))[{_HAN}]){{1,4}}?(?<!小)[镇乡]"
    rf"(?!街道|{_COMPASS}?[老新大中]?[一二三四五六]?[路街弄]|[村苑湾宅])"
)
_VILLAGE: Final = re.compile(
    rf"(?:(?!(?<!铁)[路街弄](?!村)|号)[{_HAN}]){{1,8}}?村(?:村(?!委))?(?!公?路|街|{_COMPASS}[路街])"
)
_PART: Final = re.compile(rf"[{_HAN}\d]{{1,14}}$")
_TEAM: Final = re.compile(r".{1,6}[队组](?=.{2})")  # 2队张家宅: the hamlet is the finer name

_BOUND: Final = re.compile(rf"[进出往去][{_HAN}]{{1,3}}?方向|[进出]沪(?=[kK\d])")
_SIDE: Final = re.compile(rf"(?:{_COMPASS}{{1,2}}|内|外)[侧圈]")
_LINK: Final = re.compile(rf"{_COMPASS}?(?:[进出近与和跟/、至]|靠近|距离?)")
_CROSS_NAMED: Final = re.compile(rf"[进出]([{_HAN}]{{2,6}}?)(?={_COMPASS}{{1,2}}约?\d)")
_JUNCTION: Final = re.compile(
    rf"(?:{_COMPASS}向{_COMPASS}|(?:{_COMPASS}{{1,2}}|[内外])[侧圈][{_HAN}]{{0,5}}?|{_COMPASS})?"
    r"(?:交叉路?口|交[界汇]路?口?处?|交叉|路口|[上下]匝道|[出入]口(?:匝道)?|口)处?"
)
_KILO: Final = r"(?:公里(?:km)?|千米|[kK][mM]|K)"
_OFFSET: Final = re.compile(
    rf"[以向往]?({_COMPASS}{{1,2}})?[侧面边向]?[前后]?约?(\d+(?:\.\d+)?)(?:({_KILO})|米|[mM])处?"
)
_CHAINAGE: Final = re.compile(
    rf"约?(?:[kK](\d+(?:\.\d+)?)|(\d+(?:\.\d+)?){_KILO})(?:\+|前?约)?(?:(\d+)(?:米|[mM]))?处?"
)
_POST: Final = re.compile(r"[A-Z]{2,4}-?\d{2,4}")
_LANE: Final = re.compile(r"(\d{1,5})(?:[-~、至]\d+)*弄")
_SUBLANE: Final = re.compile(r"(\d{1,4})支弄")
_BUILDING: Final = re.compile(r"(\d{1,4})(?:号楼|[幢栋座])")
_NUMBER: Final = re.compile(r"(\d{1,5})[甲乙丙丁临]?(?:号?[-~、至]+(\d{1,5}))?(?:号(?!线|桥)|$)")
_FLAT: Final = re.compile(r"\d{1,3}单元|\d{1,4}室|\d{1,3}楼")
_ABOUT: Final = re.compile(
    rf"{_COMPASS}?侧?(?:在建|建筑|建设)?(?:工地|宿舍|住宅|小区|商铺|厂区|公司|公房|项目)?(?:生活区|工地)?"
    r"(?:村?委会?|居委会?)?(?:附近|旁边?|对面|门口|门前|沿线|内)?$"
)
_PLACE: Final = re.compile(r".{2,}")


class _Reader:
    """A text, and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.rest = text

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern finds here; it is read then."""
        found = pattern.match(self.rest)
        if found is None or not found[0]:
            return None
        self.rest = self.rest[found.end() :]
        return found

    def word(self, pattern: re.Pattern[str]) -> str | None:
        """The first group of what the pattern finds here; all of it where it has no groups."""
        found = self.take(pattern)
        return None if found is None else found[1 if pattern.groups else 0]

    def whole(self, pattern: re.Pattern[str]) -> int | None:
        """The number that the pattern finds here."""
        found = self.word(pattern)
        return None if found is None else int(found)

    def skip_repeated(self, road: str) -> None:
        """Read a road's name if it stands here again, after a link or without one."""
        link = _LINK.match(self.rest)
        for start in (0, link.end() if link else 0):
            if self.rest.startswith(road, start):
                self.rest = self.rest[start + len(road) :]


def parse_address(text: str) -> Address:
    """The parts of an address.

    Args:
        text: as it came; it is normalised first.

    Returns:
        The parts; nothing but ``rest`` where none is understood.

    >>> parse_address("嘉松中路出华隆路南约3000米").cross
    '华隆路'
    """
    reader = _Reader(normalise(text))
    reader.take(_PLACEHOLDER)
    district = reader.word(_DISTRICT)
    reader.take(_CITY)
    area = Address(district=district, town=reader.word(_TOWN))
    if village := reader.word(_VILLAGE):
        return _read_part(reader, dataclasses.replace(area, village=village))
    if road := reader.word(_LANE_AS_ROAD) or reader.word(_ROAD):
        return _read_on_road(reader, dataclasses.replace(area, road=_road_name(road)))
    return _read_name(reader, area)


def _read_part(reader: _Reader, address: Address) -> Address:
    """After a village: its hamlet or team."""
    reader.take(_ABOUT)
    part = reader.word(_PART)
    if part is not None and (team := _TEAM.match(part)):
        part = part[team.end() :]
    return dataclasses.replace(address, part=part, rest=reader.rest)


def _read_on_road(reader: _Reader, address: Address) -> Address:
    """After a road: a crossing, a chainage or numbers, and what is said about them."""
    for _ in range(2):  # 五洲大道东侧五洲大道南侧: forms repeat the road
        reader.take(_BOUND)
        reader.take(_SIDE)
        reader.skip_repeated(address.road or "")
    if (cross := _read_cross(reader, address.road)) is not None:
        return _read_distance(reader, dataclasses.replace(address, cross=cross))
    if found := reader.take(_CHAINAGE):
        kilometres, metres = float(found[1] or found[2]), float(found[3] or 0)
        chainage = round(1000 * kilometres + metres, 1)
        return dataclasses.replace(address, chainage_metres=chainage, rest=reader.rest)
    if reader.take(_POST) or _OFFSET.match(reader.rest):
        return _read_distance(reader, address)
    return _read_numbers(reader, address)


def _read_cross(reader: _Reader, road: str | None) -> str | None:
    """The other road of a crossing; a link such as 和 may also be the beginning of its name."""
    before = reader.rest
    reader.take(_LINK)
    cross = reader.word(_ROAD)
    is_short = cross is not None and len(cross) < 3
    if cross is None or is_short:
        reader.rest = before
        cross = reader.word(_ROAD) or reader.word(_CROSS_NAMED)
    if cross is None or _road_name(cross) == road:
        reader.rest = before
        return None
    return _road_name(cross)


def _read_distance(reader: _Reader, address: Address) -> Address:
    """After a crossing: direction and metres."""
    reader.take(_JUNCTION)
    found = reader.take(_OFFSET)
    reader.take(_ABOUT)
    if found is None:
        return dataclasses.replace(address, rest=reader.rest)
    metres = float(found[2]) * (1000 if found[3] else 1)
    return dataclasses.replace(address, direction=found[1], offset_metres=metres, rest=reader.rest)


def _read_numbers(reader: _Reader, address: Address) -> Address:
    """After a road: lane, house, building; what follows them is left as it is."""
    lane = reader.whole(_LANE)
    sublane = reader.whole(_SUBLANE) if lane is not None else None
    building = reader.whole(_BUILDING)
    found = None if building is not None else reader.take(_NUMBER)
    building = building if building is not None else reader.whole(_BUILDING)
    reader.take(_FLAT)
    reader.take(_ABOUT)
    address = dataclasses.replace(
        address,
        lane=lane,
        sublane=sublane,
        number=int(found[1]) if found else None,
        number_to=int(found[2]) if found and found[2] else None,
        building=building,
    )
    if lane is None and found is None and reader.rest:
        return _read_name(reader, address)
    return dataclasses.replace(address, rest=reader.rest)


def _read_name(reader: _Reader, address: Address) -> Address:
    """A village or any other name; 站 or 洋房 after a road make one name with it."""
    if village := reader.word(_VILLAGE):
        return _read_part(reader, dataclasses.replace(address, village=village))
    if len(reader.rest) < 3 and address.road is not None:
        return dataclasses.replace(address, place=address.road + reader.rest)
    place = reader.word(_PLACE)
    return dataclasses.replace(address, place=place, rest=reader.rest)


def _road_name(text: str) -> str:
    """One name for an expressway: 沪昆高速公路 is 沪昆高速, 内环高架路 is 内环高架."""
    for ending in ("公路", "路"):
        short = text.removesuffix(ending)
        if short != text and short.endswith(("高速", "高架")):
            return short
    return text
