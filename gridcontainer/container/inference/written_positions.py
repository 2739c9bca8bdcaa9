"""Positions in texts and numbers that are no plain degrees: which declared writing reads them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.container.declaration import Extent, Position
from gridcontainer.container.inference.columns import WORDS, Columns, filled_texts
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import named_pairs
from gridcontainer.container.inference.positions import LOW_SHARE, WORLD, Located, say_low, within
from gridcontainer.container.judge.coordinates import PositionReader
from gridcontainer.grid.arrays import Bools, Float64s

_LOOKED_AT: Final = 2000
_FIRST: Final = 100  # rows that show whether columns without such names are looked into
_ENOUGH: Final = 0.5  # share of the rows with a text that must lie in the city
_MOST_COLUMNS: Final = 6  # text columns that are tried as an axis without a name that says so
_SAME: Final = 0.005  # share of rows by which two writings must differ to be told apart
_FEW: Final = 10  # rows whose minutes below 60 may be chance
# The likeliest first: of two that read the same rows the first one is drafted.
_TEXTS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"decimal": "comma"},
    {"writing": "dms"},
    {"writing": "dms", "decimal": "comma"},
    {"writing": "ddmm"},
    {"writing": "ddmmss"},
)
_WITH_MARKS: Final = 4  # of these
_NUMBERS: Final[tuple[dict[str, Any], ...]] = (
    {"writing": "ddmm"},
    {"writing": "ddmmss"},
    *({"units_per_degree": n} for n in (1e6, 1e7, 1e5, 3.6e6, 3600, 6e5, 6e6, 1e4, 1e8, 1e9)),
)
_COORDINATE: Final = re.compile(r"\d{1,3}\D.*\d|\d{4,}")
_PAIR: Final = re.compile(r"\d+\D+\d+.*")


@dataclass(frozen=True)
class _Reading:
    """What one writing reads of some rows."""

    keys: Mapping[str, Any]
    lon: Float64s
    lat: Float64s
    inside: Bools
    in_world: Bools


def find_written(
    frame: pd.DataFrame, columns: Columns, extent: Extent, notes: Notes
) -> Located | None:
    """The columns that hold positions in another writing than plain degrees, and its declaration.

    Two columns named as the axes count, where most rows are degrees of the Earth; two other columns
    or one that holds both count, where half of their rows lie in the city.
    """
    best: tuple[float, bool, list[_Reading]] | None = None
    for lon, lat, named in _candidates(frame, columns):
        rows = frame[list(dict.fromkeys([lon, lat]))]
        rows = rows[_filled(rows)]
        looked = rows.iloc[:: max(1, len(rows) // _LOOKED_AT)]
        if looked.empty:
            continue
        few = looked.iloc[:: max(1, len(looked) // _FIRST)]
        if not named and not _fitting(few, lon, lat, columns, extent, named):
            continue
        fitting = _fitting(looked, lon, lat, columns, extent, named)
        score = float(fitting[0].inside.mean()) + named if fitting else 0.0
        if fitting and (best is None or score > best[0]):
            best = (score, named, fitting)
    if best is None:
        return None
    chosen = best[2][0]
    whole = _read(frame, chosen.keys, extent)
    located = Located(dict(chosen.keys), whole.lon, whole.lat, whole.inside)
    _say(located, best[2], notes)
    return located


def _candidates(frame: pd.DataFrame, columns: Columns) -> Iterator[tuple[str, str, bool]]:
    names = [str(name) for name in frame.columns if columns.types[str(name)] != "empty"]
    pairs = named_pairs(names)
    yield from ((lon, lat, True) for lon, lat in pairs)
    texts = [n for n in names if n not in columns.numbers and _look_like(frame[n], _COORDINATE)]
    yield from ((name, name, False) for name in texts if _look_like(frame[name], _PAIR))
    named = {name for pair in pairs for name in pair}
    free = [name for name in texts if name not in named][:_MOST_COLUMNS]
    yield from ((lon, lat, False) for lon in free for lat in free if lon != lat)


def _look_like(column: "pd.Series[Any]", pattern: "re.Pattern[str]") -> bool:
    texts = filled_texts(column)[:200]
    return bool(texts) and sum(bool(pattern.search(t)) for t in texts) >= 0.8 * len(texts)


def _filled(rows: pd.DataFrame) -> "pd.Series[bool]":
    known = rows.notna() & ~rows.isin(["", *WORDS])
    return known.all(axis=1)


def _fitting(
    rows: pd.DataFrame, lon: str, lat: str, columns: Columns, extent: Extent, named: bool
) -> list[_Reading]:
    """The readings that put as many rows into the city as the best one, the likeliest first."""
    is_number = lon in columns.numbers and lat in columns.numbers
    ways: Sequence[dict[str, Any]] = _NUMBERS if is_number else (*_TEXTS, *_NUMBERS[2:])
    if lon == lat:
        orders = ("letters", "lon_lat", "lat_lon")
        ways = [{"order": order, **way} for way in _TEXTS[:4] for order in orders]
    readings = [_read(rows, {"lon": lon, "lat": lat, **way}, extent) for way in ways]
    shares = [float(reading.inside.mean()) for reading in readings]
    if max(shares) >= _ENOUGH:
        return _alike(readings, shares)
    if not named or is_number:
        return []  # any number is some degrees in some unit
    readings = readings[:_WITH_MARKS]
    shares = [float(reading.in_world.mean()) for reading in readings]
    return _alike(readings, shares) if max(shares) >= 0.8 else []


def _alike(readings: list[_Reading], shares: list[float]) -> list[_Reading]:
    """The first reading that is as good as the best, and those of them that give other places."""
    good = [r for r, share in zip(readings, shares, strict=True) if share >= max(shares) - _SAME]
    first = good[0]
    return [first, *(other for other in good[1:] if _differ(first, other))]


def _differ(one: _Reading, other: _Reading) -> bool:
    both = one.in_world & other.in_world
    apart = np.abs(one.lon - other.lon) + np.abs(one.lat - other.lat)
    return bool((apart[both] > 1e-9).any())


def _read(rows: pd.DataFrame, keys: Mapping[str, Any], extent: Extent) -> _Reading:
    position = Position.model_validate(keys)
    names = list(dict.fromkeys([keys["lon"], keys["lat"]]))
    batch = pa.RecordBatch.from_arrays(
        [pa.array(rows[name].tolist(), pa.string()) for name in names], names=names
    )
    found = PositionReader(position, WORDS, "WGS84").read(batch)
    lon, lat = found.lon_read, found.lat_read
    return _Reading(keys, lon, lat, within(lon, lat, extent), within(lon, lat, WORLD, 0.0))


def _say(located: Located, fitting: list[_Reading], notes: Notes) -> None:
    filled = np.isfinite(located.lon) & np.isfinite(located.lat)
    rows = int(filled.sum())
    share = float(located.inside.sum()) / max(1, rows)
    how = ", ".join(f"{k}: {v}" for k, v in located.keys.items() if k not in ("lon", "lat"))
    evidence = (
        f"{share:.1%} of {rows:,} rows in the city; written so: {how or 'degrees with marks'}"
    )
    notes.add("position", located.name, evidence, "high" if share > 0.5 else "low")
    others = [_way(reading) for reading in fitting[1:]]
    few = rows < _FEW and str(located.keys.get("writing", "")).startswith("ddmm")
    if others or few:
        other = "; or ".join(others) or "parts of a degree (position.units_per_degree)"
        notes.warn(f"{located.name} is read as {_way(fitting[0])}; it could be {other}: ask")
    if share < LOW_SHARE:
        notes.warn(say_low(located.name, share))
    unread = len(filled) - rows
    if unread:
        notes.warn(f"{located.name}: {unread:,} rows without a position that can be read")


def _way(reading: _Reading) -> str:
    keys = {k: v for k, v in reading.keys.items() if k not in ("lon", "lat")}
    return ", ".join(f"{key}: {value}" for key, value in keys.items()) or "degrees"
