"""Which column holds shapes: GeoJSON, WKT, WKB or rings of pairs in either order."""

import json
from typing import Any, Final, cast

import numpy as np
import pandas as pd
import shapely

from gridcontainer.container.declaration import Extent
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_shape_name
from gridcontainer.container.inference.positions import Located, within
from gridcontainer.grid.arrays import Float64s

Shapes = np.ndarray[Any, np.dtype[np.object_]]

_WKT: Final = (
    r"^\s*(?:SRID=\d+;)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION)\s*Z?\s*\("
)
_LOOKED_AT = 200
_AREAS: Final = (3, 6)  # shapely's numbers for polygons
_POINTS: Final = (0, 4)


def find_shapes(frame: pd.DataFrame, extent: Extent, notes: Notes) -> Located | None:
    """The first column whose filled rows are shapes, with a position for each row.

    A row's position is its shape's centroid. Shapes that cannot be read have none.
    """
    for name in frame.columns:
        filled = frame[name].dropna().iloc[:_LOOKED_AT]
        if filled.empty:
            continue
        keys = _shape_keys(str(name), filled)
        if keys is not None:
            return _locate(frame, keys, extent, notes)
    return None


def _shape_keys(name: str, filled: "pd.Series[Any]") -> dict[str, str] | None:
    """The declaration's ``position`` where most of these values are shapes."""
    if isinstance(filled.iloc[0], bytes):
        shapes = shapely.from_wkb(filled.to_numpy(), on_invalid="ignore")
        known = [shape is not None for shape in shapes]
        return _if_most(known, {"geometry": name, "geometry_format": "wkb"})
    if filled.str.match(_WKT, case=False).mean() > 0.8:
        return {"geometry": name, "geometry_format": "wkt"}
    if filled.str.match(r'^\s*\{.*"coordinates"', case=False).mean() > 0.8:
        return {"geometry": name, "geometry_format": "geojson"}
    if is_shape_name(name) and filled.str.match(r"^\s*\[\s*\[\s*\[").mean() > 0.8:
        return {"geometry": name, "geometry_format": "rings"} | _axis_order(filled)
    return None


def _if_most(known: list[bool], keys: dict[str, str]) -> dict[str, str] | None:
    return keys if np.mean(known) > 0.8 else None


def _axis_order(filled: "pd.Series[Any]") -> dict[str, str]:
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
    frame: pd.DataFrame, keys: dict[str, str], extent: Extent, notes: Notes
) -> Located | None:
    shapes = read_shapes(frame[keys["geometry"]], keys)
    with np.errstate(invalid="ignore"):
        centres = shapely.centroid(shapes)
    lon, lat = shapely.get_x(centres), shapely.get_y(centres)
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
    if not inside.any():
        notes.warn("no shape lies in the city: another city's file, or projected coordinates?")
    return Located(keys, cast(Float64s, lon), cast(Float64s, lat), inside, kind, points == read)


def read_shapes(column: "pd.Series[Any]", keys: dict[str, str]) -> Shapes:
    """Shapes of a column, None where there is none to read; longitude first."""
    values = column.to_numpy()
    form = keys.get("geometry_format", "geojson")
    if form == "rings":
        flip = keys.get("axis_order") == "lat_lon"
        shapes = np.array([_polygon(text, flip) for text in values], dtype=object)
    elif form == "wkb":
        shapes = shapely.from_wkb(values, on_invalid="ignore")
    elif form == "wkt":
        shapes = shapely.from_wkt(values, on_invalid="ignore")
    else:
        shapes = shapely.from_geojson(values, on_invalid="ignore")
    return cast(Shapes, shapes)


def _polygon(text: str | None, flip: bool) -> shapely.Geometry | None:
    """The rings' union: good enough for a centroid."""
    try:
        rings = [[p[::-1] if flip else p for p in ring] for ring in json.loads(text or "null")]
        return shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in rings])
    except (ValueError, TypeError, RecursionError, shapely.errors.ShapelyError):
        return None
