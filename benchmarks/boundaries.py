"""The real boundaries of the catalogue: streets, districts, roads and lines of Shanghai; cities."""

import csv
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[Any]


def read_shanghai(data: Path) -> Shapes:
    """Polygons and lines of all files of ``shanghai_boundaries``, as they come."""
    folder = data / "shanghai_boundaries"
    shapes = [shape for file in sorted(folder.iterdir()) for shape in read_file(file)]
    return np.array(shapes, dtype=object)


def read_cities(data: Path) -> Shapes:
    """Boundaries of the cities of China, from the census."""
    csv.field_size_limit(sys.maxsize)
    path = data / "china_census_county" / "census_city_2010-2020_v1.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        texts = [row["coord"] for row in csv.DictReader(file)]
    shapes: Shapes = shapely.from_wkt([text for text in texts if text])
    return shapes


def read_file(file: Path) -> Iterator[Any]:
    """Shapes of one file, as they come."""
    content = json.loads(file.read_text(encoding="utf-8"))
    if file.suffix == ".geojson" or "features" in content:
        for feature in content["features"]:
            yield shapely.from_geojson(json.dumps(feature["geometry"]))
    elif file.stem == "towns":
        for town in content:
            yield shapely.union_all([shapely.Polygon(_lonlat(ring)) for ring in town["rings"]])
    else:
        for entry in content.values():
            paths = entry["paths"] if isinstance(entry, dict) else entry
            yield shapely.MultiLineString([_lonlat(path) for path in paths])


def _lonlat(path: list[list[float]]) -> list[list[float]]:
    return [[lon, lat] for lat, lon in path]
