"""Blocks of records made UTF-8, and the records in them that cannot be."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.sources.text.blocks import Block
from gridcontainer.container.sources.text.dialect import (
    codec_name,
    is_single_byte,
    is_utf8,
)
from gridcontainer.container.sources.text.everyday import everyday_share
from gridcontainer.container.sources.text.marks import as_array, find_positions
from gridcontainer.grid.arrays import Int64s

_HALF: Final = re.compile("[\udc00-\udcff]")  # what ``opened`` writes for a bad byte
_LEAST_RUN: Final = 6  # bytes of UTF-8, two characters, that tell in a line of several encodings


@dataclass(frozen=True)
class Codec:
    """How the bytes of blocks are read.

    Attributes:
        encoding: the declared one.
        is_decoded: the bytes are UTF-8 already, made of the declared encoding when they were read.
    """

    encoding: str
    is_decoded: bool

    @property
    def is_unicode(self) -> bool:
        """Whether the encoding is one of Unicode's own."""
        return codec_name(self.encoding).startswith("utf")

    @property
    def of_blocks(self) -> str:
        """The encoding of the blocks' bytes."""
        return "utf-8" if self.is_decoded or is_utf8(self.encoding) else self.encoding

    def to_utf8(self, data: bytes) -> bytes | None:
        """The bytes as UTF-8; None where some of them are not in the encoding."""
        if data.isascii():
            return data
        if self.of_blocks == "utf-8":
            return data if _is_utf8(data) else None
        try:
            return data.decode(self.of_blocks).encode()
        except UnicodeDecodeError:
            return None

    def show(self, data: bytes) -> str:
        r"""The bytes as text, those that cannot be read as ``\xff``."""
        if not self.is_decoded:
            return data.decode(self.of_blocks, "backslashreplace")
        text = data.decode("utf-8", "surrogatepass")
        return _HALF.sub(lambda half: f"\\x{ord(half[0]) - 0xDC00:02x}", text)


def _is_utf8(data: bytes) -> bool:
    """Whether bytes are valid UTF-8; Arrow finds out five times as fast as Python."""
    offsets = pa.py_buffer(np.array([0, len(data)], dtype=np.int32))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(data)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def find_broken(block: Block, codec: Codec, utf8: bytes | None) -> dict[int, str]:
    """The records that cannot be read as text, each with its reason, which begins "line N".

    Args:
        block: the records.
        codec: how their bytes are read.
        utf8: what the codec makes of the block.

    Returns:
        By the number of the record in the block, from 0; the first reason of each.
    """
    reasons: dict[int, str] = {}
    suspects = _suspect_lines(block, codec, utf8)
    if not len(suspects):
        return reasons
    starts, stops = block.lines
    records = block.record_at(starts)
    for line in suspects.tolist():
        begins = records[line] >= 0 and block.records[0][records[line]] == starts[line]
        reason = line_fault(block.data[starts[line] : stops[line]], codec, begins=bool(begins))
        if reason is not None and records[line] >= 0:
            said = f"line {block.first_line + line} {reason}"
            reasons.setdefault(int(records[line]), said)
    return reasons


def _suspect_lines(block: Block, codec: Codec, utf8: bytes | None) -> Int64s:
    """The lines to look at one by one."""
    if utf8 is None:
        return np.arange(len(block.lines[0]))
    places = [find_positions(block.data, 0)]
    if not block.data.isascii():
        places.append(_maybe_marks(block, codec))
        if not codec.is_unicode:
            places.append(_maybe_utf8(block, codec))
    found = np.concatenate(places)
    if not len(found):
        return found
    return np.unique(np.searchsorted(block.lines[0], found, side="right") - 1)


def _maybe_marks(block: Block, codec: Codec) -> Int64s:
    """The records that begin with the first byte of a byte-order mark."""
    starts, _ = block.records
    try:
        mark = "\ufeff".encode(codec.of_blocks)
    except UnicodeEncodeError:
        return starts[:0]
    first = as_array(block.data)[starts]
    found: Int64s = starts[first == mark[0]]
    return found


