"""Shapefile, GeoPackage and what else GDAL reads: attributes as text, the shape as ``geometry``."""

from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.json_text import json_text
from gridcontainer.container.sources.records import RawRow, one_line
from gridcontainer.errors import SourceError

# What GDAL, pyogrio and Arrow say of a file that is none of theirs, or is damaged.
_UNREADABLE = (
    *(DataSourceError, DataLayerError, UnicodeError, pa.ArrowException),
    *(OSError, RuntimeError, IndexError, ValueError, OverflowError),
)


def read_vector(path: Path, source: Source) -> Iterator[RawRow]:
    """Features in their order; the shape is hexadecimal WKB (``geometry_format: wkb``).

    Raises:
        SourceError: GDAL cannot read the file, or it has no such layer.
    """
    encoding = source.encoding if path.suffix.lower() == ".shp" else None
    try:
        layers = [name for name, _ in pyogrio.list_layers(path)]
        if source.layer is None and len(layers) > 1:
            raise SourceError(f"{path} has layers {', '.join(layers)}; name one: source.layer")
        meta, table = pyogrio.read_arrow(path, layer=source.layer, encoding=encoding)
        shape = meta["geometry_name"] or "wkb_geometry"
        names = ["geometry" if name == shape else name for name in table.column_names]
        rows = table.rename_columns(names).to_pylist()
    except _UNREADABLE as error:
        raise SourceError(
            f"{path} cannot be read as a vector file: {one_line(error)}. Are the files "
            "beside it (.dbf, .shx) there, and source.layer and source.encoding right?"
        ) from error
    for number, values in enumerate(rows, start=1):
        yield RawRow(number, {name: _as_text(value) for name, value in values.items()})


def _as_text(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date | time) else json_text(value)
