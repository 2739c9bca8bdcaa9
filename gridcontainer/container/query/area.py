"""What is asked for in space: ranges of cells by which files are skipped, then an exact test."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from pyproj import Geod
from shapely import affinity

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s
from gridcontainer.grid.box import bounds_to_cells
from gridcontainer.grid.cell import cell_to_bounds, cell_to_range, lonlat_to_cell
from gridcontainer.grid.code import code_to_cell
from gridcontainer.grid.levels import INVALID_CELL, MAX_LEVEL, POLAR_LATITUDE
from gridcontainer.grid.ranges import bounds_to_ranges, scan_level, with_ancestors

Ranges = Sequence[tuple[int, int]]
Box = tuple[float, float, float, float]
Holds = Callable[[Float64s, Float64s, Int64s], Bools]
_EARTH = Geod(ellps="WGS84")
_CIRCLE_POINTS = 256  # shapes meet a circle drawn with these: it is 0.01 % short at most
_MARGIN = 1.01  # a degree is up to 0.7 % shorter or longer on the ellipsoid than on the sphere
_METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class Area:
    """A part of the earth.

    Attributes:
        text: as it was asked for.
        ranges: of cells that may have rows in it, at whatever level these are coded.
        shape: its outline, closed, in degrees; what lines and polygons are tested against.
        holds: whether positions (longitude, latitude, cell) are in it, exactly.
    """

    text: str
    ranges: Ranges
    shape: Any = field(repr=False)
    holds: Holds = field(repr=False)

    @functools.cached_property
    def boxes(self) -> list[Box]:
        """Bounds of each part of the outline."""
        bounds: list[Box] = shapely.bounds(shapely.get_parts(self.shape)).tolist()
        return bounds


def in_ranges(cells: Int64s, ranges: Ranges) -> Bools:
    """True for cells that are in one of the ranges."""
    inside = np.zeros(len(cells), dtype=np.bool_)
    for first, last in ranges:
        inside |= (first <= cells) & (cells <= last)
    return inside


def in_codes(codes: Sequence[str]) -> Area:
    """Cells, of any mix of levels; each owns its edges that are nearer to Greenwich and equator.

    Raises:
        CodeError: a faulty code.
    """
    ranges, boxes = [], []
    for code in codes:
        cell, level = code_to_cell(code)
        first, last = cell_to_range(cell, int(level))
        ranges.append((int(first), int(last)))
        boxes.append(shapely.box(*map(float, cell_to_bounds(cell, int(level)))))

    def holds(lon: Float64s, lat: Float64s, cells: Int64s) -> Bools:
        at = lonlat_to_cell(lon, lat, MAX_LEVEL, on_invalid="mark")
        at = np.where(at == INVALID_CELL, cells, at)  # the polar caps have no fine cells
        return in_ranges(at, ranges)

    text = f"code {', '.join(codes)}"
    return Area(text, with_ancestors(ranges), shapely.union_all(boxes), holds)


def in_box(box: Box) -> Area:
    """A closed box: west, south, east, north in degrees; west > east crosses the antimeridian.

    Raises:
        CoordinateError: no box.
    """
    west, south, east, north = box
    first, last = bounds_to_ranges(*box, scan_level(*box))

    def holds(lon: Float64s, lat: Float64s, cells: Int64s) -> Bools:
        above, below = lon >= west, lon <= east
        in_lon = above & below if west <= east else above | below
        return in_lon & (lat >= south) & (lat <= north)

    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    shape = shapely.union_all([shapely.box(low, south, high, north) for low, high in parts])
    ranges = with_ancestors(zip(first.tolist(), last.tolist(), strict=True))
    return Area(f"box {','.join(map(str, box))}", ranges, shape, holds)


def in_polygon(geometry: Any, *, text: str = "polygon") -> Area:
    """A polygon or several, their border included (``shapely.covers``).

    Args:
        geometry: shapely, degrees, WGS 84; holes are not in it.
        text: to tell people what was asked.

    Raises:
        CoordinateError: no valid polygon, or it reaches a polar cap.
    """
    if geometry.geom_type not in ("Polygon", "MultiPolygon") or geometry.is_empty:
        raise CoordinateError(f"{text}: a {geometry.geom_type} is not a polygon with an area")
    if not geometry.is_valid:
        why = shapely.is_valid_reason(geometry)
        raise CoordinateError(f"{text}: not a valid polygon ({why}); mend it with make_valid")
    _require_below_caps(text, *geometry.bounds[1::2])
    shapely.prepare(geometry)

    def holds(lon: Float64s, lat: Float64s, cells: Int64s) -> Bools:
        inside: Bools = shapely.covers(geometry, shapely.points(lon, lat))
        return inside

    return Area(text, _cover(geometry), geometry, holds)


def within(lon: float, lat: float, metres: float) -> Area:
    """What lies no farther than so many metres along the ellipsoid WGS 84.

    Args:
        lon: degrees, of the middle.
        lat: degrees.
        metres: above 0.

    Raises:
        CoordinateError: no position, no distance, or the circle reaches a polar cap.
    """
    text = f"within {metres:g} m of {lon},{lat}"
    if not (abs(lon) <= 180 and abs(lat) <= 90 and 0 < metres < 5_000_000):
        raise CoordinateError(f"{text}: needs degrees, and metres above 0 and below 5,000,000")
    reach = metres * _MARGIN / _METRES_PER_DEGREE
    _require_below_caps(text, lat - reach, lat + reach)
    ratio = np.sin(np.radians(reach)) / np.cos(np.radians(lat))
    wide = float(np.degrees(np.arcsin(min(1.0, ratio)))) * _MARGIN
    box = in_box((_wrapped(lon - wide), lat - reach, _wrapped(lon + wide), lat + reach))

    def holds(x: Float64s, y: Float64s, cells: Int64s) -> Bools:
        distance = _EARTH.inv(np.full(len(x), lon), np.full(len(x), lat), x, y)[2]
        near: Bools = np.asarray(distance) <= metres
        return near

    return Area(text, box.ranges, _circle(lon, lat, metres), holds)


def _require_below_caps(text: str, south: float, north: float) -> None:
    if south <= -POLAR_LATITUDE or north >= POLAR_LATITUDE:
        raise CoordinateError(f"{text}: reaches a polar cap (|latitude| >= {POLAR_LATITUDE})")


def _cover(geometry: Any) -> Ranges:
    """Ranges of the cells that the polygon meets, at a level at which these are few."""
    west, south, east, north = geometry.bounds
    level = scan_level(west, south, east, north)
    cells = bounds_to_cells(west, south, east, north, level)
    edges = np.array(cell_to_bounds(cells, level))
    met = cells[shapely.intersects(geometry, shapely.box(*edges))]
    first, last = cell_to_range(met, level)
    return with_ancestors(zip(first.tolist(), last.tolist(), strict=True))


def _circle(lon: float, lat: float, metres: float) -> Any:
    """The circle as a polygon, cut where it crosses the antimeridian."""
    turns = np.linspace(0, 360, _CIRCLE_POINTS, endpoint=False)
    same = np.full(_CIRCLE_POINTS, 1.0)
    x, y, _ = _EARTH.fwd(same * lon, same * lat, turns, same * metres)
    x = lon + (np.asarray(x) - lon + 180.0) % 360.0 - 180.0
    ring, world = shapely.Polygon(np.column_stack([x, y])), shapely.box(-180, -90, 180, 90)
    parts = [affinity.translate(ring, shift).intersection(world) for shift in (-360, 0, 360)]
    return shapely.union_all(parts)


def _wrapped(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0 if abs(lon) > 180.0 else lon
