"""What the columns hold: types, times, a key and a label."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_key_name, is_label_name, is_time_name
from gridcontainer.grid.arrays import Float64s

_TIME: Final = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"  # a day
    r"([ T]?\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?( ?(Z|[+-]\d\d:?\d\d))?"  # its time, zone
    r"|(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{4}(\d{2})?)?|\d{1,2}:\d{2}(:\d{2})?"
)
_MISSING: Final = ("-", "—", "--", "null", "NULL", "None")
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Columns:
    """What the columns hold.

    Attributes:
        numbers: columns of numbers, NaN where there is none.
        types: of each column, a word.
        times: columns of times or days.
        texts: columns of words.
    """

    numbers: dict[str, Float64s]
    types: dict[str, str]
    times: list[str]
    texts: list[str]


def infer_columns(frame: pd.DataFrame, notes: Notes) -> Columns:
    """Types of the columns, from all rows of the sample."""
    numbers: dict[str, Float64s] = {}
    types: dict[str, str] = {}
    for name in frame.columns:
        kind, values = _type_of(name, frame[name])
        types[name] = kind
        if values is not None:
            numbers[name] = values
    times = [name for name, kind in types.items() if kind in ("time", "unix seconds")]
    texts = [name for name, kind in types.items() if kind == "text"]
    kinds = pd.Series(types).value_counts()
    notes.add(
        "columns",
        str(len(types)),
        ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + f"; {len(frame):,} rows",
    )
    if times:
        examples = [f"{n} ({_first(frame[n])})" for n in times[:3]]
        notes.add("time columns", ", ".join(times[:3]), "; ".join(examples), "medium")
    return Columns(numbers, types, times, texts)


def _first(column: "pd.Series[Any]") -> str:
    filled = column.dropna()
    return str(filled.iloc[0])[:25] if len(filled) else ""


def _type_of(name: str, column: "pd.Series[Any]") -> tuple[str, Float64s | None]:
    filled = column.dropna()
    filled = filled[~filled.isin(_MISSING)]
    if filled.empty:
        return "empty", None
    if isinstance(filled.iloc[0], bytes):
        return "binary", None
    looked = filled.iloc[:: max(1, len(filled) // _LOOKED_AT)].str.strip()
    times = float(np.mean([bool(_TIME.fullmatch(text)) for text in looked]))
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    share = float(np.isfinite(values).sum()) / len(filled)
    if share >= 0.8:
        return _number_type(name, values, times, looked), values
    if times >= 0.8:
        return "time", None
    return "text", None


def _number_type(name: str, values: Float64s, times: float, texts: "pd.Series[Any]") -> str:
    finite = values[np.isfinite(values)]
    if times >= 0.95 and (is_time_name(name) or texts.str.len().min() >= 12):
        return "time"
    if is_time_name(name) and np.all((finite > 6e8) & (finite < 4e9)):
        return "unix seconds"
    return "integer" if np.all(finite == np.floor(finite)) else "decimal"


def infer_label(frame: pd.DataFrame, texts: list[str], notes: Notes) -> str | None:
    """The column to show to people: by its name, else the most varied short text."""
    best: tuple[float, str] | None = None
    for name in texts:
        filled = frame[name].dropna().iloc[:_LOOKED_AT]
        if filled.empty or filled.str.len().median() > 60:
            continue
        variety = filled.nunique() / len(frame[name].iloc[:_LOOKED_AT])
        score = variety + 2.0 * is_label_name(name)
        if score > 0.2 and (best is None or score > best[0]):
            best = (score, name)
    if best is None:
        return None
    name = best[1]
    distinct = frame[name].nunique() / max(1, frame[name].notna().sum())
    notes.add("label", name, f"text, {distinct:.0%} of its values differ", "medium")
    return name


def infer_key(
    frame: pd.DataFrame, columns: Columns, label: str | None, position: list[str], notes: Notes
) -> list[str]:
    """The business key: one column, or label and position, without a repeat in the sample.

    Returns:
        Empty where there is none: rows are then known by their number.
    """
    usable = [n for n in frame.columns if n not in position and columns.types[n] != "decimal"]
    named = [name for name in usable if is_key_name(name)]
    candidates = [[name] for name in named]
    candidates += [[a, b] for i, a in enumerate(named[:6]) for b in named[i + 1 : 6]]
    if label is not None:
        candidates += [[label], [label, *position]]
    shares = {}
    for key in candidates:
        rows = frame[key].dropna()
        shares[tuple(key)] = len(rows.drop_duplicates()) / max(1, len(frame))
        if shares[tuple(key)] == 1.0 and len(frame) > 1:
            notes.add("key", ", ".join(key), f"no repeat in {len(frame):,} rows", "medium")
            return key
    nearly = sorted(shares.items(), key=lambda item: -item[1])[:3]
    listed = "; ".join(f"{'+'.join(key)} {share:.1%} differ" for key, share in nearly)
    notes.add("key", "none", listed or "no column is called or fit to be one", "none")
    return []
