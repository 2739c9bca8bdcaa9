"""When a record happened: the columns that say it, and how; asked where the values do not tell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.container.inference.columns import Columns, filled_texts
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_key_name, is_late_name, is_time_name
from gridcontainer.container.inference.time_formats import (
    Candidate,
    best_formats,
    examples,
    number_forms,
)
from gridcontainer.container.inference.time_patterns import clock_patterns_of, patterns_of

_LOOKED_AT: Final = 4000
_ENOUGH: Final = 0.9  # share of the texts that a format must read
_FILLED: Final = 0.9  # share of the rows that must have a time: the others would be quarantined
_CLOCK_TEXT: Final = (
    r"\d{1,3}[:：]\d{1,2}([:：]\d{1,2})?([.,]\d+)?\s?([AaPp][Mm])?|\d{1,2}[时点]\d{1,2}分?.*"
)
_PARTS: Final = (
    ("yyyy", r"(.*[\W_])?(year|yr|yyyy|nian)|年|年份"),
    ("M", r"(.*[\W_])?(month|mon|mm|yue)|月|月份"),
    ("d", r"(.*[\W_])?(day|dd|dom|ri)|日|日期日"),
    ("H", r"(.*[\W_])?(hour|hr|hh|h)|时|小时|点"),
    ("m", r"(.*[\W_])?(minute|min)|分|分钟"),
    ("s", r"(.*[\W_])?(second|sec)|秒"),
)


@dataclass(frozen=True)
class FoundTime:
    """Columns that may say when a record happened.

    Attributes:
        columns: names of the columns.
        formats: the ways to read them, the likeliest first; several where the values do not tell.
        share: share of the rows with a text that the first of them reads.
        filled: share of the rows that have a text.
    """

    columns: tuple[str, ...]
    formats: tuple[Candidate, ...]
    share: float
    filled: float

    @property
    def name(self) -> str:
        """The columns, for people."""
        return " + ".join(self.columns)

    def keys(self, number: int = 0) -> dict[str, Any]:
        """The declaration's ``time``."""
        form = self.formats[number]
        keys: dict[str, Any] = {"columns": list(self.columns)}
        if form.format is not None:
            keys["format"] = form.format
        if form.hours != "clock":
            keys["hours"] = form.hours
        return keys


def infer_time(
    frame: pd.DataFrame, columns: Columns, taken: Sequence[str], zone: str, notes: Notes
) -> dict[str, Any] | None:
    """The declaration's ``time``; None where nothing says it, or the values do not tell how.

    Args:
        frame: the sample.
        columns: what its columns hold.
        taken: columns of the position.
        zone: the city's, of times that name none.
        notes: takes what is found, and a question where a person has to tell.
    """
    free = [str(name) for name in frame.columns if name not in taken]
    found = [time for name in free if (time := _one_column(frame, columns, name, zone))]
    clocks = [name for name in free if _is_clock(frame[name])]
    found = [*_split(frame, found, clocks, zone), *_parts(frame, free, zone), *found]
    if not found:
        if clocks:
            notes.warn(f"{', '.join(clocks)}: times of day, and no column says the day: no time")
        return None
    found.sort(key=_likelihood, reverse=True)
    _say(found, notes)
    return _choose(found[0], zone, notes)


def _likelihood(time: FoundTime) -> tuple[bool, ...]:
    named = any(map(is_time_name, time.columns))
    late = any(map(is_late_name, time.columns))
    usable = time.filled >= _FILLED and time.share >= _ENOUGH
    return usable, not late, len(time.columns) > 1, named, time.formats[0].has_clock


def _choose(time: FoundTime, zone: str, notes: Notes) -> dict[str, Any] | None:
    if len(time.formats) > 1:
        ways = " or ".join(_inline(time.keys(number)) for number in range(len(time.formats)))
        example = _example(time)
        notes.warn(
            f"how is {time.name} written{example}? Its values fit more than one way. Ask the "
            f"department, and declare time: {ways}"
        )
        return None
    form = time.formats[0]
    if any(map(is_late_name, time.columns)):
        notes.warn(
            f"{time.name} reads as times, and its name does not say that a record happened then; "
            f"where it did, declare time: {_inline(time.keys())}"
        )
        return None
    if time.filled < _FILLED or time.share < _ENOUGH:
        notes.warn(
            f"{time.name} reads as times in {time.filled * time.share:.0%} of the rows only: the "
            f"others would be quarantined. Where they may be, declare time: {_inline(time.keys())}"
        )
        return None
    if form.hours == "past_midnight":
        notes.warn(
            f"{time.name} has hours of 24 or more: read as running on behind midnight (hours: "
            "past_midnight); for GTFS write hours: service_day"
        )
    if form.format and re.search("(?<!y)yy(?!y)", form.format):
        notes.warn(f"{time.name} has two-digit years: they are read as 2000 to 2099")
    if form.format == "excel":
        notes.warn(f"{time.name} is taken for days of Excel (system of 1900), in {zone}")
    return time.keys()


