"""How a file that nobody declared is read: a declaration from its bytes and the names of columns.

It is what ``datasets infer`` finds out of a file's writing. What that measures against the city
(datum, columns of degrees without a name that says so) is left to a person.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, Final

import pyogrio
import pyproj
from pyogrio.errors import DataLayerError, DataSourceError

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import named_pairs
from gridcontainer.container.inference.positions import WORLD
from gridcontainer.container.inference.sample import Sample, read_sample
from gridcontainer.container.inference.shape_columns import find_shapes
from gridcontainer.container.sources import source_columns
from gridcontainer.container.sources.content_kind import content_kind, read_head
from gridcontainer.container.sources.parquet import open_parquet
from gridcontainer.errors import JoinError, SourceError

VECTOR: Final = (".gpkg", ".shp", ".fgb", ".kml", ".gml")
FILES: Final = (
    *VECTOR, ".geojson", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".gz", ".parquet",
    ".xlsx", ".xls", ".xlsm",
)  # fmt: skip
_DEGREES: Final = ("EPSG:4326", "OGC:CRS84", "EPSG:4490")  # CGCS2000 differs by centimetres
_SEPARATORS: Final = (",", "\t", ";", "|")
_NO_CRS: Final = (DataLayerError, DataSourceError, OSError, ValueError, RuntimeError)


def declared_for(path: Path, declarations: Iterable[Declaration]) -> Declaration | None:
    """The declaration whose ``source.path`` the file fits, as of that file; None without or with
    several.
    """
    whole = PurePath(path.resolve())
    fitting = [d for d in declarations if d.source.path and whole.match(d.source.path)]
    if len(fitting) != 1:
        return None
    return _at(fitting[0], path)


def has_no_features(path: Path) -> bool:
    """Whether a vector file or a GeoJSON collection is well written and empty."""
    if path.suffix.lower() not in (*VECTOR, ".geojson", ".json"):
        return False
    try:
        return int(pyogrio.read_info(path)["features"]) == 0
    except _NO_CRS:
        return False


def draft_for(path: Path, *, with_position: bool = True) -> Declaration:
    """A declaration of a file by its content.

    Coordinates are WGS 84, but for the CRS that a vector file itself says.

    Args:
        path: path of the file, which has records.
        with_position: find the columns that say where a record is.

    Raises:
        SourceError: the file cannot be read, or holds nothing like rows.
        JoinError: no column says where rows are, or several pairs of columns do.
    """
    sample = None
    if path.suffix.lower() in VECTOR:
        source: dict[str, Any] = {"format": "vector"}
    else:
        sample, source = _look(path)
    content = {
        "dataset": "file", "department": "file", "title": path.name, "kind": "table",
        "source": {"path": path.name, **source},
    }  # fmt: skip
    plain = Declaration.model_validate(content)
    if not with_position:
        return plain
    columns = source_columns([path], plain) if sample is None else list(sample.frame.columns)
    position = _position(path, source["format"], sample, columns)
    kind = "points" if "lon" in position else "polygons"
    return Declaration.model_validate(
        content | {"kind": kind, "position": position, "datum": _datum(path)}
    )


def _at(declaration: Declaration, path: Path) -> Declaration:
    source = declaration.source.model_copy(update={"path": path.name})
    return declaration.model_copy(update={"source": source})


def _look(path: Path) -> tuple[Sample | None, dict[str, Any]]:
    """Rows of the file and how they are written; no rows of a header alone."""
    if _is_empty_parquet(path):
        return None, {"format": "parquet"}
    notes = Notes()
    try:
        sample = read_sample(path, notes)
    except SourceError:
        source = _header_alone(path)
        if source is None:
            raise
        return None, source
    source = dict(sample.source)
    if source.get("header") is False:
        source["columns"] = [str(name) for name in sample.frame.columns]
    return sample, source


def _is_empty_parquet(path: Path) -> bool:
    try:
        return open_parquet(path).rows == 0
    except SourceError:
        return False


def _header_alone(path: Path) -> dict[str, Any] | None:
    """How a file is written that has column names and no rows; None of any other."""
    kind = content_kind(path, read_head(path))
    if kind is not None and kind.name == "excel":
        return {"format": "excel"}
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeError):
        return None
    if not text or "\n" in text or text[0] in "{[":
        return None
    counts = {separator: text.count(separator) for separator in _SEPARATORS}
    best = max(counts, key=lambda separator: counts[separator])
    return {"format": "csv", "separator": best} if counts[best] else None


def _position(
    path: Path, form: str, sample: Sample | None, columns: list[str]
) -> Mapping[str, str]:
    if form in ("geojson", "vector"):
        written = "wkb" if form == "vector" else "geojson"
        return {"geometry": "geometry", "geometry_format": written}
    if sample is not None:
        shapes = find_shapes(sample.frame, WORLD, Notes())
        if shapes is not None:
            return shapes.keys
    return _pair(path, columns)


def _pair(path: Path, columns: list[str]) -> Mapping[str, str]:
    """The two columns of degrees: ``lon`` and ``lat``, or the only pair whose names say so."""
    by_name = {name.strip().lower(): name for name in columns}
    if {"lon", "lat"} <= by_name.keys():
        return {"lon": by_name["lon"], "lat": by_name["lat"]}
    pairs = named_pairs(columns)
    if len(pairs) == 1:
        return {"lon": pairs[0][0], "lat": pairs[0][1]}
    found = "; ".join(f"{lon}, {lat}" for lon, lat in pairs)
    why = f"several pairs of columns may be its position ({found})" if pairs else (
        f"no column of shapes, and no lon and lat among {', '.join(columns[:20])}"
    )  # fmt: skip
    raise JoinError(f"{path.name}: {why}; name two of them lon and lat, or declare the file")


def _datum(path: Path) -> str:
    """The CRS that a vector file says; WGS 84 where it says none.

    Raises:
        JoinError: the CRS has no EPSG number.
    """
    if path.suffix.lower() not in (*VECTOR, ".geojson", ".json"):
        return "WGS84"
    try:
        said = pyogrio.read_info(path).get("crs")
    except _NO_CRS:
        return "WGS84"  # what is wrong with the file its reader says
    if said is None:
        return "WGS84"
    crs = pyproj.CRS.from_user_input(said)
    if any(crs.equals(pyproj.CRS.from_user_input(same)) for same in _DEGREES):
        return "WGS84"
    number = crs.to_epsg()
    if number is None:
        raise JoinError(f"{path.name}: its CRS ({crs.name}) has no EPSG number; declare the file")
    return f"EPSG:{number}"
