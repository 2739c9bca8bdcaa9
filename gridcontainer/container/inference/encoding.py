"""Which encoding a text is in: by its byte-order mark, by what decodes, by how common it reads."""

import re
from dataclasses import dataclass
from typing import Final

from gridcontainer.container.inference.content import Content
from gridcontainer.container.inference.findings import Notes

_MARKS: Final = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
    b"\x84\x31\x95\x33": "gb18030",
}
_LOOKED_AT = 4 << 20  # bytes
_WEIGHED = 100_000  # characters
_UTF16_NULLS = 0.1  # share of zero bytes; digits and separators alone are more of a table in UTF-16


@dataclass(frozen=True)
class _Reading:
    encoding: str
    decodable: float
    common: float  # share of everyday Chinese characters among those beyond ASCII

    @property
    def score(self) -> float:
        return self.decodable**20 * (0.05 + self.common)


def infer_encoding(content: Content, notes: Notes) -> str:
    """The encoding, as Python and the declarations name it; GBK and GB 2312 are ``gb18030``."""
    head = content.blocks[0]
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            notes.add("encoding", name, f"byte-order mark {mark.hex(' ')}")
            return name
    sample = b"".join(_whole_lines(content))
    nulls = sample.count(b"\0")
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if nulls > _UTF16_NULLS * len(sample) and 3 * min(even, odd) < max(even, odd):
        return _utf16_without_mark(content, nulls, notes)
    if nulls:
        _say_nulls(content, nulls, notes)
        sample = sample.replace(b"\0", b"")
    if sample.isascii():
        notes.add("encoding", "utf-8", f"all {len(sample):,} bytes looked at are ASCII")
        return "utf-8"
    return _best_reading(sample, notes)


def decode_blocks(content: Content, encoding: str) -> list[str]:
    """The blocks as text without byte-order mark; what does not decode becomes U+FFFD.

    A file read whole gives one text; blocks of a bigger one are cut to whole lines.
    """
    if content.whole:
        text = b"".join(content.blocks).decode(encoding, "replace").removeprefix("\ufeff")
        return [text.replace("\0", "")]
    if encoding in ("utf-16", "utf-32"):
        big = content.blocks[0].startswith((b"\xfe\xff", b"\0\0\xfe\xff"))
        encoding += "-be" if big else "-le"
    texts = [block.decode(encoding, "replace").replace("\0", "") for block in content.blocks]
    first = texts[0].removeprefix("\ufeff").rpartition("\n")[0] + "\n"
    return [first, *(text.partition("\n")[2].rpartition("\n")[0] + "\n" for text in texts[1:])]


def _whole_lines(content: Content) -> list[bytes]:
    """Blocks up to a few MiB, each cut to whole lines unless it is the only one."""
    if len(content.blocks) == 1:
        return content.blocks
    step = max(1, len(content.blocks) // 4)
    pieces = []
    for number, block in enumerate(content.blocks[::step]):
        start = 0 if number == 0 else block.find(b"\n") + 1
        end = block.rfind(b"\n") + 1
        pieces.append(block[start:end] or block)
    return pieces[: _LOOKED_AT >> 20]


def _say_nulls(content: Content, nulls: int, notes: Notes) -> None:
    """Zero bytes in a text that is not UTF-16: say where."""
    where = "in the parts looked at"
    lines = 0
    if content.whole:
        rows = b"".join(content.blocks).split(b"\n")
        bad = [number for number, row in enumerate(rows, start=1) if b"\0" in row]
        lines = len(bad)
        where = f"in line {', '.join(map(str, bad[:6]))}{', ...' if lines > 6 else ''}"
    notes.add("NUL bytes", f"{nulls:,}", where)
    count = f"{lines:,} lines" if lines else "lines"
    notes.warn(
        f"the text holds {nulls:,} NUL bytes ({where}), which are no text: the container "
        f"quarantines {count} of them as broken, and refuses the file where they are too many "
        "(source.most_broken); the draft is made without these bytes"
    )


def _utf16_without_mark(content: Content, nulls: int, notes: Notes) -> str:
    """Every ASCII character, so every separator, has a zero byte: first in big-endian."""
    head = content.blocks[0]
    even, odd = head[::2].count(0), head[1::2].count(0)
    name = "utf-16-be" if even > odd else "utf-16-le"
    notes.add(
        "encoding",
        name,
        f"{nulls:,} zero bytes, {max(even, odd) / max(1, even + odd):.0%} of them on one side",
        "medium" if min(even, odd) * 10 < max(even, odd) else "low",
    )
    return name


def _best_reading(sample: bytes, notes: Notes) -> str:
    readings = [_read(sample, name) for name in ("utf-8", "gb18030")]
    readings += [_read(sample[:_WEIGHED], name) for name in ("big5", "cp1252")]
    best = max(readings, key=lambda reading: reading.score)
    if readings[0].decodable == 1.0:  # chance does not write valid UTF-8
        best = readings[0]
    others = "; ".join(
        f"{r.encoding} {r.decodable:.1%} ({r.common:.0%})" for r in readings if r is not best
    )
    evidence = (
        f"{best.decodable:.2%} decodes, {best.common:.0%} of it beyond ASCII is everyday Chinese; "
        f"others: {others}"
    )
    sure = best.decodable == 1.0 and (best.encoding == "utf-8" or best.common > 0.8)
    notes.add("encoding", best.encoding, evidence, "high" if sure else "low")
    if best.encoding == "utf-8" and (lost := sample.count("\ufffd".encode())):
        notes.warn(f"{lost:,} characters were lost before: the file itself holds U+FFFD for them")
    if best.decodable < 1.0:
        notes.warn(
            f"some bytes are not {best.encoding}: the container quarantines these records, and "
            "refuses the file where they are more than source.most_broken"
        )
    elif not sure:
        notes.warn(f"the encoding {best.encoding} is a guess: look at the texts")
    return best.encoding


def _read(sample: bytes, encoding: str) -> _Reading:
    """How a sample reads in an encoding; weighed by characters that are not ASCII."""
    try:
        text, sound = sample.decode(encoding), True
    except UnicodeDecodeError:
        text, sound = sample.decode(encoding, "replace"), False
    beyond = re.sub(r"[\x00-\x7f]", "", text[:_WEIGHED] if sound else text)
    faults = 0 if sound else beyond.count("\ufffd")
    common = sum(map(_is_everyday, beyond[:_WEIGHED]))
    looked = max(1, len(beyond[:_WEIGHED]))
    return _Reading(encoding, 1.0 - faults / max(1, len(beyond)), common / looked)


def _is_everyday(character: str) -> bool:
    """A Han character of the 3,755 everyday ones of GB 2312, or Chinese punctuation."""
    if character in "，。、：；（）《》“”—！？【】　":
        return True
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7
