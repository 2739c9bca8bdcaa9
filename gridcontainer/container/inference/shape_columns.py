"""Which column holds shapes: GeoJSON, WKT, WKB or rings of pairs in either order."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import numpy as np
import pandas as pd
import shapely

from gridcontainer.container.declaration import Extent
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_paths_name, is_shape_name
from gridcontainer.container.inference.positions import LOW_SHARE, Located, say_low, within
from gridcontainer.container.sources.shape_srid import split_ewkt, srid_to_crs
from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Float64s
from gridcontainer.grid.crs import crs_to_datum, is_like_wgs84
from gridcontainer.grid.datum import to_wgs84

Shapes = np.ndarray[Any, np.dtype[np.object_]]

_WKT: Final = (
    r"^\s*(?:SRID\s*=\s*\d+\s*;\s*)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION|CURVE"
    r"|SURFACE|CURVEPOLYGON|COMPOUNDCURVE|CIRCULARSTRING)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)"
)
_HEX: Final = r"\s*(?:00|01)[0-9A-Fa-f]{40,}\s*"
SEVERAL: Final = "several"  # the CRS of shapes that name different ones
_LOOKED_AT = 200
_AREAS: Final = (3, 6)  # shapely's numbers for polygons
_POINTS: Final = (0, 4)


def find_shapes(
    frame: pd.DataFrame,
    extent: Extent,
    notes: Notes,
    crs: Mapping[str, str | None] | None = None,
) -> Located | None:
    """The first column whose filled rows are shapes, with a position for each row.

    A row's position is its shape's centroid. Shapes that cannot be read have none.

    Args:
        frame: the sample.
        extent: the city's, degrees.
        notes: takes what is found.
        crs: CRS that the file says for a column of shapes, by the column's name.
    """
    for name in frame.columns:
        filled = frame[name].dropna().iloc[:_LOOKED_AT]
        if filled.empty:
            continue
        keys = _shape_keys(str(name), filled)
        if keys is not None:
            return _locate(frame, keys, extent, (crs or {}).get(str(name)), notes)
    return None


def _shape_keys(name: str, filled: "pd.Series[Any]") -> dict[str, Any] | None:
    """The declaration's ``position`` where most of these values are shapes."""
    if filled.str.fullmatch(_HEX).mean() > 0.8:
        shapes = shapely.from_wkb(filled.to_numpy(), on_invalid="ignore")
        known = [shape is not None for shape in shapes]
        return {"geometry": name, "geometry_format": "wkb"} if np.mean(known) > 0.8 else None
    if filled.str.match(_WKT, case=False).mean() > 0.8:
        return {"geometry": name, "geometry_format": "wkt"}
    if filled.str.match(r'^\s*\{.*"coordinates"', case=False).mean() > 0.8:
        return {"geometry": name, "geometry_format": "geojson"}
    nested = filled.str.match(r"^\s*\[\s*\[\s*\[").mean() > 0.8
    for form, is_named in (("rings", is_shape_name(name)), ("paths", is_paths_name(name))):
        if nested and is_named:
            return {"geometry": name, "geometry_format": form} | _axis_order(filled)
    return None


def _own_crs(values: Shapes, shapes: Shapes, keys: dict[str, Any]) -> Shapes:
    """The CRS that each shape itself names, or None."""
    if keys["geometry_format"] == "wkt":
        named = [None if text is None else split_ewkt(text)[0] for text in values]
    elif keys["geometry_format"] == "wkb":
        numbers = np.where(shapes == None, 0, shapely.get_srid(shapes))  # noqa: E711
        named = [srid_to_crs(int(number)) for number in numbers]
    else:
        named = [None] * len(values)
    return np.array(named, dtype=object)


def _axis_order(filled: "pd.Series[Any]") -> dict[str, Any]:
    """Latitudes are below 90: where a pair's second number is above it, longitude is second."""
    pairs = [pair for text in filled.iloc[:20] for pair in _pairs(text)]
    swapped = bool(pairs) and float(np.median(np.abs([second for _, second in pairs]))) > 90.0
    return {"axis_order": "lat_lon" if swapped else "lon_lat"}


