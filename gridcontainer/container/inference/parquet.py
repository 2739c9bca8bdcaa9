"""Rows of a Parquet file as text, evenly over its row groups."""

import math
from pathlib import Path
from typing import Any, Final, cast

import pandas as pd
import pyarrow.parquet

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.sources.parquet import UNREADABLE_PARQUET
from gridcontainer.container.sources.records import one_line
from gridcontainer.errors import SourceError

_PARQUET: Final[Any] = pyarrow.parquet  # it has no types
_GROUPS = 8


def read_parquet(path: Path, rows: int, notes: Notes) -> tuple[pd.DataFrame, bool]:
    """At most ``rows`` rows; numbers and times as text, binary columns as they are.

    Returns:
        The rows, and whether they are all there are.

    Raises:
        SourceError: the file is cut short or damaged.
    """
    try:
        file = _PARQUET.ParquetFile(path)
        groups = range(0, file.num_row_groups, max(1, file.num_row_groups // _GROUPS))
        table = file.read_row_groups(list(groups)) if file.num_row_groups else file.read()
    except UNREADABLE_PARQUET as error:
        raise SourceError(
            f"{path} is Parquet that cannot be read: {one_line(error)}. Is it whole?"
        ) from error
    total = file.metadata.num_rows
    taken = table.take(list(range(0, len(table), -(-len(table) // rows) or 1)))
    shape = (
        " with the key geo of GeoParquet" if b"geo" in (file.schema_arrow.metadata or {}) else ""
    )
    notes.add("format", "parquet", f"{total:,} rows in {file.num_row_groups} row groups{shape}")
    frame = cast(pd.DataFrame, taken.replace_schema_metadata(None).to_pandas())
    for name in frame.columns:
        filled = frame[name].dropna()
        if len(filled) and not isinstance(filled.iloc[0], bytes | str):
            frame[name] = frame[name].map(lambda v: None if _is_missing(v) else str(v))
    return empty_as_none(frame.astype(object)), len(taken) == total


def empty_as_none(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with None wherever a value is missing."""
    return cast(pd.DataFrame, cast(Any, frame).where(frame.notna(), None))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
