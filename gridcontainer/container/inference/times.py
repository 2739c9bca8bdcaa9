"""When a record happened: the columns that say it, and how; asked where the values do not tell."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from gridcontainer.container.inference.columns import Columns, filled_texts
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import (
    is_dated_name,
    is_late_name,
    is_time_name,
)
from gridcontainer.container.inference.time_columns import (
    FoundTime,
    is_clock,
    join_day_and_time,
    join_parts,
    read_column,
)

_LOOKED_AT: Final = 4000
_ENOUGH: Final = 0.9  # share of the texts that a format must read
_FILLED: Final = 0.9  # share of the rows that must have a time: the others would be quarantined


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
    found = [time for name in free if (time := read_column(frame, columns, name, zone))]
    clocks = [name for name in free if is_clock(frame[name])]
    found = [*join_day_and_time(frame, found, clocks, zone), *join_parts(frame, free, zone), *found]
    if not found:
        _say_unread(frame, columns, free, clocks, notes)
        return None
    found.sort(key=_likelihood, reverse=True)
    _say(found, notes)
    return _choose(found[0], zone, notes)


def _say_unread(
    frame: pd.DataFrame, columns: Columns, names: Sequence[str], clocks: list[str], notes: Notes
) -> None:
    """Say which columns look like times that nothing reads."""
    if clocks:
        notes.warn(f"{', '.join(clocks)}: times of day, and no column says the day: no time")
    for name in names:
        texts = filled_texts(frame[name])[:_LOOKED_AT]
        dated = sum(bool(re.search(r"\d.*\d", text)) for text in texts) >= 0.8 * len(texts)
        if texts and dated and is_dated_name(name) and name not in clocks:
            notes.warn(
                f"{name} is named as a time, and no known format reads it (such as {texts[0]!r}): "
                "where it is one, declare time with its format"
            )


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