def _pairs(text: str) -> list[tuple[float, float]]:
    try:
        return [(float(pair[0]), float(pair[1])) for ring in json.loads(text) for pair in ring]
    except (ValueError, TypeError, LookupError, RecursionError):
        return []


def _locate(
    frame: pd.DataFrame, keys: dict[str, Any], extent: Extent, crs: str | None, notes: Notes
) -> Located | None:
    shapes = read_shapes(frame[keys["geometry"]], keys)
    own = _own_crs(frame[keys["geometry"]].to_numpy(), shapes, keys)
    named = set(own[shapes != None].tolist())  # noqa: E711 - of each element
    with np.errstate(invalid="ignore"):
        filled = shapes.copy()
        filled[shapely.is_empty(shapes)] = None  # an empty point has no x
        centres = shapely.centroid(filled)
    lon, lat = shapely.get_x(centres), shapely.get_y(centres)
    for each in named:
        rows = np.flatnonzero(own == each)
        lon[rows], lat[rows] = to_degrees(lon[rows], lat[rows], each or crs, extent)
    if named != {None}:
        crs = next(iter(named)) if len(named) == 1 else SEVERAL
    inside = within(lon, lat, extent)
    read = int(np.isfinite(lon).sum())
    if not read:
        notes.warn(f"{keys['geometry']} looks like shapes, and none can be read")
        return None
    types = shapely.get_type_id(shapes)
    areas, points = np.isin(types, _AREAS).sum(), np.isin(types, _POINTS).sum()
    kind = "point" if points * 2 > read else "area" if areas else "line"
    swapped = within(lat, lon, extent).sum() / read
    notes.add(
        "position",
        f"geometry {keys['geometry']} ({keys['geometry_format']})",
        f"{read:,} shapes read, {areas:,} areas, {points:,} points; {inside.sum() / read:.1%} in "
        f"the city, {swapped:.1%} in the other order",
        "high" if inside.any() else "low",
    )
    share = float(inside.sum() / read)
    if not inside.any():
        notes.warn("no shape lies in the city: another city's file, or projected coordinates?")
    elif share < LOW_SHARE:
        notes.warn(say_low(keys["geometry"], share))
    return Located(keys, lon, lat, inside, kind, bool(points == read), crs)


def to_degrees(
    x: Float64s, y: Float64s, crs: str | None, extent: Extent
) -> tuple[Float64s, Float64s]:
    """Coordinates of a CRS as degrees; those of degrees, and of a CRS not known, as they are."""
    datum = None if crs is None else datum_of(crs)
    if datum is None or is_like_wgs84(datum):
        return x, y
    try:
        return to_wgs84(x, y, datum, accept_ballpark=True, extent=extent.bounds)
    except CoordinateError:
        return x, y


def datum_of(crs: str) -> str | None:
    """The name of a CRS as a declaration has it, or its WKT; None where PROJ does not know it."""
    try:
        return crs_to_datum(crs)
    except CoordinateError:
        return None


def read_shapes(column: "pd.Series[Any]", keys: dict[str, Any]) -> Shapes:
    """Shapes of a column, None where there is none to read; longitude first."""
    values = column.to_numpy()
    form = keys.get("geometry_format", "geojson")
    if form in ("rings", "paths"):
        flip = keys.get("axis_order") == "lat_lon"
        make = shapely.Polygon if form == "rings" else shapely.LineString
        shapes = np.array([_union(text, flip, make) for text in values], dtype=object)
    elif form == "wkb":
        shapes = shapely.from_wkb(values, on_invalid="ignore")
    elif form == "wkt":
        texts = [None if text is None else split_ewkt(text)[1] for text in values]
        shapes = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
    else:
        shapes = shapely.from_geojson(values, on_invalid="ignore")
    return cast(Shapes, shapes)


def _union(
    text: str | None, flip: bool, make: Callable[[Any], shapely.Geometry]
) -> shapely.Geometry | None:
    """The union of rings or lines: good enough for a centroid."""
    try:
        rings = [[p[::-1] if flip else p for p in ring] for ring in json.loads(text or "null")]
        return shapely.union_all([shapely.make_valid(make(ring)) for ring in rings])
    except (ValueError, TypeError, RecursionError, shapely.errors.ShapelyError):
        return None
