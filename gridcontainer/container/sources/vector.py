"""Shapefile, GeoPackage and what else GDAL reads: attributes as text, the shape as ``geometry``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.content_kind import is_zip, vector_members
from gridcontainer.container.sources.hex_text import to_hex
from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.parquet_columns import split_undecodable
from gridcontainer.container.sources.records import (
    FAULT,
    FILE,
    ROW,
    TEXT,
    distinct,
    one_line,
    raw_schema,
)
from gridcontainer.errors import SourceError

# What GDAL, pyogrio and Arrow say of a file that is none of theirs, or is damaged.
_UNREADABLE = (
    *(DataSourceError, DataLayerError, UnicodeError, pa.ArrowException),
    *(OSError, RuntimeError, IndexError, ValueError, OverflowError),
)
SHAPE: Final = "geometry"
_BATCH_ROWS: Final = 20_000
_MOST_LOST: Final = 100  # features one after the other; beyond that the file is damaged
_WGS84: Final = ("EPSG:4326", "OGC:CRS84")


@dataclass(frozen=True)
class Layer:
    """What a vector file says of the layer that is read.

    Attributes:
        name: name of the layer.
        columns: names of the columns, ``geometry`` the last.
        features: number of features; -1 where only reading all would tell.
        crs: the CRS as GDAL names it, or None where the file says none.
        can_skip: whether GDAL can begin at any feature without reading those before it.
    """

    name: str
    columns: tuple[str, ...]
    features: int
    crs: str | None
    can_skip: bool = False


def open_layer(path: Path, source: Source) -> Layer:
    """The layer that is declared, or the only one; no feature is read.

    Raises:
        SourceError: GDAL cannot read the file, or it has no such layer, or several.
    """
    try:
        layers = [name for name, _ in pyogrio.list_layers(gdal_path(path))]
        if source.layer is None and len(layers) > 1:
            raise SourceError(f"{path} has layers {', '.join(layers)}; name one: source.layer")
        about = pyogrio.read_info(
            gdal_path(path), layer=source.layer, encoding=_encoding(path, source)
        )
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    fields = distinct([SHAPE, *map(str, about["fields"])])
    # GeoJSON means WGS 84 where it says nothing, and so GDAL says it of every such file.
    silent = str(about["driver"]).startswith("GeoJSON") and about["crs"] in _WGS84
    shape = (SHAPE,) if about["geometry_type"] else ()
    return Layer(
        name=str(about["layer_name"]),
        columns=(*fields[1:], *shape),
        features=int(about["features"]),
        crs=None if silent else about["crs"],
        can_skip=bool(about["capabilities"]["fast_set_next_by_index"]),
    )


def read_vector(
    path: Path, source: Source, layer: Layer, file: str, start: int = 0, stop: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Features in their order as raw batches; the shape is hexadecimal WKB.

    Times are texts in ISO 8601, with the offset where the file has one. A feature that GDAL cannot
    give is a fault.

    Args:
        path: path of the file.
        source: says its encoding.
        layer: as of ``open_layer``.
        file: what ``_file`` should say.
        start: number of features to skip.
        stop: the feature to stop before; None for the end.

    Raises:
        SourceError: GDAL cannot read the file.
    """
    done = start
    try:
        for table in _tables(path, source, layer, start, stop):
            yield _to_raw(table, layer, file, done)
            done += len(table)
    except _UNREADABLE as error:
        count = layer.features if stop is None else stop
        if count < 0:
            raise _unreadable(path, error) from error
        yield from _one_by_one(path, source, layer, file, done, count)


