"""How a delimited text is written: separator, quoting and header, by counting."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from gridcontainer.container.inference.findings import Notes

_SEPARATORS: Final = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", " ": "blank"}
_LOOKED_AT = 4000  # lines
_MOST_ABOVE = 10  # lines of titles above the names of the columns
_ENOUGH = 0.8  # share of rows with the modal number of fields
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?\s*")
_TIME = re.compile(r"\s*\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}.*)?|\s*\d{1,2}:\d{2}(:\d{2})?\s*")


@dataclass(frozen=True)
class Dialect:
    """How the rows are written.

    Attributes:
        separator: one character.
        quote: None where quotes are plain characters.
        fields: the modal number of fields.
        share: of rows that have it, quotes read strictly.
    """

    separator: str
    quote: str | None
    fields: int
    share: float


def read_rows(text: str, separator: str, quote: str | None) -> list[list[str]]:
    """Rows of a text without the empty ones; quotes are read as leniently as by the container."""
    csv.field_size_limit(1 << 27)  # a shape as text is longer than Python's 128 KiB
    if quote is None:
        reader = csv.reader(_lines(text), delimiter=separator, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(_lines(text), delimiter=separator, quotechar=quote)
    return [row for row in reader if row]


def infer_dialect(texts: list[str], notes: Notes) -> Dialect | None:
    """The separator and quoting under which most rows have the same number of fields.

    Returns:
        None where no separator gives two fields or more in most rows.
    """
    text = _looked_at(texts)
    readings = [_measure(text, separator, '"') for separator in _SEPARATORS]
    if '"' in text:
        readings += [_measure(text, separator, None) for separator in _SEPARATORS]
    able = [reading for reading in readings if reading.fields > 1 and reading.share >= _ENOUGH]
    solid = [reading for reading in able if reading.separator != " "] or able
    if not solid:
        return None
    best = max(solid, key=lambda r: (round(r.share, 2), r.quote is not None, r.fields))
    best = _other_quote(text, best)
    encloses = re.search(rf'(^|{re.escape(best.separator)})"', text, re.MULTILINE)
    if best.quote == '"' and '"' in text and not encloses:
        best = replace(best, quote=None)
    if best.quote is None:
        _say_broken(text, best, readings, notes)
    _say_dialect(best, readings, notes)
    return best


def _other_quote(text: str, best: Dialect) -> Dialect:
    """The same separator with an uncommon quote, where only that makes all rows alike."""
    if best.share == 1.0:
        return best
    others = [_measure(text, best.separator, quote) for quote in "|'"]
    return next((o for o in others if o.share == 1.0 and o.fields == best.fields), best)


def _say_dialect(best: Dialect, readings: list[Dialect], notes: Notes) -> None:
    others = ", ".join(
        f"{_SEPARATORS[r.separator]} {r.fields} in {r.share:.0%}"
        for r in readings
        if r.quote == best.quote and r.separator != best.separator and r.fields > 1
    )
    notes.add(
        "separator",
        _SEPARATORS[best.separator],
        f"{best.fields} fields in {best.share:.1%} of rows; others: {others or 'one field'}",
        "high" if best.share > 0.98 else "medium",
    )
    if best.quote not in ('"', None):
        notes.add("quoting", str(best.quote), "only so have all rows as many fields", "medium")
    if best.share < 1.0:
        notes.warn(
            f"{1.0 - best.share:.1%} of the rows looked at have not {best.fields} fields: the "
            "container sets them aside"
        )


def _say_broken(text: str, best: Dialect, readings: list[Dialect], notes: Notes) -> None:
    """Quotes are plain characters here: say so, and what a lenient reader would make of them."""
    rivals = [r for r in readings if r.quote and r.separator != best.separator]
    strict = ", ".join(f"{_SEPARATORS[r.separator]} {r.share:.0%}" for r in rivals if r.fields > 1)
    notes.add(
        "quoting",
        "off: quote null",
        f"{text.count(chr(34)):,} quotes enclose no field; rows that keep the rules of CSV: "
        f"{strict or 'no other separator'}",
    )
    for rival in rivals:
        counts = Counter(len(row) for row in read_rows(text, rival.separator, '"'))
        fields, rows = counts.most_common(1)[0]
        if fields > 1 and rows >= _ENOUGH * counts.total():
            notes.warn(
                f"quoting is broken, so off in the draft; a lenient reader with quotes on and the "
                f"separator {rival.separator!r} gets {fields} fields in {rows:,} of "
                f"{counts.total():,} rows: see which you want"
            )


def _measure(text: str, separator: str, quote: str | None) -> Dialect:
    if quote is None:
        counts = Counter(line.count(separator) + 1 for line in text.splitlines() if line.strip())
        faults = 0
    else:
        counts, faults = _count_strictly(text, separator, quote)
    if not counts:
        return Dialect(separator, quote, 0, 0.0)
    fields, rows = counts.most_common(1)[0]
    return Dialect(separator, quote, fields, rows / (counts.total() + faults))


def _count_strictly(text: str, separator: str, quote: str) -> tuple[Counter[int], int]:
    """Rows by their number of fields, and how many lines break the rules of quoting."""
    csv.field_size_limit(1 << 27)
    counts: Counter[int] = Counter()
    reader = csv.reader(_lines(text), delimiter=separator, quotechar=quote, strict=True)
    faults = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return counts, faults
        except csv.Error:
            faults += 1
            continue
        if any("\n" in field for field in row) and len(row) != max(counts, default=len(row)):
            faults += sum(field.count("\n") for field in row)  # a quote that was never closed
        elif row:
            counts[len(row)] += 1


def _lines(text: str) -> Iterable[str]:
    """Lines with their ends; only CR and LF end one."""
    return (line for line in re.split(r"(?<=\n)", text.replace("\r\n", "\n").replace("\r", "\n")))


def _looked_at(texts: list[str]) -> str:
    """A few thousand lines: the beginning, and pieces of the rest where the file is long."""
    if len(texts) == 1:
        lines = texts[0].splitlines(keepends=True)
        if len(lines) <= _LOOKED_AT:
            return texts[0]
        middle = len(lines) // 2
        return "".join(lines[: _LOOKED_AT // 2] + lines[middle : middle + _LOOKED_AT // 2])
    share = _LOOKED_AT // len(texts)
    return "".join("".join(text.splitlines(keepends=True)[:share]) for text in texts)


def infer_header(rows: list[list[str]], notes: Notes) -> bool:
    """Whether the first row names the columns.

    It does where it has words over columns of numbers or times; where all columns are words, it
    does if none of its own stand again below it.
    """
    first, body = rows[0], rows[1:2001]
    if not body:
        notes.add("header", "yes", "the file has one row", "low")
        return True
    measured = [
        i for i in range(len(first)) if _mostly_values(row[i] for row in body if i < len(row))
    ]
    values = [i for i in measured if _is_value(first[i])]
    if measured:
        header = len(values) * 2 < len(measured)
        evidence = (
            f"{len(values)} of the first row's {len(measured)} fields over columns of numbers or "
            "times are such themselves"
        )
        notes.add("header", "yes" if header else "no", evidence)
        return header
    named = [(i, name) for i, name in enumerate(first) if name.strip()]
    again = [name for i, name in named if any(row[i : i + 1] == [name] for row in body)]
    header = not again and len({name for _, name in named}) == len(named)
    evidence = f"no column of numbers; {len(again)} of the first row's fields stand again below"
    notes.add("header", "yes" if header else "no", evidence, "medium" if header else "low")
    return header


def lines_above(text: str, dialect: Dialect) -> int:
    """Lines of titles above the names of the columns: of other numbers of fields, and no names."""
    lines = text.split("\n", _MOST_ABOVE + 1)[: _MOST_ABOVE + 1]
    counts = [
        len(rows[0]) if (rows := read_rows(line, dialect.separator, dialect.quote)) else 0
        for line in lines
    ]
    if dialect.fields not in counts or counts[0] == dialect.fields:
        return 0
    above = counts.index(dialect.fields)
    names = read_rows(lines[above], dialect.separator, dialect.quote)[0]
    is_title = all(2 * count <= dialect.fields for count in counts[:above])
    return above if is_title and not any(map(_is_value, names)) else 0


def _mostly_values(fields: Iterable[str]) -> bool:
    filled = [field for field in fields if field.strip()]
    return bool(filled) and sum(map(_is_value, filled)) >= 0.8 * len(filled)


def _is_value(field: str) -> bool:
    return bool(_NUMBER.fullmatch(field) or _TIME.fullmatch(field))
