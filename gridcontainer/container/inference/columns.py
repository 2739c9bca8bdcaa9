"""What the columns hold: types, times, a key and a label."""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_key_name, is_label_name, is_time_name
from gridcontainer.container.judge.numbers import read_plain
from gridcontainer.container.judge.texts import trim
from gridcontainer.grid.arrays import Float64s

_TIME: Final = re.compile(
    r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"  # a day
    r"([ T]?\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?)?( ?(Z|[+-]\d\d:?\d\d))?"  # its time, zone
    r"|(19|20)\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{4}(\d{2})?)?|\d{1,2}:\d{2}(:\d{2})?"
)
# Texts that mean "no value": those of a declaration, and others that are met.
MISSING: Final = ("-", "—", "--", "null", "NULL", "None")
WORDS: Final = (
    *MISSING, "N/A", "n/a", "NA", "na", "#N/A", "#VALUE!", "#REF!", "#DIV/0!", "NaN", "nan", "nil",
    "none", "Null", "\\N", "(null)", "<null>", "/", "//", "////", "---", "----", "——", "－", "*",
    "**", "?", "??", "？", ".", "…", "无", "暂无", "无数据", "缺失", "缺测", "不详", "未知",
    "未填", "空", "待定", "unknown", "Unknown", "UNKNOWN", "missing", "n.a.", "0000-00-00",
    "0000-00-00 00:00:00",
)  # fmt: skip
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Columns:
    """What the columns hold.

    Attributes:
        numbers: columns of numbers, NaN where there is none.
        types: of each column, a word.
        texts: columns of words.
    """

    numbers: dict[str, Float64s]
    types: dict[str, str]
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
    texts = [name for name, kind in types.items() if kind == "text"]
    kinds = pd.Series(types).value_counts()
    notes.add(
        "columns",
        str(len(types)),
        ", ".join(f"{count} {kind}" for kind, count in kinds.items()) + f"; {len(frame):,} rows",
    )
    return Columns(numbers, types, texts)


def filled_texts(column: "pd.Series[Any]") -> list[str]:
    """The texts of a column, without those that mean "no value"."""
    known = {"", *WORDS}
    return [text for text in column.dropna() if text.strip() not in known]


def _type_of(name: str, column: "pd.Series[Any]") -> tuple[str, Float64s | None]:
    filled = column.dropna()
    filled = filled[~filled.str.strip().isin(["", *WORDS])]
    if filled.empty:
        return "empty", None
    looked = filled.iloc[:: max(1, len(filled) // _LOOKED_AT)].str.strip()
    times = float(np.mean([bool(_TIME.fullmatch(text)) for text in looked]))
    # Not by pandas' own reader of numbers, which ends the process at a text such as 1e2147483648.
    values = read_plain(trim(pa.array(column, pa.string(), from_pandas=True)))
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
    frame: pd.DataFrame,
    columns: Columns,
    label: str | None,
    position: list[str],
    time: list[str],
    notes: Notes,
) -> list[str]:
    """The business key: columns without a repeat in the sample.

    It is one column or two that are named so, else one of them or the label with the time, else the
    label with the position.

    Returns:
        Empty where there is none: rows are then known by their number.
    """
    usable = [
        n for n in frame.columns if n not in [*position, *time] and columns.types[n] != "decimal"
    ]
    named = [name for name in usable if is_key_name(name)]
    candidates = [[name] for name in named]
    candidates += [[a, b] for i, a in enumerate(named[:6]) for b in named[i + 1 : 6]]
    if time:
        candidates += [*([name, *time] for name in named), [*named[:2], *time], time]
    if label is not None:
        candidates += [[label], [label, *position]]
        candidates += [[label, *time]] if time else []
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
