"""GeoJSON and CSV, written a batch at a time."""

import csv
import json
import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import shapely

from gridcontainer.container.export.geoparquet import shapes_of


class RowFile(Protocol):
    """A file that takes rows until it is closed."""

    def write(self, rows: pa.Table) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""


class GeoJsonFile:
    """One FeatureCollection, a feature a line (RFC 7946: longitude, latitude, WGS 84)."""

    def __init__(self, path: Path) -> None:
        """Begin the collection."""
        self._stream = path.open("w", encoding="utf-8")
        self._stream.write('{"type": "FeatureCollection", "features": [')
        self._separator = "\n"

    def write(self, rows: pa.Table) -> None:
        """Append a feature for each row."""
        shapes = shapely.to_geojson(shapes_of(rows))
        for shape, row in zip(shapes, _plain_rows(rows), strict=True):
            row.pop("geometry", None)
            said = json.dumps(row, ensure_ascii=False)
            self._stream.write(
                f'{self._separator}{{"type": "Feature", "geometry": {shape or "null"}, '
                f'"properties": {said}}}'
            )
            self._separator = ",\n"

    def close(self) -> None:
        """End the collection."""
        self._stream.write("\n]}\n")
        self._stream.close()


class CsvFile:
    """UTF-8 with a byte order mark, for Excel; shapes as WKT, nested values as JSON."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Write the line of names."""
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.DictWriter(self._stream, schema.names)
        self._writer.writeheader()

    def write(self, rows: pa.Table) -> None:
        """Append a line for each row."""
        lines = list(_plain_rows(rows))
        if "geometry" in rows.column_names:
            for line, text in zip(lines, shapely.to_wkt(shapes_of(rows)), strict=True):
                line["geometry"] = text
        for line in lines:
            nested = {k: v for k, v in line.items() if isinstance(v, list | dict)}
            texts = {k: json.dumps(v, ensure_ascii=False) for k, v in nested.items()}
            self._writer.writerow(line | texts)

    def close(self) -> None:
        """Finish the file."""
        self._stream.close()


def open_geojson(path: Path, schema: pa.Schema) -> GeoJsonFile:
    """A file that is there to be written to; features have their own properties."""
    return GeoJsonFile(path)


def open_csv(path: Path, schema: pa.Schema) -> CsvFile:
    """A file that is there to be written to."""
    return CsvFile(path, schema)


def _plain_rows(rows: pa.Table) -> Iterator[dict[str, Any]]:
    for row in rows.to_pylist():
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """What JSON can say: times as ISO 8601, bytes as hexadecimal digits, NaN as null."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
