"""The bytes of a file, and what they say of its kind; a big file is read in even steps."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from gridcontainer.container.sources.content_kind import GZIP, HEAD_BYTES, content_kind
from gridcontainer.container.sources.records import UNREADABLE, unreadable
from gridcontainer.errors import SourceError

Magic = Literal["text", "excel", "parquet", "vector"]

_BLOCK = 1 << 20  # bytes
_BLOCKS = 32
_MAP_ENDINGS = (".shp", ".gpkg", ".fgb", ".kml", ".gml", ".gpx", ".tab", ".mif", ".dbf")


@dataclass(frozen=True)
class Content:
    """Blocks of a file, unzipped, evenly over it.

    Attributes:
        blocks: of 1 MiB at most each; the first is the file's beginning.
        whole: the blocks are the whole file.
        compressed: the file is gzip.
        magic: what the first bytes say.
    """

    blocks: list[bytes]
    whole: bool
    compressed: bool
    magic: Magic


def read_content(path: Path) -> Content:
    """Read a file: whole up to 32 MiB, else 32 blocks evenly over it.

    Raises:
        SourceError: it is missing, empty, cannot be read or unzipped, or is of a kind that no
            reader reads (an archive, an HTML page, a PDF, an image ...).
    """
    try:
        with path.open("rb") as stream:
            compressed = stream.read(2) == GZIP
        blocks, whole = _zipped_blocks(path) if compressed else _plain_blocks(path)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if not any(block.strip() for block in blocks):
        raise SourceError(f"{path} is empty: there is nothing to infer from")
    return Content(blocks, whole, compressed, _magic(path, blocks[0], compressed))


def read_whole(path: Path, limit: int) -> bytes:
    """All bytes of a file, unzipped.

    Raises:
        SourceError: more than ``limit`` bytes, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            compressed = stream.read(2) == GZIP
        with _open(path, compressed) as stream:
            data = stream.read(limit + 1)
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    if len(data) > limit:
        raise SourceError(
            f"{path} is more than {limit >> 20} MiB of JSON, too much to read at once; infer from "
            "a part of it, or write it as JSON lines"
        )
    return data


def is_features(head: bytes) -> bool:
    """Whether a text is GeoJSON features, one a line, which only GDAL reads with their shapes."""
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x1e \r\n").partition(b"\n")[0]
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):  # nested too deeply
        return False
    return isinstance(value, dict) and value.get("type") == "Feature" and "geometry" in value


def _open(path: Path, compressed: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if compressed else path.open("rb")


def _plain_blocks(path: Path) -> tuple[list[bytes], bool]:
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= _BLOCK * _BLOCKS:
            return list(_in_blocks(stream)), True
        blocks = []
        for number in range(_BLOCKS):
            start = (size - _BLOCK) * number // (_BLOCKS - 1)
            stream.seek(start - start % 4)  # characters of UTF-16 stay whole
            blocks.append(stream.read(_BLOCK))
    return blocks, False


def _zipped_blocks(path: Path) -> tuple[list[bytes], bool]:
    """Keeps every ``step``-th block; the step doubles when there are too many."""
    blocks: list[bytes] = []
    step = 1
    with gzip.open(path) as stream:
        for number, block in enumerate(_in_blocks(cast(BinaryIO, stream))):
            if number % step == 0:
                blocks.append(block)
            if len(blocks) > 2 * _BLOCKS:
                blocks, step = blocks[::2], step * 2
    return blocks, step == 1


def _in_blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _magic(path: Path, head: bytes, compressed: bool) -> Magic:
    """What the first bytes say.

    Raises:
        SourceError: a kind of file that no reader reads; or one packed with gzip that is no text.
    """
    kind = content_kind(path, head[:HEAD_BYTES])
    if kind is None:
        is_map = path.suffix.lower() in _MAP_ENDINGS or is_features(head)
        return "vector" if is_map and not compressed else "text"
    if compressed and kind.name != "other":
        raise SourceError(f"{path} is {kind.words} packed with gzip: unpack it")
    if kind.name == "other":
        name = f", whatever its ending {path.suffix} says" if path.suffix else ""
        raise SourceError(f"{path} is {kind.words}{name}, not a table: {kind.remedy}")
    return cast(Magic, kind.name)
