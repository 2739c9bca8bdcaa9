"""One text as a shape, mended where it can be, with a word on what was mended."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import shapely
from shapely.geometry import shape

from gridcontainer.container.declaration import Position

# What shapely and json say of a text that is no shape.
_NO_SHAPE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    shapely.errors.ShapelyError,
)
_CLOSED: Final = "ring closed"


class NotAShape(ValueError):  # noqa: N818 - says what it is; never leaves the readers
    """A text that is no shape and cannot be made one."""


class Mended(NamedTuple):
    """A shape, and what was mended in it; None where it is as it came."""

    shape: shapely.Geometry
    repair: str | None


def read_shape(text: str, position: Position) -> Mended:
    """The shape of a text, in the source's datum.

    A ring that does not end where it begins is closed (in ``rings`` it need not, so nothing is said
    there), and a polygon that crosses itself is made valid (``shapely.make_valid``).

    Raises:
        NotAShape: says why, in one line.
    """
    try:
        return _read(text, position)
    except _NO_SHAPE as error:
        said = " ".join(str(error).split())[:120]
        raise NotAShape(f"{type(error).__name__}: {said}") from error


def _read(text: str, position: Position) -> Mended:
    if position.geometry_format == "wkt":
        return _close_and_make_valid(text, shapely.from_wkt)
    if position.geometry_format == "wkb":
        return _close_and_make_valid(text.strip(), shapely.from_wkb)
    if position.geometry_format == "rings":
        return _polygon_of_rings(_lists_of_pairs(text, position))
    if position.geometry_format == "paths":
        return _make_valid(shapely.MultiLineString(_lists_of_pairs(text, position)))
    value = json.loads(text)
    opened = any(map(_is_open, _rings_of(value)))
    return _make_valid(shape(value), _CLOSED if opened else None)


def _close_and_make_valid(text: str, reader: Any) -> Mended:
    """By a reader that refuses an open ring unless it is told to close it."""
    try:
        return _make_valid(reader(text))
    except shapely.errors.ShapelyError as error:
        if "closed" not in str(error):
            raise
        return _make_valid(reader(text, on_invalid="fix"), _CLOSED)


def _make_valid(geometry: shapely.Geometry, repair: str | None = None) -> Mended:
    if geometry.is_valid:
        return Mended(geometry, repair)
    reason = shapely.is_valid_reason(geometry)
    what = "self-crossing" if "Self-intersection" in reason else "invalid"
    said = f"{what} polygon repaired ({reason})"
    return Mended(shapely.make_valid(geometry), f"{repair}; {said}" if repair else said)


def _rings_of(value: Any) -> Iterator[list[Any]]:
    """The rings of a GeoJSON shape's polygons."""
    for part in value.get("geometries", []):
        yield from _rings_of(part)
    if value.get("type") == "Polygon":
        yield from value["coordinates"]
    elif value.get("type") == "MultiPolygon":
        for polygon in value["coordinates"]:
            yield from polygon


def _is_open(ring: list[Any]) -> bool:
    return len(ring) > 0 and ring[0] != ring[-1]


def _lists_of_pairs(text: str, position: Position) -> list[list[Any]]:
    """Lists of pairs from a JSON text, longitude first."""
    lists: list[list[Any]] = json.loads(text)
    if position.axis_order == "lon_lat":
        return lists
    return [[pair[::-1] for pair in pairs] for pairs in lists]


def _polygon_of_rings(rings: list[list[Any]]) -> Mended:
    """Parts and holes told apart by nesting: a ring inside an odd number of others is a hole."""
    whole: shapely.Geometry = shapely.Polygon()
    mended = [_make_valid(shapely.Polygon(ring)) for ring in rings]
    for part in sorted(mended, key=lambda part: -part.shape.area):
        whole = whole.symmetric_difference(part.shape)
    said = [part.repair for part in mended if part.repair]
    return Mended(whole, said[0] if said else None)
