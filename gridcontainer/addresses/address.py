"""An address in parts, and the keys under which it can be found."""

from dataclasses import dataclass
from typing import Literal, get_args

# From fine to coarse: what of an address two texts have in common.
KeyKind = Literal["number", "sublane", "lane", "crossing", "place", "village", "road"]
KEY_KINDS: tuple[KeyKind, ...] = get_args(KeyKind)
Shape = Literal[
    "number", "lane", "crossing", "chainage", "road", "village", "place", "area", "unknown"
]


@dataclass(frozen=True)
class Key:
    """A name under which an address is looked up.

    Attributes:
        kind: how much of the address it names.
        name: the same for all texts that mean the same.
    """

    kind: KeyKind
    name: str


@dataclass(frozen=True)
class Address:
    """What a text says of where something is; None for what it does not say.

    Attributes:
        district: without its ending, such as 浦东 or 青浦.
        town: street, town or township with its ending.
        road: the road on which the place is.
        cross: the road that it crosses there.
        direction: from the crossing, of 东南西北, one or two.
        offset_metres: from the crossing in that direction.
        chainage_metres: along the road from its own beginning.
        lane: number of the lane (弄), in the series of the road's house numbers.
        sublane: number of the lane (支弄) in the lane.
        number: of the house: in the lane if there is one, else in the road.
        number_to: the last one where a range is given.
        building: number of the building.
        village: a village or an estate that ends in 村.
        part: of the village: hamlet or team.
        place: any other name: an estate, a school, a market.
        rest: what the grammar did not understand; empty where it understood all.
    """

    district: str | None = None
    town: str | None = None
    road: str | None = None
    cross: str | None = None
    direction: str | None = None
    offset_metres: float | None = None
    chainage_metres: float | None = None
    lane: int | None = None
    sublane: int | None = None
    number: int | None = None
    number_to: int | None = None
    building: int | None = None
    village: str | None = None
    part: str | None = None
    place: str | None = None
    rest: str = ""

    @property
    def shape(self) -> Shape:
        """What the address says at its finest."""
        by_part: list[tuple[object, Shape]] = [
            (self.cross, "crossing"),
            (self.chainage_metres, "chainage"),
            (self.number, "number"),
            (self.lane, "lane"),
            (self.road, "road"),
            (self.village, "village"),
            (self.place, "place"),
            (self.town or self.district, "area"),
        ]
        return next((shape for part, shape in by_part if part is not None), "unknown")

    @property
    def road_number(self) -> int | None:
        """The place in the series of numbers along the road: the lane's, else the house's."""
        return self.number if self.lane is None else self.lane

    def to_keys(self) -> list[Key]:
        """The keys, from fine to coarse.

        >>> [key.name for key in Address(road="甲路", lane=5, number=2).to_keys()]
        ['甲路5弄2号', '甲路5弄', '甲路']
        """
        return [*self._numbered_keys(), *self._crossing_keys(), *self._named_keys()]

    def _numbered_keys(self) -> list[Key]:
        found: list[Key] = []
        if self.road is None:
            return found
        name = self.road
        if self.lane is not None:
            name = f"{name}{self.lane}弄"
            found.insert(0, Key("lane", name))
        if self.sublane is not None:
            name = f"{name}{self.sublane}支弄"
            found.insert(0, Key("sublane", name))
        if self.number is not None:
            found.insert(0, Key("number", f"{name}{self.number}号"))
        return found

    def _crossing_keys(self) -> list[Key]:
        if self.road is None or self.cross is None:
            return []
        return [Key("crossing", crossing_name(self.road, self.cross))]

    def _named_keys(self) -> list[Key]:
        village = self.village
        candidates: list[tuple[KeyKind, str | None]] = [
            ("place", f"{village}{self.part}" if village and self.part else self.place),
            ("village", village),
            ("road", self.road),
            ("road", self.cross),
        ]
        return [Key(kind, name) for kind, name in candidates if name]


def crossing_name(road: str, cross: str) -> str:
    """The same whichever road is named first."""
    return "×".join(sorted((road, cross)))


def format_address(address: Address) -> str:
    """An address as people write it; ``parse_address`` reads it back.

    >>> format_address(Address(road="甲路", cross="乙路", direction="南", offset_metres=30.0))
    '甲路出乙路南约30米'
    """
    parts = [
        (address.district, "{}区"),
        (address.town, "{}"),
        (address.road, "{}"),
        (address.cross, "出{}"),
        (address.chainage_metres, "K0+{:.0f}米"),
        (address.lane, "{}弄"),
        (address.sublane, "{}支弄"),
        (address.number, "{}号" if address.number_to is None else f"{{}}-{address.number_to}号"),
        (address.building, "{}号楼"),
        (address.village, "{}"),
        (address.part, "{}"),
        (address.place, "{}"),
        (address.direction, "{}"),
        (address.offset_metres, "约{:.0f}米"),
    ]
    return "".join(form.format(value) for value, form in parts if value is not None)
