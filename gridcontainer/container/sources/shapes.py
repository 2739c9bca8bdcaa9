"""Shapes as sources write them, to WKB in WGS 84."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry import shape

from gridcontainer.container.declaration import Position, Source
from gridcontainer.container.sources.json_records import flatten, load_json
from gridcontainer.container.sources.records import FAULT, GEOMETRY, RawRow
from gridcontainer.errors import SourceError
from gridcontainer.grid.datum import to_wgs84

# What shapely and json say of a text that is no shape.
_NO_SHAPE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    shapely.errors.ShapelyError,
)


def read_geojson(path: Path, source: Source) -> Iterator[RawRow]:
    """Features of a collection: their properties as columns and their shape as ``geometry`` text.

    Raises:
        SourceError: the file holds no feature collection.
    """
    collection = load_json(path, source.encoding)
    if not isinstance(collection, dict) or not isinstance(collection.get("features"), list):
        raise SourceError(f"{path} is no GeoJSON FeatureCollection; is source.format right?")
    for number, feature in enumerate(collection["features"], start=1):
        if not isinstance(feature, dict):
            yield RawRow(number, {}, "not a feature", json.dumps(feature, ensure_ascii=False))
            continue
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict):
            properties = {"properties": properties}
        values = flatten(properties)
        if "id" in feature:
            values.setdefault("id", str(feature["id"]))
        geometry = feature.get("geometry")
        values["geometry"] = json.dumps(geometry) if geometry else None
        yield RawRow(number, values)


def add_geometry(batch: pa.RecordBatch, position: Position, datum: str) -> pa.RecordBatch:
    """The batch with ``_geometry``: each row's shape as WKB in WGS 84.

    A shape that crosses itself is repaired (``shapely.make_valid``); a text that is no shape
    becomes the row's ``_fault``; an empty one stays null.
    """
    column = batch.schema.get_field_index(position.geometry)
    faults = batch.column(batch.schema.get_field_index(FAULT)).to_pylist()
    shapes: list[bytes | None] = []
    for index, text in enumerate(batch.column(column).to_pylist()):
        wkb, fault = _read_shape(text, position, datum)
        shapes.append(wkb)
        faults[index] = faults[index] or fault
    where = batch.schema.get_field_index(FAULT)
    batch = batch.set_column(where, batch.schema.field(where), pa.array(faults, pa.string()))
    return batch.append_column(pa.field(GEOMETRY, pa.binary()), pa.array(shapes, pa.binary()))


def _read_shape(
    text: str | None, position: Position, datum: str
) -> tuple[bytes | None, str | None]:
    if text is None or not text.strip():
        return None, None
    try:
        geometry = _parse(text, position)
    except _NO_SHAPE as error:
        return None, f"shape cannot be read: {type(error).__name__}: {str(error)[:120]}"
    if geometry.is_empty:
        return None, None
    return cast(bytes, shapely.to_wkb(_to_wgs84(geometry, datum))), None


def _parse(text: str, position: Position) -> shapely.Geometry:
    if position.geometry_format == "wkt":
        geometry = shapely.from_wkt(text)
    elif position.geometry_format == "wkb":
        geometry = shapely.from_wkb(text)
    elif position.geometry_format == "rings":
        geometry = _polygon_of_rings(_lists_of_pairs(text, position))
    elif position.geometry_format == "paths":
        geometry = shapely.MultiLineString(_lists_of_pairs(text, position))
    else:
        geometry = shape(json.loads(text))
    return geometry if geometry.is_valid else shapely.make_valid(geometry)


def _lists_of_pairs(text: str, position: Position) -> list[list[Any]]:
    """Lists of pairs from a JSON text, longitude first."""
    lists: list[list[Any]] = json.loads(text)
    if position.axis_order == "lon_lat":
        return lists
    return [[pair[::-1] for pair in pairs] for pairs in lists]


def _polygon_of_rings(rings: list[list[Any]]) -> shapely.Geometry:
    """Parts and holes told apart by nesting: a ring inside an odd number of others is a hole."""
    whole: shapely.Geometry = shapely.Polygon()
    polygons = map(shapely.make_valid, map(shapely.Polygon, rings))
    for polygon in sorted(polygons, key=lambda polygon: -polygon.area):
        whole = whole.symmetric_difference(polygon)
    return whole


def _to_wgs84(geometry: shapely.Geometry, datum: str) -> shapely.Geometry:
    def convert(pairs: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        return np.column_stack(to_wgs84(pairs[:, 0], pairs[:, 1], datum))

    return shapely.transform(geometry, convert)
