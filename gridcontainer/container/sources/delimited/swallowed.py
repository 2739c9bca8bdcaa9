"""Records whose quoted text runs over line ends, and over what looks like other records.

A stray quote at the beginning of a field opens a text that ends at the next quote, maybe many
lines below. The grammar allows that, and every record between is lost in one field. The text itself
tells: its closing quote stands before other text, or its lines have as many fields as the records.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from gridcontainer.container.sources.delimited.head import is_number
from gridcontainer.container.sources.text.blocks import Block
from gridcontainer.container.sources.text.marks import CR, LF, as_array, find_positions
from gridcontainer.grid.arrays import Bools, Int64s

_HALF: Final = 0.5


@dataclass(frozen=True)
class NeverClosed:
    """A quote that the file never closes.

    Attributes:
        record: number of its record in the block, from 0.
        line: number of its line in the file.
        lines: line ends in its text.
    """

    record: int
    line: int
    lines: int

    @property
    def reason(self) -> str:
        """The record's fault."""
        return f"a quote opened in line {self.line} is never closed: {self.lines} lines are in it"


def find_never_closed(block: Block) -> NeverClosed | None:
    """The quoted text that the block's end cuts off."""
    marks = block.marks
    if not len(marks.opens) or marks.closes[-1] < len(block.data):
        return None
    start = marks.opens[-1:]
    within = len(marks.line_ends) - int(np.searchsorted(marks.line_ends, start)[0])
    record = int(block.record_at(start)[0])
    return NeverClosed(record, block.line_at(int(start[0])), within)


def find_swallowed(block: Block, columns: int, numeric: tuple[int, ...]) -> dict[int, str]:
    """The records in whose quoted text other records seem to be, each with its reason.

    Args:
        block: the records.
        columns: number of the file's columns.
        numeric: numbers of the columns that hold numbers or times, from 0.

    Returns:
        By the number of the record in the block, from 0.
    """
    marks = block.marks
    if not len(marks.opens):
        return {}
    inner = marks.line_ends[marks.quoted]
    if marks.closes[-1] == len(block.data):  # never closed
        inner = inner[inner < marks.opens[-1]]
    if not len(inner):
        return {}
    texts, firsts, counts = np.unique(
        marks.opens_before(inner) - 1, return_index=True, return_counts=True
    )
    opens, closes = marks.opens[texts], marks.closes[texts]
    records = block.record_at(opens)
    reasons: dict[int, str] = {}
    runs_on = _text_follows(block, closes)
    suspect = _may_hold_records(block, inner, texts, columns)
    for number in np.flatnonzero(runs_on | suspect).tolist():
        line, lines = block.line_at(int(opens[number])), int(counts[number])
        ends = inner[firsts[number] : firsts[number] + lines]
        if runs_on[number] or _holds_records(block, ends, columns, numeric):
            said = f"a quote opened in line {line} swallows {lines} lines that look like records"
            if runs_on[number]:
                said = (
                    f"a quote opened in line {line} runs on to line {line + lines}, where text "
                    "follows the closing quote"
                )
            reasons.setdefault(int(records[number]), said)
    return reasons


def _text_follows(block: Block, closes: Int64s) -> Bools:
    """Whether something other than a separator or a line end stands after each closing quote."""
    data = as_array(block.data)
    after = data[np.minimum(closes + 1, len(data) - 1)]
    return (closes + 1 < len(data)) & ~np.isin(after, [block.dialect.separator or LF, CR, LF])


def _may_hold_records(block: Block, inner: Int64s, texts: Int64s, columns: int) -> Bools:
    """Whether each text has the separators of its lines' records, or one whole line has."""
    if columns < 2 or block.dialect.separator is None:
        return np.zeros(len(texts), dtype=np.bool_)
    marks = block.marks
    separators = find_positions(block.data, block.dialect.separator)
    of_line = np.searchsorted(texts, marks.opens_before(inner) - 1)
    lines = np.bincount(of_line, minlength=len(texts))
    within = np.searchsorted(separators, marks.closes[texts])
    within -= np.searchsorted(separators, marks.opens[texts])
    many = within >= lines * (columns - 1)
    before = np.searchsorted(separators, inner)
    whole = (np.diff(before) == columns - 1) & (np.diff(of_line) == 0)
    many[of_line[1:][whole]] = True
    return many


def _holds_records(block: Block, ends: Int64s, columns: int, numeric: tuple[int, ...]) -> bool:
    """Whether lines of a record look like records themselves.

    Where columns hold numbers, one line with as many fields and numbers in their place does. Else
    every line must have as many fields, and no blank after a separator, as prose has.
    """
    starts, stops = block.lines
    first = int(np.searchsorted(block.marks.line_ends, ends[0]))
    separator = bytes([block.dialect.separator or 0])
    lines = [
        block.data[starts[n] : stops[n]].split(separator)
        for n in range(first, first + len(ends) + 1)
    ]
    if not numeric:
        return all(
            len(fields) == columns and not any(field.startswith(b" ") for field in fields[1:])
            for fields in lines
        )
    return any(_has_numbers(fields, columns, numeric) for fields in lines[1:])


def _has_numbers(fields: list[bytes], columns: int, numeric: tuple[int, ...]) -> bool:
    if len(fields) != columns:
        return False
    found = sum(is_number(fields[column].decode("latin-1")) for column in numeric)
    return found >= _HALF * len(numeric)
