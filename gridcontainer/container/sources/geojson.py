"""GeoJSON feature collections: properties as columns, the shape as text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.json_records import flatten, join_fields, load_json
from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.records import RawRow
from gridcontainer.errors import SourceError


def read_geojson(path: Path, source: Source) -> Iterator[RawRow]:
    """Features of a collection: their properties as columns and their shape as ``geometry`` text.

    Raises:
        SourceError: the file holds no feature collection.
    """
    collection = load_json(path, source.encoding)
    if not isinstance(collection, dict) or not isinstance(collection.get("features"), list):
        raise SourceError(f"{path} is no GeoJSON FeatureCollection; is source.format right?")
    for number, feature in enumerate(collection["features"], start=1):
        yield feature_row(number, feature)


def feature_row(number: int, feature: Any) -> RawRow:
    """One feature as a row; a fault where it is none."""
    if not isinstance(feature, dict):
        return RawRow(number, {}, "not a feature", json_text(feature))
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
    return RawRow(number, values)