def _maybe_utf8(block: Block, codec: Codec) -> Int64s:
    """Where other than ASCII begins as UTF-8 would: a character of it, after ASCII."""
    if codec.is_decoded:
        return np.flatnonzero(as_array(block.data) >= 0x80)
    data = as_array(block.data)
    single = is_single_byte(codec.encoding)
    least, most = (0xC2, 0xF4) if single else (0xE3, 0xE9)
    lead = np.flatnonzero((data >= least) & (data <= most))
    lead = lead[lead + (1 if single else 2) < len(data)]
    fits = (data[lead + 1] >> 6) == 2
    if not single:
        fits &= (data[lead + 2] >> 6) == 2
    found: Int64s = lead[fits & ((lead == 0) | (data[np.maximum(lead - 1, 0)] < 0x80))]
    return found


def line_fault(raw: bytes, codec: Codec, *, begins: bool) -> str | None:
    """Why a line cannot be read as text; None where it can.

    Args:
        raw: the line without its line end.
        codec: how its bytes are read.
        begins: a record begins with it; elsewhere U+FEFF is a character as others.
    """
    raw, codec = _original(raw, codec)
    if b"\0" in raw:
        return f"holds a NUL byte at byte {_place(raw, raw.index(0), codec)}"
    if raw.isascii():
        return None
    try:
        text = raw.decode(codec.of_blocks)
    except UnicodeDecodeError as error:
        place = _place(raw, error.start, codec)
        shown = "" if codec.is_decoded else f": 0x{raw[error.start]:02x}"
        return f"is not {codec.encoding}{_other_reading(raw, codec)}{shown} at byte {place}"
    if begins and text.startswith("\ufeff"):
        return "begins with a byte-order mark: the file is several files joined"
    if not codec.is_unicode and _is_rather_utf8(text, raw, codec):
        return f"is UTF-8 in a {codec.encoding} file"
    return None


def _original(raw: bytes, codec: Codec) -> tuple[bytes, Codec]:
    """A line as the file has it, where it can be told, and how to read that."""
    if not codec.is_decoded or codec.is_unicode:
        return raw, codec
    try:
        text = raw.decode("utf-8", "surrogatepass")
        return text.encode(codec.encoding, "surrogateescape"), Codec(codec.encoding, False)
    except UnicodeError:
        return raw, codec


def _place(raw: bytes, index: int, codec: Codec) -> int:
    """The number of a byte in its line as the file has it, from 1."""
    if not codec.is_decoded:
        return index + 1
    before = raw[:index].decode("utf-8", "replace")
    marks = len("".encode(codec.encoding))
    return len(before.encode(codec.encoding, "replace")) - marks + 1


def _other_reading(raw: bytes, codec: Codec) -> str:
    """The encoding in which the line reads well, for the message."""
    for other in ("utf-8", "gb18030"):
        if codec.is_decoded or other == codec.of_blocks:
            continue
        try:
            if everyday_share(raw.decode(other)) >= 0.5:
                return f" but {other}"
        except UnicodeDecodeError:
            continue
    return ""


def _is_rather_utf8(text: str, raw: bytes, codec: Codec) -> bool:
    """Whether a line that decodes in another encoding is UTF-8: valid, and more common so."""
    if codec.is_decoded:
        return False  # the line's own bytes cannot be told
    try:
        other = raw.decode("utf-8")
    except UnicodeDecodeError:
        return any(map(_is_everyday_utf8, _runs(raw)))
    if is_single_byte(codec.encoding):
        return True  # chance does not write valid UTF-8 of single bytes
    return max(other) >= "\u0800" and everyday_share(other) > everyday_share(text)


def _runs(raw: bytes) -> list[bytes]:
    """The parts of a line between ASCII characters."""
    beyond = bytes(byte if byte >= 0x80 else 0x20 for byte in raw)
    return [run for run in beyond.split() if len(run) >= _LEAST_RUN]


def _is_everyday_utf8(run: bytes) -> bool:
    """Whether a part of a line is UTF-8 of everyday characters, and nothing such in GB 18030."""
    try:
        text = run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return everyday_share(text) == 1.0 and everyday_share(run.decode("gb18030", "replace")) < 0.5
