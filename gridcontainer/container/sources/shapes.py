"""Shapes as sources write them, to WKB in WGS 84."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import shapely

from gridcontainer.container.declaration import Position, Source
from gridcontainer.container.sources.json_records import flatten, join_fields, load_json
from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.records import FAULT, GEOMETRY, REPAIR, RawRow
from gridcontainer.container.sources.shape_repair import Mended, NotAShape, read_shape
from gridcontainer.errors import SourceError
from gridcontainer.grid.datum import to_wgs84


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
            yield RawRow(number, {}, "not a feature", json_text(feature))
            continue
        properties = feature.get("properties") or {}
        if not isinstance(properties, dict):
            properties = {"properties": properties}
        geometry = feature.get("geometry")
        shape = {"geometry": json_text(geometry) if geometry else None}
        values = join_fields(shape, flatten(properties))
        number_given = {"id": json_text(feature.get("id"))} if "id" in feature else {}
        if values.get("id") != number_given.get("id"):
            values = join_fields(values, number_given)
        values |= {"geometry": values.pop("geometry")}  # the last column
        yield RawRow(number, values)


def add_geometry(batch: pa.RecordBatch, position: Position, datum: str) -> pa.RecordBatch:
    """The batch with ``_geometry``: each row's shape as WKB in WGS 84.

    A shape that crosses itself or whose rings are open is repaired, and ``_repair`` says so; a text
    that is no shape becomes the row's ``_fault``; an empty one stays null.
    """
    column = batch.schema.get_field_index(position.geometry)
    faults = batch.column(batch.schema.get_field_index(FAULT)).to_pylist()
    repairs: list[str | None] = []
    shapes: list[bytes | None] = []
    for index, text in enumerate(batch.column(column).to_pylist()):
        wkb, repair, fault = _read(text, position, datum)
        shapes.append(wkb)
        repairs.append(repair)
        faults[index] = faults[index] or fault
    batch = _set(_set(batch, FAULT, faults), REPAIR, repairs)
    return batch.append_column(pa.field(GEOMETRY, pa.binary()), pa.array(shapes, pa.binary()))


def _set(batch: pa.RecordBatch, name: str, values: list[str | None]) -> pa.RecordBatch:
    where = batch.schema.get_field_index(name)
    return batch.set_column(where, batch.schema.field(where), pa.array(values, pa.string()))


def _read(
    text: str | None, position: Position, datum: str
) -> tuple[bytes | None, str | None, str | None]:
    """The shape as WKB, what was repaired, and why it cannot be read."""
    if text is None or not text.strip():
        return None, None, None
    try:
        mended = read_shape(text, position)
    except NotAShape as error:
        return None, None, f"shape cannot be read: {error}"
    if mended.shape.is_empty:
        return None, None, None
    return cast(bytes, shapely.to_wkb(_to_wgs84(mended, datum))), mended.repair, None


def _to_wgs84(mended: Mended, datum: str) -> shapely.Geometry:
    def convert(pairs: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
        return np.column_stack(to_wgs84(pairs[:, 0], pairs[:, 1], datum))

    return shapely.transform(mended.shape, convert)