def _one_by_one(
    path: Path, source: Source, layer: Layer, file: str, start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Features of a file at one of which GDAL stops."""
    lost = 0
    for number in range(start, stop):
        try:
            tables = list(_tables(path, source, layer, number, number + 1))
            rows = [_to_raw(table, layer, file, number) for table in tables if len(table)]
            lost = 0
        except _UNREADABLE as error:
            lost += 1
            is_all = lost == stop  # none was read before, and none is left
            if lost > _MOST_LOST or is_all:
                raise _unreadable(path, error) from error
            rows = [_lost(layer, file, number, error)]
        yield from rows


def _tables(
    path: Path, source: Source, layer: Layer, start: int, stop: int | None
) -> Iterator[pa.RecordBatch]:
    """Batches as GDAL gives them, with the names of the layer's columns."""
    left = None if stop is None else stop - start
    with pyogrio.open_arrow(
        gdal_path(path),
        layer=layer.name,
        encoding=_encoding(path, source),
        skip_features=start,
        batch_size=_BATCH_ROWS if left is None else min(_BATCH_ROWS, left),
        use_pyarrow=True,
        datetime_as_string=True,
    ) as (about, reader):
        shape = about["geometry_name"] or "wkb_geometry"
        given = [name for name in reader.schema.names if name != shape]
        names = dict(zip(given, layer.columns, strict=False)) | {shape: SHAPE}
        for batch in reader:
            taken = batch if left is None else batch.slice(0, left)  # Arrow's way has no limit
            yield taken.rename_columns([names[name] for name in taken.schema.names])
            left = None if left is None else left - len(taken)
            if left == 0:
                return


def _to_raw(batch: pa.RecordBatch, layer: Layer, file: str, done: int) -> pa.RecordBatch:
    schema, count = raw_schema(layer.columns), len(batch)
    texts = {name: _as_text(batch.column(name)) for name in batch.schema.names}
    columns, faults = split_undecodable(texts)  # GDAL does not look at UTF-8
    if faults:
        columns[FAULT] = pa.array([faults.get(row) for row in range(count)], pa.string())
    columns[FILE] = pa.repeat(file, count)
    columns[ROW] = pa.array(range(done + 1, done + count + 1), pa.int64())
    nothing = pa.nulls(count, pa.string())
    return pa.RecordBatch.from_arrays(
        [columns.get(field.name, nothing) for field in schema], schema=schema
    )


def _lost(layer: Layer, file: str, number: int, error: Exception) -> pa.RecordBatch:
    schema = raw_schema(layer.columns)
    said = f"feature cannot be read: {one_line(error)[:120]}"
    own = {FILE: file, ROW: number + 1, FAULT: said, TEXT: f"feature {number} of {layer.name}"}
    return pa.RecordBatch.from_pylist([own], schema=schema)


def _as_text(values: pa.Array) -> pa.Array:
    kind = values.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return to_hex(values)
    if pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_date32(kind):
        return cast(Any, values).cast(pa.string())
    texts = [_value_text(value) for value in values.to_pylist()]
    return pa.array(texts, pa.string())


def _value_text(value: Any) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else json_text(value)


def gdal_path(path: Path) -> str:
    """What GDAL calls a file; for a ZIP archive, the folder in it that holds the layers.

    GDAL itself looks into an archive only if its name ends in .zip, and not into its folders.
    """
    if not is_zip(path):
        return str(path)
    inside = PurePosixPath(next(iter(vector_members(path)), ""))
    folder = "" if inside.parent == PurePosixPath(".") else f"/{inside.parent}"
    return f"/vsizip/{{{path.resolve()}}}{folder}"


def _encoding(path: Path, source: Source) -> str | None:
    """The encoding of a Shapefile: the declared one, else that of its .cpg, else the default.

    Without a .cpg GDAL takes texts for Latin ones; the default makes bytes that do not fit a fault.
    """
    is_shapefile = path.suffix.lower() == ".shp"
    if "encoding" in source.model_fields_set and (is_shapefile or is_zip(path)):
        return source.encoding
    says_own = any(path.with_suffix(ending).is_file() for ending in (".cpg", ".CPG"))
    return source.encoding if is_shapefile and not says_own else None


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path} cannot be read as a vector file: {one_line(error)}. Are the files "
        "beside it (.dbf, .shx) there, and source.layer and source.encoding right?"
    )
