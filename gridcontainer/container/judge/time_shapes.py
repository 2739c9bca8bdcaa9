"""Texts of one shape, read all at once: fields of texts that match a form, as numpy arrays.

Two texts have one shape where they have the same bytes in all places but those of numbers, and
digits there. One text of a shape is matched by the form's expression; the numbers of all others
then stand at the same places. A source has few shapes, so nearly all texts are read by arithmetic
on whole columns of bytes; what is left over is matched by Arrow's RE2 before it is looked at.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.judge.time_forms import Form
from gridcontainer.grid.arrays import Bools, Int64s

_ARROW = cast(Any, pyarrow.compute)
_CHUNK_ROWS = 65_536  # rows whose bytes stay in the processor's cache
_MANY_SHAPES = 64  # of which each is looked for in all rows
_WORDS = ("monthname", "weekday", "half", "utc", "sign", "region", "minus")
_INT64_DIGITS = 19  # numbers of so many digits are negative where they are too big

Rows = Int64s


@dataclass(frozen=True)
class Span:
    """Place of a field in texts of one shape.

    Attributes:
        start: first byte.
        stop: byte behind the last one.
    """

    start: int
    stop: int


class Shape:
    """Places of the fields in all texts of one shape."""

    def __init__(self, text: str, form: Form) -> None:
        """Find the fields of one text.

        Raises:
            ValueError: the form does not match the text.
        """
        found = form.python.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} does not match")
        self.example = np.frombuffer(text.encode(), np.uint8)
        self.spans: dict[str, list[Span]] = {}
        self.words: dict[str, str] = {}
        self.contradicts = False  # two alternatives give one field two words
        self.digits = np.zeros(len(self.example), bool)
        for group, value in found.groupdict().items():
            name = group.partition("_")[0]
            if value is None:
                continue
            if name in _WORDS:
                first = self.words.setdefault(name, value)
                self.contradicts |= first.lower() != value.lower()
                continue
            start = len(text[: found.start(group)].encode())
            self.spans.setdefault(name, []).append(Span(start, start + len(value)))
            self.digits[start : start + len(value)] = True

    def fits(self, columns: list[npt.NDArray[np.uint8]]) -> Bools:
        """Which texts have this shape, by the bytes of each place."""
        fits = np.ones(len(columns[0]), bool)
        for column, byte, is_digit in zip(columns, self.example, self.digits, strict=True):
            fits &= (column - np.uint8(48) < 10) if is_digit else (column == byte)
        return fits


@dataclass(frozen=True)
class ShapedRows:
    """Rows whose texts have one shape.

    Attributes:
        rows: their numbers in the array.
        shape: of all of them.
        columns: one array of bytes for each place of the shape.
    """

    rows: Rows
    shape: Shape
    columns: list[npt.NDArray[np.uint8]]

    def spans(self, name: str) -> list[Span]:
        """Places of a field; none where the texts do not have it."""
        return self.shape.spans.get(name, [])

    def word(self, name: str) -> str | None:
        """The word that all texts have in a field; None where they do not have the field."""
        return self.shape.words.get(name)

    def number(self, span: Span) -> Int64s:
        """The whole numbers at a place; negative where they are 2^63 and more."""
        value = np.zeros(len(self.rows), np.int64)
        start = max(span.start, span.stop - _INT64_DIGITS)
        for place in range(start, span.stop):
            value *= 10
            value += self.columns[place] - np.uint8(48)
        for place in range(span.start, start):
            value[self.columns[place] != ord("0")] = -1
        return value

    def fraction(self, span: Span, digits: int) -> tuple[Int64s, Bools]:
        """The first digits behind a decimal point, and whether any digit behind them is not 0."""
        end = min(span.stop, span.start + digits)
        value = self.number(Span(span.start, end)) * 10 ** (digits - (end - span.start))
        more = np.zeros(len(self.rows), bool)
        for place in range(end, span.stop):
            more |= self.columns[place] != ord("0")
        return value, more


def shaped_rows(texts: pa.Array, rows: Rows, form: Form) -> Iterator[ShapedRows]:
    """Group rows by the shape of their texts.

    Args:
        texts: strings or large strings.
        rows: numbers of the rows to read, none of them null.
        form: which the texts should match.

    Yields:
        Each row whose text matches, once.
    """
    known: list[Shape] = []
    for first in range(0, len(rows), _CHUNK_ROWS):
        yield from _read_chunk(_Bytes(texts), rows[first : first + _CHUNK_ROWS], form, known)


def _read_chunk(
    texts: "_Bytes", rows: Rows, form: Form, known: list[Shape]
) -> Iterator[ShapedRows]:
    for shape in known[:]:
        if not len(rows):
            return
        rows = yield from _take_shape(texts, rows, shape)
    are_matched = False
    while len(rows):
        if len(known) >= _MANY_SHAPES:
            if not are_matched:
                rows = texts.matching(rows, form)
            for group in texts.alike(rows):
                yield from _read_group(texts, group, form)
            return
        found = _shape_of(texts, rows[0], form)
        if found is not None:
            known.append(found)
            rows = yield from _take_shape(texts, rows, found)
            continue
        # Where one text does not match many may: RE2 looks at all of them.
        rows = rows[1:] if are_matched else texts.matching(rows[1:], form)
        are_matched = True


def _read_group(texts: "_Bytes", rows: Rows, form: Form) -> Iterator[ShapedRows]:
    """Read rows that differ in digits only: few shapes, those with digits in words."""
    while len(rows):
        shape = _shape_of(texts, rows[0], form)
        if shape is None:
            rows = rows[1:]
        else:
            rows = yield from _take_shape(texts, rows, shape)


def _shape_of(texts: "_Bytes", row: np.int64, form: Form) -> Shape | None:
    try:
        return Shape(texts.text(row), form)
    except ValueError:
        return None


def _take_shape(texts: "_Bytes", rows: Rows, shape: Shape) -> Generator[ShapedRows, None, Rows]:
    """Yield the rows of a shape; return those that are left."""
    long = texts.lengths(rows) == len(shape.example)
    candidates = rows if long.all() else rows[long]
    if not len(candidates):
        return rows
    columns = texts.columns(candidates, len(shape.example))
    fits = shape.fits(columns)
    if fits.all():
        yield ShapedRows(candidates, shape, columns)
        return rows[:0] if candidates is rows else rows[~long]
    if fits.any():
        yield ShapedRows(candidates[fits], shape, [column[fits] for column in columns])
    left = ~long
    left[long] = ~fits
    return cast(Rows, rows[left])


class _Bytes:
    """The bytes of an array of strings."""

    def __init__(self, texts: pa.Array) -> None:
        wide = pa.types.is_large_string(texts.type)
        _, offsets, data = texts.buffers()
        kind: Any = np.int64 if wide else np.int32
        ends: npt.NDArray[Any] = np.frombuffer(offsets or b"\0" * 8, kind)
        self.ends = ends[texts.offset : texts.offset + len(texts) + 1]
        self.data = np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
        self.array = texts

    def lengths(self, rows: Rows) -> Int64s:
        return cast(Int64s, self.ends[rows + 1] - self.ends[rows])

    def text(self, row: np.int64) -> str:
        return self.data[self.ends[row] : self.ends[row + 1]].tobytes().decode()

    def columns(self, rows: Rows, width: int) -> list[npt.NDArray[np.uint8]]:
        """The bytes of each place of texts that are ``width`` bytes long."""
        starts = self.ends[rows]
        if width and starts[-1] - starts[0] == (len(rows) - 1) * width:  # one behind the other
            table = self.data[starts[0] : starts[0] + len(rows) * width].reshape(-1, width)
            return list(np.ascontiguousarray(table.T))
        return [self.data[starts + place] for place in range(width)]

    def alike(self, rows: Rows) -> Iterator[Rows]:
        """The rows in groups whose texts are equal but for their digits."""
        taken = self.array.take(pa.array(rows))
        masked = _ARROW.replace_substring_regex(taken, pattern="[0-9]", replacement="0")
        codes = masked.dictionary_encode().indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        for places in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            yield rows[places]

    def matching(self, rows: Rows, form: Form) -> Rows:
        """The rows whose texts match the form."""
        taken = self.array.take(pa.array(rows))
        matches = _ARROW.match_substring_regex(taken, pattern=form.re2)
        return cast(Rows, rows[matches.to_numpy(zero_copy_only=False)])
