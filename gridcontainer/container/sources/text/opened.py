"""A text file opened for reading: unpacked, in its encoding, or refused as what it is."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources.content_kind import (
    GZIP,
    HEAD_BYTES,
    content_kind,
    read_head,
    require_text,
)
from gridcontainer.container.sources.records import UNREADABLE, unreadable
from gridcontainer.container.sources.text.blocks import ByteStream
from gridcontainer.container.sources.text.dialect import (
    UTF8_MARK,
    codec_name,
    is_direct,
    is_utf8,
)
from gridcontainer.errors import SourceError

_WIDE_MARKS: Final = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_GB18030_MARK: Final = b"\x84\x31\x95\x33"


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that do not decode, as halves of UTF-16 pairs, which no valid UTF-8 holds."""
    bad = cast(UnicodeDecodeError, error)
    return "".join(chr(0xDC00 + byte) for byte in bad.object[bad.start : bad.end]), bad.end


codecs.register_error("gridcontainer.mark", _mark_bytes)


@contextmanager
def open_text(
    path: Path, source: Source, *, start: int = 0, stop: int | None = None
) -> Iterator[ByteStream]:
    """Open a range of a text file, without its byte-order mark.

    The bytes are the file's own where records can be cut in them (``is_direct``), else UTF-8.

    Args:
        path: path of the file; gzip is unpacked, whatever its name says.
        source: how it is written.
        start: first byte; only in a file that is not packed and can be cut in its own bytes.
        stop: end, exclusive; None for the end of the file.

    Raises:
        SourceError: the file cannot be read, or is no text in anything like the declared encoding.
    """
    try:
        with _open_packed(path) as stream:
            if start:
                stream.seek(start)
                yield _Part(stream, b"", None if stop is None else stop - start)
                return
            head = stream.read(HEAD_BYTES)
            require_encoding(path, head, source.encoding)
            if is_direct(source):
                mark = mark_length(head, source.encoding)
                limit = None if stop is None else stop - mark
                yield _Part(stream, head[mark:], limit)
            else:
                yield _Decoded(_Part(stream, head, None), source.encoding)
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def is_packed(path: Path) -> bool:
    """Whether the file is gzip, whatever its name says.

    Raises:
        SourceError: it cannot be read.
    """
    return read_head(path).startswith(GZIP)


def mark_length(head: bytes, encoding: str) -> int:
    """Bytes of the byte-order mark at the beginning of a file that is cut in its own bytes."""
    if is_utf8(encoding):
        return len(UTF8_MARK) if head.startswith(UTF8_MARK) else 0
    gb18030 = codec_name(encoding) == "gb18030"
    return len(_GB18030_MARK) if gb18030 and head.startswith(_GB18030_MARK) else 0


def require_encoding(path: Path, head: bytes, encoding: str) -> None:
    """Refuse a text of two or four bytes a character that is declared as another, and the reverse.

    Args:
        path: path of the file, for the message.
        head: first bytes of the text.
        encoding: the declared one.

    Raises:
        SourceError: says what the text is.
    """
    found = wide_encoding(head)
    declared = codec_name(encoding)
    wide = declared.startswith(("utf-16", "utf-32"))
    if found is not None and not wide:
        raise SourceError(f"{path} is {found} text, not {encoding}: set source.encoding: {found}")
    if wide and found is None and len(head) > 1 and b"\0" not in head:
        raise SourceError(
            f"{path} is not {encoding}: none of its first bytes is zero. Set source.encoding "
            "(utf-8, or gb18030 for Chinese Windows files)"
        )


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by the byte-order mark, or UTF-16 by the zero byte of ASCII characters."""
    for mark, name in _WIDE_MARKS.items():
        if head.startswith(mark):
            return name
    pairs = len(head) // 2
    even, odd = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if pairs < 4 or max(even, odd) < pairs * 0.2 or min(even, odd) > max(even, odd) * 0.1:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


@contextmanager
def _open_packed(path: Path) -> Iterator[BinaryIO]:
    """The file unpacked, once it is known to hold text."""
    head = read_head(path)
    packed = head.startswith(GZIP)
    if path.suffix == ".gz" and head and not packed:
        kind = content_kind(path, head)
        if kind is None:
            raise unreadable(path, ValueError("it is no gzip file"))
    require_text(path, head)
    if not packed:
        with path.open("rb") as stream:
            yield stream
        return
    with gzip.open(path) as unpacked:
        require_text(path, unpacked.read(HEAD_BYTES))
        unpacked.seek(0)
        yield cast(BinaryIO, unpacked)


class _Part:
    """Some bytes that were read already, then those of a stream, up to a limit."""

    def __init__(self, stream: BinaryIO, head: bytes, limit: int | None) -> None:
        self._stream, self._head, self._left = stream, io.BytesIO(head), limit

    def read(self, size: int, /) -> bytes:
        if self._left is not None:
            size = min(size, self._left)
        data = self._head.read(size)
        if len(data) < size:
            data += self._stream.read(size - len(data))
        if self._left is not None:
            self._left -= len(data)
        return data


class _Decoded:
    """A stream made UTF-8; what does not decode becomes a byte that is none."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("gridcontainer.mark")
        self._is_first = True

    def read(self, size: int, /) -> bytes:
        """The next bytes, about ``size`` of them; none at the end."""
        while True:
            data = self._stream.read(size)
            text = self._decoder.decode(data, final=not data)
            if self._is_first and text:
                text, self._is_first = text.removeprefix("\ufeff"), False
            if text or not data:
                return text.encode("utf-8", "surrogatepass")
