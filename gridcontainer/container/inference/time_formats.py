"""The format of a column of times: which patterns read it, and whether they agree."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from gridcontainer.container.declaration.source import Time
from gridcontainer.container.inference.time_patterns import styled
from gridcontainer.container.judge.time import TimeReader
from gridcontainer.grid.arrays import Bools, Int64s

_UNIX: Final = {"unix": 1, "unix_ms": 10**3, "unix_us": 10**6, "unix_ns": 10**9}
_SINCE, _UNTIL = 315_532_800, 4_102_444_800  # 1980 to 2100, seconds since 1970
_EXCEL: Final = (20_000, 75_000)  # days: 1954 to 2105
_YEAR: Final = 365.2425 * 86_400 * 1e6  # microseconds
_SHAPES: Final = 24
_ODD: Final = (
    0.01  # share of texts that only another format reads: more are a second way of writing
)


@dataclass(frozen=True)
class Candidate:
    """One way to read a column of times.

    Attributes:
        format: as in a declaration; None for ISO 8601.
        hours: as in a declaration.
        read: n bools: which of the n texts it reads.
        instants: n microseconds since 1970; 0 where not read.
    """

    format: str | None
    hours: str
    read: Bools
    instants: Int64s

    @property
    def count(self) -> int:
        """Number of texts that it reads."""
        return int(self.read.sum())

    @property
    def has_clock(self) -> bool:
        """Whether it reads hours."""
        return self.format is None or bool(re.search("[Hh]|unix|excel", self.format))


def read_as(
    columns: Sequence[pa.Array], form: str | None, zone: str, hours: str = "clock"
) -> Candidate | None:
    """Read texts by a format; None where no declaration can have it."""
    names = [f"column_{number}" for number in range(len(columns))]
    try:
        declared = Time.model_validate({"columns": names, "format": form, "hours": hours})
    except ValidationError:
        return None
    times = TimeReader.create(declared, zone).read(list(columns), in_order=False)
    read = np.asarray(times.reason.is_null())
    instants = times.event_time.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    plausible = np.abs(instants / _YEAR - 50.0) < 150.0  # 1870 to 2170
    return Candidate(form, hours, read & plausible, np.where(read & plausible, instants, 0))


def best_formats(
    columns: Sequence[pa.Array], forms: Sequence[str | None], zone: str
) -> list[Candidate]:
    """The formats that read most texts; several where they read other times out of them.

    A format that reads texts which the best one does not is among them too: the column then holds
    two ways of writing.
    """
    readings = [r for form in forms for r in _readings(columns, form, zone)]
    readings = _without_future([reading for reading in readings if reading.count])
    if not readings:
        return []
    most = max(reading.count for reading in readings)
    best = next(reading for reading in readings if reading.count == most)
    rivals = [best]
    for other in readings:
        both = other.read & best.read
        differs = bool((other.instants != best.instants)[both].any())
        is_new = all((other.instants != known.instants).any() for known in rivals)
        alone = (other.read & ~best.read).sum() > _ODD * len(best.read)
        if differs and is_new and (other.count == most or alone):
            rivals.append(other)
    return [_strictest(columns, best, zone), *rivals[1:]]


def _without_future(readings: list[Candidate]) -> list[Candidate]:
    """Without those of two-digit years that read times to come, where others read none."""
    soon = (time.time() + 366 * 86_400) * 1e6
    past = [
        reading
        for reading in readings
        if not re.search("(?<!y)yy(?!y)", reading.format or "") or reading.instants.max() < soon
    ]
    return past or readings


def _readings(columns: Sequence[pa.Array], form: str | None, zone: str) -> list[Candidate]:
    """By the clock and, where that leaves hours of 24 or more, past midnight."""
    found = read_as(columns, form, zone)
    if found is None:
        return []
    if form is None or "H" not in form or found.read.all():
        return [found]
    late = read_as(columns, form, zone, "past_midnight")
    return [found] if late is None or late.count == found.count else [late]


def _strictest(columns: Sequence[pa.Array], found: Candidate, zone: str) -> Candidate:
    """The same reading by a pattern with two letters where all texts have two digits."""
    for form in styled(found.format or ""):
        strict = read_as(columns, form, zone, found.hours) if form else None
        if strict is not None and strict.count == found.count:
            return strict
    return found


def number_forms(values: "np.ndarray[Any, np.dtype[np.float64]]", *, named: bool) -> list[str]:
    """The units in which numbers can be times, by their size.

    Args:
        values: finite numbers.
        named: whether the column's name says time: short counts and days of Excel need that.
    """
    if not len(values):
        return []
    low, size, high = np.quantile(np.abs(values), [0.05, 0.5, 0.95]).tolist()
    forms = [
        form
        for form, unit in _UNIX.items()
        if _SINCE * unit <= size < _UNTIL * unit and (named or unit > 1)
    ]
    if named and _EXCEL[0] <= low and high < _EXCEL[1]:
        forms.append("excel")
    return forms


def examples(texts: Sequence[str]) -> list[str]:
    """One text of each shape, the most common shapes first."""
    shapes: dict[str, list[Any]] = {}
    for text in texts:
        shape = re.sub(r"[A-Za-z]+", "a", re.sub(r"\d", "0", text.strip()))
        entry = shapes.setdefault(shape, [0, text])
        entry[0] += 1
    ranked = sorted(shapes.values(), key=lambda entry: -entry[0])
    return [str(text) for _, text in ranked[:_SHAPES]]
