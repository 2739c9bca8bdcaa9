"""GeoParquet 1.1: Parquet with shapes as WKB, and what they are in the metadata.

Source: https://geoparquet.org/releases/v1.1.0/
"""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

_PARQUET: Final[Any] = pq  # it has no types
_SHAPE: Final = "geometry"
_BOX: Final = "geometry_bbox"
_SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
_BOX_TYPE: Final = pa.struct([(side, pa.float64()) for side in _SIDES])


def shapes_of(rows: pa.Table) -> Any:
    """The shape of each row: the one stored, else a point at its position, else None."""
    lon, lat = (rows.column(name).to_numpy() for name in ("lon", "lat"))
    points = np.where(np.isnan(lon) | np.isnan(lat), None, shapely.points(lon, lat))
    if _SHAPE not in rows.column_names:
        return points
    shapes = shapely.from_wkb(rows.column(_SHAPE).to_numpy())
    return np.where(shapely.is_missing(shapes), points, shapes)


class GeoParquetFile:
    """Writes rows as they come; what all shapes are is written at the end."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Rows without a position give plain Parquet."""
        self._is_placed = "lon" in schema.names
        self._types: set[str] = set()
        self._bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
        fields = [field for field in schema if field.name != _SHAPE]
        if self._is_placed:
            fields += [pa.field(_SHAPE, pa.binary()), pa.field(_BOX, _BOX_TYPE)]
        self._schema = pa.schema(fields)
        self._writer = _PARQUET.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: pa.Table) -> None:
        """Append rows of the schema."""
        if self._is_placed:
            rows = self._with_shapes(rows)
        self._writer.write_table(rows.select(self._schema.names))

    def close(self) -> None:
        """Write the metadata."""
        if self._is_placed:
            self._writer.add_key_value_metadata({"geo": json.dumps(self._metadata())})
        self._writer.close()

    def _with_shapes(self, rows: pa.Table) -> pa.Table:
        shapes = shapes_of(rows)
        bounds = shapely.bounds(shapes)
        low = np.nanmin(bounds, axis=0, initial=np.inf)[:2]
        high = np.nanmax(bounds, axis=0, initial=-np.inf)[2:]
        self._bounds[:2] = np.minimum(self._bounds[:2], low)
        self._bounds[2:] = np.maximum(self._bounds[2:], high)
        there = ~shapely.is_missing(shapes)
        kinds = zip(shapely.get_type_id(shapes[there]), shapely.has_z(shapes[there]), strict=True)
        self._types |= {_type_name(kind, has_z) for kind, has_z in set(kinds)}
        boxes = pa.StructArray.from_arrays(
            [pa.array(side) for side in bounds.T],
            fields=list(_BOX_TYPE),
            mask=pa.array(np.isnan(bounds).any(axis=1)),
        )
        wkb = pa.array(shapely.to_wkb(shapes, flavor="iso"), pa.binary())
        rest = rows.drop_columns([_SHAPE]) if _SHAPE in rows.column_names else rows
        return rest.append_column(_SHAPE, wkb).append_column(_BOX, boxes)

    def _metadata(self) -> dict[str, Any]:
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self._types),
            "covering": {"bbox": {side: [_BOX, side] for side in _SIDES}},
        }
        if np.isfinite(self._bounds).all():
            column["bbox"] = self._bounds.tolist()
        # Without a CRS it is OGC:CRS84 by definition: longitude, latitude, WGS 84.
        return {"version": "1.1.0", "primary_column": _SHAPE, "columns": {_SHAPE: column}}


def _type_name(kind: int, has_z: bool) -> str:
    name = shapely.GeometryType(kind).name
    words = {"LINESTRING": "LineString", "MULTIPOINT": "MultiPoint", "POLYGON": "Polygon",
             "MULTILINESTRING": "MultiLineString", "MULTIPOLYGON": "MultiPolygon",
             "GEOMETRYCOLLECTION": "GeometryCollection", "LINEARRING": "LineString",
             "POINT": "Point"}  # fmt: skip
    return words[name] + (" Z" if has_z else "")


def open_geoparquet(path: Path, schema: pa.Schema) -> GeoParquetFile:
    """A file that is there to be written to."""
    return GeoParquetFile(path, schema)
