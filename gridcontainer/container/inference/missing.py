"""Texts that mean "no value" in columns of numbers, times and positions."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import pandas as pd

from gridcontainer.container.inference.columns import MISSING, WORDS
from gridcontainer.container.inference.findings import Notes

_SENTINELS: Final = ("-999", "-9999", "-99999", "-999.0", "-9999.0", "99999", "999999", "-32768")
_FEW: Final = 0.5  # share of the rows; more of one number are no gaps


def infer_missing(frame: pd.DataFrame, measured: Iterable[str], notes: Notes) -> list[str] | None:
    """The declaration's ``missing``; None where its default has all that is met.

    Args:
        frame: the sample.
        measured: columns of numbers, times and positions.
        notes: takes what is found, and a question where a number may mean that there is none.
    """
    found: Counter[str] = Counter()
    for name in dict.fromkeys(measured):
        texts = frame[name].dropna().str.strip()
        found.update(texts[texts.isin(WORDS)])
        numbers = texts[texts.isin(_SENTINELS)]
        if 0 < len(numbers) < _FEW * len(texts):
            shown = ", ".join(sorted(set(numbers)))
            notes.warn(
                f"{name} is {shown} in {len(numbers):,} rows: where that means no value, add it to "
                f"missing"
            )
    new = [text for text in found if text not in MISSING]
    if not new:
        return None
    listed = ", ".join(f"{text!r} in {found[text]:,}" for text in new)
    notes.add(
        "missing", ", ".join(new), f"{listed} fields of numbers, times or positions", "medium"
    )
    return [*MISSING, *new]
