"""What a file is by its first bytes, whatever its name says."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gridcontainer.container.sources.records import UNREADABLE, one_line, unreadable
from gridcontainer.errors import SourceError

HEAD_BYTES: Final = 1 << 16
GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel before 2007
_TAR_AT: Final = 257
_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table")
_XML_MAP: Final = re.compile(rb"<(\w+:)?(kml|gpx|featurecollection)[\s>]")
_XML_SHEET: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_VECTOR_ENDINGS: Final = (".shp", ".gpkg", ".fgb", ".kml", ".gml", ".tab", ".mif", ".geojson")
_AS_VECTOR: Final = "set source.format: vector"

_UNPACK: Final = "unpack it first"
_REPACK: Final = "unpack it, or pack it with gzip"
_EXPORT: Final = "export the rows as CSV or JSON"


@dataclass(frozen=True)
class ContentKind:
    """A kind of file that is no text.

    Attributes:
        name: ``excel``, ``parquet``, ``vector``, or ``other`` for what no reader reads.
        words: noun for a message, such as "a zip archive of a.csv, b.csv".
        remedy: advice for a message.
    """

    name: str
    words: str
    remedy: str


_STARTS: Final = {
    b"PAR1": ContentKind("parquet", "a Parquet file", "set source.format: parquet"),
    _OLE: ContentKind("excel", "an Excel workbook", "set source.format: excel"),
    b"7z\xbc\xaf\x27\x1c": ContentKind("other", "a 7z archive", _UNPACK),
    b"Rar!\x1a\x07": ContentKind("other", "a RAR archive", _UNPACK),
    b"BZh": ContentKind("other", "a bzip2 file", _REPACK),
    b"\xfd7zXZ\0": ContentKind("other", "an xz file", _REPACK),
    b"\x28\xb5\x2f\xfd": ContentKind("other", "a zstd file", _REPACK),
    b"%PDF": ContentKind("other", "a PDF", _EXPORT),
    b"\x89PNG": ContentKind("other", "an image", _EXPORT),
    b"\xff\xd8\xff": ContentKind("other", "an image", _EXPORT),
    b"SQLite format 3\0": ContentKind(
        "vector", "a GeoPackage or another SQLite database", _AS_VECTOR
    ),
    b"\0\0\x27\x0a": ContentKind("vector", "a Shapefile", _AS_VECTOR),
    b"fgb\x03fgb": ContentKind("vector", "a FlatGeobuf file", _AS_VECTOR),
}


def content_kind(path: Path, head: bytes) -> ContentKind | None:
    """The kind of a file by its first bytes, which are not gzip's; None for text.

    Args:
        path: path of the file, to list the members of a zip archive.
        head: first bytes of the file, unpacked if it is gzip.
    """
    if head.startswith(_ZIP):
        return _zip_kind(path)
    for start, kind in _STARTS.items():
        if head.startswith(start) and (start != b"BZh" or head[4:7] == b"1AY"):
            return kind
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return ContentKind("other", "a tar archive", _UNPACK)
    return _marked_up(head)


def require_text(path: Path, head: bytes) -> None:
    """Refuse a file that is no text.

    Raises:
        SourceError: says the kind of the file and what to do.
    """
    kind = content_kind(path, head)
    if kind is not None:
        raise SourceError(f"{path} is {kind.words}, not text; {kind.remedy}")


def read_head(path: Path) -> bytes:
    """The first bytes of a file as it lies there.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def is_zip(path: Path) -> bool:
    """Whether a file is a ZIP archive, whatever its name says."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) in _ZIP
    except OSError:
        return False


def vector_members(path: Path) -> list[str]:
    """The files in a ZIP archive that GDAL opens; none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
        return []
    own = (name for name in names if not name.startswith("__MACOSX/"))
    return [name for name in own if name.lower().endswith(_VECTOR_ENDINGS)]


def _zip_kind(path: Path) -> ContentKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        hint = f"fetch it again ({one_line(error)})"
        return ContentKind("other", "a ZIP archive or Excel workbook that is not whole", hint)
    if any(name.startswith("xl/") for name in names):
        return ContentKind("excel", "an Excel workbook", "set source.format: excel")
    listed = one_line(", ".join(names[:4])) or "no files"
    if vector_members(path):
        return ContentKind("vector", f"a ZIP archive of {listed}", _AS_VECTOR)
    return ContentKind("other", f"a ZIP archive of {listed}", _UNPACK)


def _marked_up(head: bytes) -> ContentKind | None:
    """HTML, XML and web archives; None for other text."""
    start = head.removeprefix(b"\xef\xbb\xbf")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        start = start[2:].replace(b"\0", b"")
    start = start.lstrip().lower()
    is_xml = start.startswith(b"<?xml")
    if start.startswith(_HTML) or (is_xml and re.search(rb"<html[\s>]", start)):
        hint = "export the rows as CSV, or fetch the file itself instead of the page about it"
        return ContentKind("other", "an HTML page", hint)
    if start.startswith(b"mime-version:") or b"\nmime-version:" in start[:500]:
        return ContentKind("other", "a web archive (MHTML)", _EXPORT)
    if _XML_MAP.search(start):
        return ContentKind("vector", "a KML, GML or GPX file", _AS_VECTOR)
    if is_xml and _XML_SHEET in start:
        return ContentKind("other", "an XML spreadsheet of Excel 2003", "save it as xlsx or CSV")
    return ContentKind("other", "an XML document", _EXPORT) if is_xml else None
