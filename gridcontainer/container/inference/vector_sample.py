"""Records of a vector file: every layer is listed, one of them is looked into."""

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pandas as pd
import pyogrio

from gridcontainer.container.declaration import Source
from gridcontainer.container.inference.content import Content
from gridcontainer.container.inference.encoding import infer_encoding
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.parquet import empty_as_none
from gridcontainer.container.sources.content_kind import is_zip
from gridcontainer.container.sources.records import FAULT, one_line
from gridcontainer.container.sources.vector import Layer, gdal_path, open_layer, read_vector
from gridcontainer.errors import SourceError

_DBF_BYTES: Final = 4 << 20
_CODE_PAGES: Final = {"936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "65001": "utf-8"}
_UNREADABLE: Final = (OSError, RuntimeError, ValueError, IndexError)


@dataclass(frozen=True)
class LayerSample:
    """Features of one layer.

    Attributes:
        frame: (n, columns) texts; the shape is hexadecimal WKB in ``geometry``.
        source: keys of the declaration's ``source``, without ``path``.
        whole: the sample is all features.
        crs: CRS that the file says, or None.
        has_shapes: whether the layer has shapes.
    """

    frame: pd.DataFrame
    source: dict[str, Any]
    whole: bool
    crs: str | None
    has_shapes: bool


def read_layer(path: Path, layer: str | None, rows: int, notes: Notes) -> LayerSample:
    """The first features of a layer.

    Args:
        path: path of the file, or of a ZIP archive of one.
        layer: name of the layer; the one with most features where None.
        rows: number of features to read at most.
        notes: takes what is found.

    Raises:
        SourceError: GDAL cannot read the file, or it has no such layer.
    """
    layers = _list_layers(path)
    if layer is not None and layer not in layers:
        raise SourceError(f"{path} has no layer {layer}; it has {', '.join(layers)}")
    opened = {name: open_layer(path, _source(path, name, None)) for name in layers}
    chosen = opened[layer] if layer is not None else _fullest(opened)
    _say_layers(path, opened, chosen, notes)
    encoding = _infer_encoding(path, chosen.name, notes)
    source = _source(path, chosen.name, encoding)
    features = read_vector(path, source, chosen, path.name, 0, _stop(chosen, rows))
    sound = (batch.filter(batch.column(FAULT).is_null()) for batch in features)
    frames = [batch.select(list(chosen.columns)).to_pandas() for batch in sound if len(batch)]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=chosen.columns)
    if frame.empty:
        raise SourceError(f"{path} has no features in layer {chosen.name}; choose another: --layer")
    keys: dict[str, Any] = {"format": "vector"}
    if len(layers) > 1:
        keys["layer"] = chosen.name
    if encoding is not None:
        keys["encoding"] = encoding
    filled = empty_as_none(frame.astype(object))
    whole = chosen.features == len(frame)
    return LayerSample(filled, keys, whole, chosen.crs, "geometry" in chosen.columns)


def _source(path: Path, layer: str, encoding: str | None) -> Source:
    given = {"encoding": encoding} if encoding else {}
    return Source.model_validate({"path": path.name, "format": "vector", "layer": layer, **given})


def _list_layers(path: Path) -> list[str]:
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(gdal_path(path))]
    except _UNREADABLE as error:
        raise SourceError(
            f"{path} cannot be read as a vector file: {one_line(error)}. Are the files beside it "
            "(.dbf, .shx) there?"
        ) from error
    if not layers:
        raise SourceError(f"{path} is a vector file or a database without layers")
    return layers


def _fullest(layers: dict[str, Layer]) -> Layer:
    return max(layers.values(), key=lambda layer: ("geometry" in layer.columns, layer.features))


def _stop(layer: Layer, rows: int) -> int:
    return min(rows, layer.features) if layer.features >= 0 else rows


def _say_layers(path: Path, layers: dict[str, Layer], chosen: Layer, notes: Notes) -> None:
    listed = ", ".join(_describe(layer) for layer in layers.values())
    notes.add("format", "vector", f"layers: {listed}")
    others = [name for name in layers if name != chosen.name]
    if others:
        notes.warn(
            f"{path.name} has {len(layers)} layers: {listed}. This draft is of {chosen.name}; "
            f"draft another with --layer, such as --layer {others[0]}"
        )


def _describe(layer: Layer) -> str:
    count = "features" if layer.features < 0 else f"{layer.features:,} features"
    shapes = "" if "geometry" in layer.columns else ", no shapes"
    return f"{layer.name} ({count}{shapes})"


def _infer_encoding(path: Path, layer: str, notes: Notes) -> str | None:
    """The encoding of a Shapefile's texts: as its bytes tell, whatever its code page file says.

    Returns:
        None for other files, and where all texts are ASCII.
    """
    if path.suffix.lower() != ".shp" and not is_zip(path):
        return None
    data = _member(path, layer, ".dbf")
    if data is None:
        return None
    said = (_member(path, layer, ".cpg") or b"").decode("ascii", "replace").strip()
    named = _CODE_PAGES.get(said.lower().removeprefix("cp").removeprefix("ansi ").strip(), said)
    start = int.from_bytes(data[8:10], "little")
    texts = data[start:].replace(b"\0", b" ").replace(b"\x1a", b" ")
    if not texts.strip():
        return None
    own = Notes()
    found = infer_encoding(Content([texts], True, False, "text"), own)
    notes.findings.extend(own.findings)
    if texts.isascii():
        return None
    notes.warnings.extend(own.warnings)
    if said and named.lower().replace("-", "") != found.replace("-", ""):
        notes.warn(f"the .cpg of {path.name} says {said}, and its texts read as {found}: see them")
    return found


def _member(path: Path, layer: str, ending: str) -> bytes | None:
    """The first bytes of a file that belongs to a Shapefile."""
    if not is_zip(path):
        beside = [path.with_suffix(ending), path.with_suffix(ending.upper())]
        found = next((each for each in beside if each.is_file()), None)
        if found is None:
            return None
        with found.open("rb") as stream:
            return stream.read(_DBF_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                own = PurePosixPath(name)
                if own.stem == layer and own.suffix.lower() == ending:
                    with archive.open(name) as member:
                        return member.read(_DBF_BYTES)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return None
    return None
