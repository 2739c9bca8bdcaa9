"""Columns that may say when a record happened: one, a day and a time of day, or parts of both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.container.inference.columns import Columns, filled_texts
from gridcontainer.container.inference.names import is_key_name, is_late_name, is_time_name
from gridcontainer.container.inference.time_formats import (
    Candidate,
    best_formats,
    examples,
    number_forms,
)
from gridcontainer.container.inference.time_patterns import clock_patterns_of, patterns_of

_LOOKED_AT: Final = 4000
_FIRST: Final = 50
_ENOUGH: Final = 0.9  # share of the texts that a format must read
_CLOCK_TEXT: Final = (
    r"\d{1,3}[:：]\d{1,2}([:：]\d{1,2})?([.,]\d+)?\s?([AaPp][Mm])?|\d{1,2}[时点]\d{1,2}分?.*"
)
_MIDNIGHT: Final = r"[ T]0?0:00(:00(\.0+)?)?$"
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


def read_column(frame: pd.DataFrame, columns: Columns, name: str, zone: str) -> FoundTime | None:
    """A column by itself; None where it holds no times, or times of day alone."""
    kind = columns.types.get(name)
    texts = filled_texts(frame[name])
    if kind in ("empty", "binary") or not texts or is_clock(frame[name]):
        return None
    looked = texts[:: max(1, len(texts) // _LOOKED_AT)]
    named = is_time_name(name)
    if name in columns.numbers and not named and is_key_name(name):
        return None
    forms: list[str | None] = []
    if name in columns.numbers:
        values = columns.numbers[name]
        forms += number_forms(values[np.isfinite(values)], named=named)
        if kind == "time" or (named and len({len(text.strip()) for text in looked}) == 1):
            forms += patterns_of(examples(looked))
    elif kind in ("time", "text"):
        forms += [None, *patterns_of(examples(looked))]
    found = best_formats([pa.array(looked, pa.string())], forms, zone)
    if not found or found[0].count < 0.5 * len(looked):
        return None
    return FoundTime(
        (name,), tuple(found), found[0].count / len(looked), len(texts) / max(1, len(frame))
    )


def is_clock(column: "pd.Series[Any]") -> bool:
    """Whether a column holds times of day without a day."""
    texts = filled_texts(column.iloc[:_LOOKED_AT])
    for part in (texts[:_FIRST], texts):  # most columns show it in their first texts
        clocks = sum(bool(re.fullmatch(_CLOCK_TEXT, text.strip())) for text in part)
        if not part or clocks < _ENOUGH * len(part):
            return False
    return True


def join_day_and_time(
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
        both = frame[[day, clock]].dropna()
        rows = both.iloc[:_LOOKED_AT]
        texts = [[str(text) for text in rows[name]] for name in (day, clock)]
        texts[0], midnight = _without_midnight(texts[0])
        days = [p for p in patterns_of(examples(texts[0])) if not re.search("[Hh]", p)]
        forms = [f"{d} {c}" for d in days for c in clock_patterns_of(examples(texts[1]))]
        if midnight:
            forms = [form.replace(" ", f"'{midnight}' ", 1) for form in forms]
            texts[0] = [text + midnight for text in texts[0]]
        best = best_formats([pa.array(text, pa.string()) for text in texts], forms, zone)
        if best and best[0].count >= _ENOUGH * len(rows):
            share, filled = best[0].count / len(rows), len(both) / len(frame)
            joined.append(FoundTime((day, clock), tuple(best), share, filled))
    return joined


def _without_midnight(texts: list[str]) -> tuple[list[str], str]:
    """Days that were written as times: without the midnight that all of them end in."""
    ends = {found[0] if (found := re.search(_MIDNIGHT, text)) else "" for text in texts}
    if len(ends) != 1:
        return texts, ""
    (midnight,) = ends
    return [text.removesuffix(midnight) for text in texts], midnight


def join_parts(frame: pd.DataFrame, names: Sequence[str], zone: str) -> list[FoundTime]:
    """Year, month, day and so on in columns of their own."""
    chosen: list[tuple[str, str]] = []
    for letter, pattern in _PARTS:
        name = next((n for n in names if re.fullmatch(pattern, n.strip(), re.IGNORECASE)), None)
        if name is None:
            break
        chosen.append((letter, name))
    if len(chosen) < 2:
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
