"""Districts and towns: which hold a place, which one a name means, where their middle is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from pyspark.sql import DataFrame

from gridcontainer.addresses.metres import metres_in_degree
from gridcontainer.grid.arrays import Float64s

EVERYWHERE: Final = ""  # the area of a text that names none
_ENDINGS: Final = ("新区", "区", "县")


def district_name(text: str) -> str:
    """A district's name without its ending.

    >>> district_name("浦东新区"), district_name("青浦")
    ('浦东', '青浦')
    """
    for ending in _ENDINGS:
        if text.endswith(ending) and len(text) > len(ending) + 1:
            return text.removesuffix(ending)
    return text


@dataclass(frozen=True)
class Centre:
    """The middle of an area.

    Attributes:
        lon: degrees.
        lat: degrees.
        radius_metres: of the circle that is as large as the area.
    """

    lon: float
    lat: float
    radius_metres: float


@dataclass(frozen=True)
class AreaIndex:
    """Areas of a city. An area's name is its district's, or ``district/town``.

    Attributes:
        shapes: polygons in degrees by the area's name.
        codes: districts by code.
        tolerance: degrees by which an area reaches beyond its outline.
    """

    shapes: Mapping[str, Any]
    codes: Mapping[str, str]
    tolerance: float

    @cached_property
    def _names(self) -> list[str]:
        return list(self.shapes)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree([self.shapes[name] for name in self._names])

    @cached_property
    def _towns(self) -> dict[str, str]:
        """Areas by the town's name; of two towns of one name none."""
        found: dict[str, list[str]] = {}
        for name in self._names:
            if "/" in name:
                found.setdefault(name.partition("/")[2], []).append(name)
        return {town: areas[0] for town, areas in found.items() if len(areas) == 1}

    def around(self, lon: Float64s, lat: Float64s) -> list[list[str]]:
        """For each place the areas that hold it or nearly do, and ``EVERYWHERE``."""
        held: list[list[str]] = [[EVERYWHERE] for _ in lon]
        points = shapely.points(lon, lat)
        for place, area in zip(
            *self._tree.query(points, predicate="dwithin", distance=self.tolerance), strict=True
        ):
            held[place].append(self._names[area])
        return held

    def named(self, district: str | None, town: str | None) -> list[str]:
        """The areas that a district's name or code and a town's name mean, the finest first.

        A town that lies elsewhere than the district says nothing. Never empty: ``EVERYWHERE`` where
        neither is known.
        """
        plain = None if district is None else district_name(district.strip())
        known = self.codes.get(plain or "", plain)
        found = self._towns.get(town or "")
        if known not in self.shapes:
            known = found.partition("/")[0] if found else None
        if known is None:
            return [EVERYWHERE]
        return [found, known] if found and found.startswith(f"{known}/") else [known]

    def centre(self, area: str) -> Centre | None:
        """The middle of an area; None of ``EVERYWHERE``."""
        shape = self.shapes.get(area)
        if shape is None:
            return None
        middle = shape.centroid
        east, north = metres_in_degree(middle.y)
        return Centre(middle.x, middle.y, math.sqrt(shape.area * east * north / math.pi))


def build_areas(
    districts: DataFrame,
    towns: DataFrame,
    *,
    names: tuple[str, str],
    codes: Mapping[str, str],
    tolerance_metres: float,
) -> AreaIndex:
    """The index of a city's areas: a few hundred polygons, brought to the driver.

    Args:
        districts: polygons with ``geometry`` (WKB, WGS 84).
        towns: likewise; a town belongs to the district that holds a point inside of it.
        names: columns of the names of districts and of towns.
        codes: districts by code.
        tolerance_metres: a place this near to an area counts as in it.
    """
    shapes: dict[str, Any] = {}
    for name, shape in _shapes(districts, names[0]):
        shapes[district_name(name)] = shape
    holders = list(shapes.items())
    for name, shape in _shapes(towns, names[1]):
        inside = shape.representative_point()
        holder = next((d for d, outline in holders if outline.covers(inside)), None)
        if holder is not None:
            shapes[f"{holder}/{name}"] = shape
    latitude = float(np.mean([shape.centroid.y for shape in shapes.values()]))
    degree = metres_in_degree(latitude)[0]
    return AreaIndex(shapes, dict(codes), tolerance_metres / degree)


def _shapes(rows: DataFrame, name: str) -> list[tuple[str, Any]]:
    found = rows.select(f"`{name}`", "geometry").collect()
    return [(row[0], shapely.from_wkb(bytes(row[1]))) for row in found if row[0]]
