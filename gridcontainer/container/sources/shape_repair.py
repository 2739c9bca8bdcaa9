"""One text as a shape, repaired where it can be, with a word on what was repaired."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import shape

from gridcontainer.container.declaration import Position
from gridcontainer.container.sources.shape_srid import crs_of_geojson, split_ewkt, srid_to_crs

# A text of this length can hold collections nested so deeply that GEOS runs out of its stack.
LONG_TEXT: Final = 16_000
_MOST_COLLECTIONS: Final = 1_000
# A collection in hexadecimal WKB, of either byte order, plain or with Z, M and SRID.
_COLLECTION_HEX: Final = re.compile(r"(?i)01(?:07|ef|d7|bf)(?:00|03|07|0b)00[0-9ae]0|00000000?0?07")
_CLOSED: Final = "ring closed"
_CURVES: Final = re.compile(r"(?i)CURVE|CIRCULAR|nonlinear")
_SURFACES: Final = re.compile(r"(?i)\b(TIN|TRIANGLE|POLYHEDRAL\w*)")


class NotAShape(ValueError):  # noqa: N818 - says what it is; never leaves the readers
    """A text that is no shape and cannot be made one."""


class Mended(NamedTuple):
    """A shape, what was repaired in it, and the CRS that it names; None where there is nothing."""

    shape: shapely.Geometry
    repair: str | None = None
    crs: str | None = None


def read_shape(text: str, position: Position) -> Mended:
    """The shape of a text, in the source's datum.

    A ring that does not end where it begins is closed (in ``rings`` it need not, so nothing is said
    there), and a polygon that crosses itself is made valid (``shapely.make_valid``). A point whose
    coordinates are all NaN is an empty one.

    Raises:
        NotAShape: says why, in one line.
    """
    try:
        with np.errstate(all="ignore"):  # shapely warns of coordinates that are not finite
            mended = _read(text, position)
        return Mended(_require_finite(mended.shape), mended.repair, mended.crs)
    except Exception as error:  # whatever shapely, GEOS and json can throw is this row's fault
        raise NotAShape(_explain(error)) from error


def make_shape_valid(geometry: shapely.Geometry) -> Mended:
    """A shape whose coordinates are finite, made valid.

    Raises:
        NotAShape: GEOS cannot judge it, as a curve.
    """
    try:
        with np.errstate(all="ignore"):
            return _make_valid(geometry)
    except Exception as error:
        raise NotAShape(_explain(error)) from error


def is_too_deep(text: str, geometry_format: str) -> bool:
    """Whether a text holds so many collections that GEOS could run out of its stack."""
    if len(text) < LONG_TEXT:
        return False
    if geometry_format == "wkb":
        return sum(1 for _ in _COLLECTION_HEX.finditer(text)) > _MOST_COLLECTIONS
    word = "GEOMETRYCOLLECTION" if geometry_format == "wkt" else "{"
    return text.upper().count(word) > _MOST_COLLECTIONS


def strip_hex(text: str) -> str:
    """Hexadecimal WKB without the blanks and the prefix of PostgreSQL (``\\x``) or others (0x)."""
    bare = text.strip()
    return bare[2:] if bare[:2].lower() in ("\\x", "0x") else bare


def _explain(error: Exception) -> str:
    said = " ".join(str(error).split())[:120]
    if _CURVES.search(said):
        return "curves are not read"
    if surface := _SURFACES.search(said):
        return f"surfaces of triangles are not read ({surface[1].upper()})"
    return f"{type(error).__name__}: {said}"


def _read(text: str, position: Position) -> Mended:
    kind = position.geometry_format
    if kind in ("wkt", "wkb") and is_too_deep(text, kind):
        raise ValueError("collections are nested too deeply")
    if kind == "wkt":
        crs, bare = split_ewkt(text)
        return _close_and_make_valid(bare, shapely.from_wkt)._replace(crs=crs)
    if kind == "wkb":
        mended = _close_and_make_valid(strip_hex(text), shapely.from_wkb)
        return mended._replace(crs=srid_to_crs(int(shapely.get_srid(mended.shape))))
    if kind == "rings":
        return _polygon_of_rings(_lists_of_pairs(text, position))
    if kind == "paths":
        return _make_valid(shapely.MultiLineString(_lists_of_pairs(text, position)))
    value = json.loads(text, object_hook=_without_height)
    opened = any(map(_is_open, _rings_of(value)))
    mended = _make_valid(shape(value), _CLOSED if opened else None)
    return mended._replace(crs=crs_of_geojson(value))


def _require_finite(geometry: shapely.Geometry) -> shapely.Geometry:
    coordinates = shapely.get_coordinates(geometry)
    if np.isfinite(coordinates).all():
        return geometry
    if isinstance(geometry, shapely.Point) and np.isnan(coordinates).all():
        return shapely.Point()
    raise ValueError("a coordinate is not a number")


def _close_and_make_valid(text: str, reader: Any) -> Mended:
    """By a reader that refuses an open ring unless it is told to close it."""
    try:
        return _make_valid(reader(text))
    except shapely.errors.ShapelyError as error:
        if "closed" not in str(error):
            raise
        return _make_valid(reader(text, on_invalid="fix"), _CLOSED)


def _make_valid(geometry: shapely.Geometry, repair: str | None = None) -> Mended:
    is_valid = shapely.is_valid(geometry)  # throws at curves, which have no coordinates to ask for
    if _require_finite(geometry).is_empty or is_valid:
        return Mended(geometry, repair)
    reason = shapely.is_valid_reason(geometry)
    what = "self-crossing" if "Self-intersection" in reason else "invalid"
    said = f"{what} polygon repaired ({reason})"
    srid = int(shapely.get_srid(geometry))
    valid = shapely.set_srid(shapely.make_valid(geometry), srid)
    return Mended(valid, f"{repair}; {said}" if repair else said)


def _rings_of(value: Any) -> Iterator[list[Any]]:
    """The rings of a GeoJSON shape's polygons."""
    for part in value.get("geometries", []):
        yield from _rings_of(part)
    if value.get("type") == "Polygon":
        yield from value["coordinates"]
    elif value.get("type") == "MultiPolygon":
        for polygon in value["coordinates"]:
            yield from polygon


def _without_height(value: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON object whose positions are pairs, though some of them have a height or more."""
    coordinates = value.get("coordinates")
    return value | {"coordinates": _pairs(coordinates)} if coordinates is not None else value


def _pairs(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        return value
    return [_pairs(item) for item in value] if isinstance(value[0], list) else value[:2]


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
