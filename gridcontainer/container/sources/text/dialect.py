"""How records are written as bytes: separator, quote, line ends."""

import codecs
from dataclasses import dataclass
from typing import Final

from gridcontainer.container.declaration import Source

UTF8_MARK: Final = b"\xef\xbb\xbf"
BLANKS: Final = b" \t\r\n\x0b\x0c"  # a JSON line of nothing else is no record
_UTF8: Final = frozenset({"utf-8", "utf-8-sig"})
# In these, ASCII characters are their own bytes, and a byte below 0x30 is never part of another
# character; from 0x40 on it may be the second byte of one (0x30-0x39 in GB 18030).
_MULTIBYTE: Final = frozenset(
    [
        *("gb2312", "gbk", "gb18030", "big5", "big5hkscs", "cp950", "cp949", "johab"),
        *("euc_kr", "euc_jp", "euc_jis_2004", "euc_jisx0213"),
        *("shift_jis", "cp932", "shift_jis_2004", "shift_jisx0213"),
    ]
)
_ASCII: Final = bytes(range(128))
_BYTES: Final = bytes(range(256))


@dataclass(frozen=True)
class Dialect:
    """How the records of a text are written, in bytes of the text as it is scanned.

    Attributes:
        separator: byte between fields; None in JSON lines.
        quote: byte around texts; None where there is none.
        is_json: records are JSON lines: only a line feed ends a line, and a line of blanks is
            no record. Elsewhere a carriage return alone ends a line too.
    """

    separator: int | None
    quote: int | None
    is_json: bool = False


def dialect_of(source: Source) -> Dialect:
    """The dialect of a source of ``csv`` or ``jsonlines``."""
    if source.format == "jsonlines":
        return Dialect(None, None, is_json=True)
    return Dialect(ord(source.separator), ord(source.quote) if source.quote else None)


def codec_name(encoding: str) -> str:
    """Python's own name of an encoding."""
    return codecs.lookup(encoding).name


def is_utf8(encoding: str) -> bool:
    """Whether the encoding is UTF-8, with or without a byte-order mark."""
    return codec_name(encoding) in _UTF8


def is_single_byte(encoding: str) -> bool:
    """Whether every byte is a character of its own, ASCII in its place."""
    name = codec_name(encoding)
    if name in _MULTIBYTE or name.startswith(("utf", "iso2022", "hz", "idna", "punycode")):
        return False
    try:
        ascii_stays = _ASCII.decode(name) == _ASCII.decode("ascii")
        return ascii_stays and len(_BYTES.decode(name, "replace")) == len(_BYTES)
    except (UnicodeError, LookupError):
        return False


def is_direct(source: Source) -> bool:
    """Whether records can be cut in the file's own bytes, before they are decoded.

    True where the bytes of line ends, quotes and separators are never part of another character.
    A separator matters only where there are quotes: a quote opens a text only after one.
    """
    if is_utf8(source.encoding) or is_single_byte(source.encoding):
        return True
    if codec_name(source.encoding) not in _MULTIBYTE:
        return False
    if source.format == "jsonlines" or source.quote is None:
        return True
    return ord(source.quote) < 0x30 and ord(source.separator) < 0x30