def _inline(keys: dict[str, Any]) -> str:
    columns = ", ".join(keys["columns"])
    rest = "".join(f', {key}: "{keys[key]}"' for key in keys if key != "columns")
    return f"{{columns: [{columns}]{rest}}}"


def _example(time: FoundTime) -> str:
    at = np.flatnonzero(time.formats[0].read & time.formats[1].read)
    if not len(at):
        return ""
    days = [np.datetime64(int(f.instants[at[0]]), "us").item() for f in time.formats[:2]]
    return f" (one value is {days[0]:%Y-%m-%d %H:%M} or {days[1]:%Y-%m-%d %H:%M} in UTC)"


def _say(found: list[FoundTime], notes: Notes) -> None:
    for time in found[:3]:
        ways = "; ".join(f"{form.format or 'ISO 8601'}" for form in time.formats)
        if any(form.hours == "past_midnight" for form in time.formats):
            ways += ", hours past midnight"
        sure = "none" if len(time.formats) > 1 else "high" if time.share == 1.0 else "medium"
        evidence = f"reads {time.share:.1%} of the texts, which {time.filled:.1%} of the rows have"
        notes.add("time", time.name, f"{ways}; {evidence}", sure)  # type: ignore[arg-type]


def _one_column(frame: pd.DataFrame, columns: Columns, name: str, zone: str) -> FoundTime | None:
    kind = columns.types.get(name)
    texts = filled_texts(frame[name])
    if kind in ("empty", "binary") or not texts or _is_clock(frame[name]):
        return None
    looked = texts[:: max(1, len(texts) // _LOOKED_AT)]
    named = is_time_name(name)
    if name in columns.numbers and not named and is_key_name(name):
        return None
    forms: list[str | None] = []
    if name in columns.numbers:
        values = columns.numbers[name]
        forms += number_forms(values[np.isfinite(values)], named=named)
        if kind == "time":
            forms += patterns_of(examples(looked))
    elif kind in ("time", "text"):
        forms += [None, *patterns_of(examples(looked))]
    found = best_formats([pa.array(looked, pa.string())], forms, zone)
    if not found or found[0].count < 0.5 * len(looked):
        return None
    return FoundTime(
        (name,), tuple(found), found[0].count / len(looked), len(texts) / max(1, len(frame))
    )


def _is_clock(column: "pd.Series[Any]") -> bool:
    """Whether a column holds times of day without a day."""
    texts = filled_texts(column)[:_LOOKED_AT]
    return bool(texts) and sum(bool(re.fullmatch(_CLOCK_TEXT, t.strip())) for t in texts) >= (
        0.9 * len(texts)
    )


def _split(
    frame: pd.DataFrame, found: list[FoundTime], clocks: list[str], zone: str
) -> list[FoundTime]:
    """A day and a time of day in two columns: of the day, the nearest column of times."""
    joined = []
    places = {str(name): place for place, name in enumerate(frame.columns)}
    for time in found:
        if not clocks or len(time.columns) > 1 or any(is_late_name(name) for name in time.columns):
            continue
        day = time.columns[0]
        clock = min(clocks, key=lambda name: abs(places[name] - places[day]))
        rows = frame[[day, clock]].dropna().iloc[:_LOOKED_AT]
        texts = [[str(text) for text in rows[name]] for name in (day, clock)]
        days = [p for p in patterns_of(examples(texts[0])) if not re.search("[Hh]", p)]
        forms = [f"{d} {c}" for d in days for c in clock_patterns_of(examples(texts[1]))]
        best = best_formats([pa.array(text, pa.string()) for text in texts], forms, zone)
        if best and best[0].count >= _ENOUGH * len(rows):
            share, filled = (
                best[0].count / len(rows),
                len(frame[[day, clock]].dropna()) / len(frame),
            )
            joined.append(FoundTime((day, clock), tuple(best), share, filled))
    return joined


def _parts(frame: pd.DataFrame, names: Sequence[str], zone: str) -> list[FoundTime]:
    """Year, month, day and so on in columns of their own."""
    chosen: list[tuple[str, str]] = []
    for letter, pattern in _PARTS:
        name = next((n for n in names if re.fullmatch(pattern, n.strip(), re.IGNORECASE)), None)
        if name is None:
            break
        chosen.append((letter, name))
    if len(chosen) < 3:
        return []
    columns = tuple(name for _, name in chosen)
    rows = frame[list(columns)].dropna()
    looked = rows.iloc[:: max(1, len(rows) // _LOOKED_AT)]
    arrays = [pa.array([str(text) for text in looked[name]], pa.string()) for name in columns]
    best = best_formats(arrays, [" ".join(letter for letter, _ in chosen)], zone)
    if not best or best[0].count < 0.5 * len(looked):
        return []
    share, filled = best[0].count / len(looked), len(rows) / max(1, len(frame))
    return [FoundTime(columns, tuple(best), share, filled)]
