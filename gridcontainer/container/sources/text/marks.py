"""Where lines and quoted texts begin and end in a piece of bytes, by numpy."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from gridcontainer.container.sources.text.dialect import Dialect
from gridcontainer.grid.arrays import Bools, Int64s

Bytes = np.ndarray[Any, np.dtype[np.uint8]]

LF: Final = 0x0A
CR: Final = 0x0D
_NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Marks:
    """Line ends and quoted texts of some bytes that begin at the beginning of a record.

    Attributes:
        line_ends: position of the last byte of each line end, quoted or not.
        opens: position of the opening quote of each quoted text.
        closes: position of its closing quote; the number of bytes where it is not closed.
    """

    line_ends: Int64s
    opens: Int64s
    closes: Int64s

    @property
    def record_ends(self) -> Int64s:
        """The line ends outside of quotes."""
        return self.line_ends[~self.quoted] if len(self.opens) else self.line_ends

    @property
    def quoted(self) -> Bools:
        """For each line end, whether it stands in a quoted text."""
        return self.opens_before(self.line_ends) > np.searchsorted(self.closes, self.line_ends)

    def opens_before(self, positions: Int64s) -> Int64s:
        """For each position, the number of texts that were opened before it."""
        return np.searchsorted(self.opens, positions)


def as_array(data: bytes) -> Bytes:
    """The bytes as an array, without a copy."""
    return np.frombuffer(data, dtype=np.uint8)


def find_positions(data: bytes, byte: int) -> Int64s:
    """The positions of a byte."""
    if data.find(byte) < 0:
        return _NONE
    return np.flatnonzero(as_array(data) == byte)


def find_line_ends(data: bytes, dialect: Dialect, *, following: int | None) -> Int64s:
    """The position of the last byte of each line end.

    Args:
        data: the bytes.
        dialect: whether a carriage return alone ends a line.
        following: the byte after the data; None at the end of the file.
    """
    ends = find_positions(data, LF)
    if dialect.is_json:
        return ends
    returns = find_positions(data, CR)
    if not len(returns):
        return ends
    array = as_array(data)
    after = np.full(len(returns), -1 if following is None else following, dtype=np.int64)
    inner = returns + 1 < len(array)
    after[inner] = array[returns[inner] + 1]
    alone = returns[after != LF]
    return np.sort(np.concatenate((ends, alone))) if len(alone) else ends


def find_marks(data: bytes, dialect: Dialect, *, is_last: bool) -> Marks:
    """The marks of bytes that begin at the beginning of a record.

    Args:
        data: the bytes.
        dialect: how the records are written.
        is_last: the file ends with these bytes. Else a carriage return as the last byte is left
            to the next piece, which knows whether a line feed follows.
    """
    line_ends = find_line_ends(data, dialect, following=None if is_last else LF)
    quotes = _NONE if dialect.quote is None else find_positions(data, dialect.quote)
    if not len(quotes):
        return Marks(line_ends, _NONE, _NONE)
    opens, closes = quotes[::2], quotes[1::2]
    before = bytes_before(data, opens)
    if not may_open(before, dialect, escaped=True).all():
        return Marks(line_ends, *_follow_quotes(data, quotes, dialect))
    if len(closes) < len(opens):
        closes = np.append(closes, len(data))
    goes_on = opens[1:] == closes[:-1] + 1  # "" in a text is one quote of it
    return Marks(line_ends, opens[np.r_[True, ~goes_on]], closes[np.r_[~goes_on, True]])


def bytes_before(data: bytes, positions: Int64s, *, first: int = LF) -> Bytes:
    """The byte before each position; ``first`` before the first one."""
    before = as_array(data)[np.maximum(positions - 1, 0)]
    return np.where(positions == 0, np.uint8(first), before)


def may_open(before: Bytes, dialect: Dialect, *, escaped: bool) -> Bools:
    """Whether a quote after each of these bytes opens a text: only at the beginning of a field.

    Args:
        before: bytes before the quotes.
        dialect: how the records are written.
        escaped: a quote right after a closing one counts too: the two are one quote in the text.
    """
    opening: Bools = (before == LF) | (before == CR)
    if dialect.separator is not None:
        opening |= before == dialect.separator
    if escaped and dialect.quote is not None:
        opening |= before == dialect.quote
    return opening


def _follow_quotes(data: bytes, quotes: Int64s, dialect: Dialect) -> tuple[Int64s, Int64s]:
    """Opening and closing quotes where some quotes are plain characters: one after the other."""
    can_open = may_open(bytes_before(data, quotes), dialect, escaped=False).tolist()
    places = quotes.tolist()
    opens: list[int] = []
    closes: list[int] = []
    inside, number = False, 0
    while number < len(places):
        if not inside:
            if can_open[number]:
                opens.append(places[number])
                inside = True
        elif number + 1 < len(places) and places[number + 1] == places[number] + 1:
            number += 1
        else:
            closes.append(places[number])
            inside = False
        number += 1
    if inside:
        closes.append(len(data))
    return np.array(opens, dtype=np.int64), np.array(closes, dtype=np.int64)
