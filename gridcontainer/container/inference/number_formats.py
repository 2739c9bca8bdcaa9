"""How numbers are written in columns of text, where they are no plain decimal numbers."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.container.declaration.characters import TO_PLAIN
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.inference.columns import filled_texts
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.judge.numbers import read_numbers, read_plain
from gridcontainer.grid.arrays import Float64s

_LOOKED_AT: Final = 5000
_ENOUGH: Final = 0.9  # share of the texts that must be numbers of one format
_MULTIPLES: Final = "万亿|百万|千万|千|万|亿"
# Signs of money and units of measures; words such as 路 or 号 behind a number name a thing.
_MONEY: Final = "¥|元|人民币|CNY|RMB|US\\$|USD|HK\\$|HKD|\\$|€|EUR|£|GBP|円|JPY"
_UNITS: Final = (
    "km/h|m/s|km|cm|mm|m|公里|千米|米|厘米|平方米|平米|公顷|亩|ha|kg|mg|g|t|公斤|千克|克|吨|升|L|ml|"
    "人次|人|户|辆|次|件|个|台|套|间|株|℃|°C|度|kWh|kW|W|dB|hPa|Pa|ppm|ppb|小时|分钟|天|min|h|s|mph"
)
_SAME_SIGN: Final = {frozenset(("¥", "元", "人民币", "CNY", "RMB"))}
_WRITTEN: Final = re.compile(
    rf"(?P<open>\()? *[+-]? *(?P<before>{_MONEY})? *[+-]? *(?P<digits>\d[\d,.' ]*\d|\d|\.\d+)"
    rf"(?:[eE][+-]?\d+)? *(?P<multiple>{_MULTIPLES})? *(?P<percent>%)?"
    rf" *(?P<behind>{_MONEY}|{_UNITS})? *\)?"
)
_MARKS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"thousands": ","},
    {"decimal": ","},
    {"decimal": ",", "thousands": "."},
    {"thousands": " "},
    {"decimal": ",", "thousands": " "},
    {"thousands": "'"},
)


@dataclass(frozen=True)
class _Written:
    """The form of a column's numbers, and the numbers of the texts looked at."""

    keys: dict[str, Any]
    values: Float64s
    read: int


def infer_numbers(
    frame: pd.DataFrame, names: Sequence[str], *, decimal_comma: bool, notes: Notes
) -> dict[str, dict[str, Any]]:
    """The declaration's ``numbers``: a format of each column of numbers that needs one.

    Args:
        frame: the sample.
        names: columns of text that are neither positions nor times.
        decimal_comma: whether the file's coordinates have a decimal comma.
        notes: takes what is found, and a question where the values fit two formats.
    """
    formats: dict[str, dict[str, Any]] = {}
    for name in names:
        texts = filled_texts(frame[name])
        looked = texts[:: max(1, len(texts) // _LOOKED_AT)]
        keys = _format_of(name, looked, decimal_comma, notes)
        if keys is not None:
            formats[name] = keys
    return formats


def _format_of(
    name: str, texts: list[str], decimal_comma: bool, notes: Notes
) -> dict[str, Any] | None:
    plain = [text.translate(TO_PLAIN).strip().removeprefix("'").strip() for text in texts]
    found = [match for text in plain if (match := _WRITTEN.fullmatch(text))]
    if not texts or len(found) < _ENOUGH * len(texts) or _all_plain(texts):
        return None
    shared, question = _shared_keys(found, notes, name)
    if shared is None:
        return None
    column = pa.array(texts, pa.string())
    readings = [_read(column, shared | marks) for marks in _MARKS]
    most = max(reading.read for reading in readings)
    if most < _ENOUGH * len(texts):
        return None
    fitting = [reading for reading in readings if reading.read == most]
    if decimal_comma:
        fitting.sort(key=lambda reading: reading.keys.get("decimal") != ",")
    chosen = fitting[0]
    others = [other for other in fitting[1:] if _differ(chosen, other)][:1]
    example = next((text for text in plain if re.search("[,.' ]", text)), "")
    if others and not decimal_comma:
        question = f'{name}: "{example}" is read with {_inline(chosen.keys)}; it could be ' + (
            " or ".join(_inline(other.keys) for other in others) + ": ask"
        )
    if question:
        notes.warn(question)
    evidence = f"reads {most:,} of {len(texts):,} texts such as {', '.join(texts[:3])}"
    notes.add("number format", name, f"{_inline(chosen.keys)}; {evidence}", "medium")
    return chosen.keys


def _all_plain(texts: list[str]) -> bool:
    values = read_plain(pa.array([text.strip() for text in texts], pa.string()))
    return bool(np.isfinite(values).all())


def _shared_keys(
    found: "list[re.Match[str]]", notes: Notes, name: str
) -> tuple[dict[str, Any] | None, str]:
    """Keys beside the marks between digits; None where one format cannot read all."""
    keys: dict[str, Any] = {}
    question = ""
    if any(match["multiple"] for match in found):
        keys["multiples"] = True
    signs = Counter(s for match in found for s in (match["before"], match["behind"]) if s)
    if signs:
        if len(signs) > 1 and not any(signs.keys() <= same for same in _SAME_SIGN):
            notes.warn(
                f"{name} holds numbers in several units ({', '.join(signs)}): no format reads it"
            )
            return None, ""
        keys["signs"] = list(signs)
    if any(match["percent"] for match in found):
        keys["percent"] = "fraction"
        question = f"{name}: 50% is read as 0.5; where 50 is meant declare percent: number"
    if any(match["open"] for match in found):
        keys["brackets"] = "negative"
        question = f"{name}: (50) is read as -50, as accountants write: is it meant so?"
    return keys, question


def _read(column: pa.Array, keys: Mapping[str, Any]) -> _Written:
    values = read_numbers(column, NumberFormat.model_validate(keys)).values
    return _Written(dict(keys), values, int(np.isfinite(values).sum()))


def _differ(one: _Written, other: _Written) -> bool:
    both = np.isfinite(one.values) & np.isfinite(other.values)
    return bool((one.values[both] != other.values[both]).any())


def _inline(keys: Mapping[str, Any]) -> str:
    if not keys:
        return "plain characters"
    return ", ".join(
        f"{k}: {v if not isinstance(v, list) else '/'.join(v)}" for k, v in keys.items()
    )
