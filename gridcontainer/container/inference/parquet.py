"""Rows of a Parquet file as text, evenly over its row groups."""

from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import pandas as pd
import pyarrow.parquet

from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.sources.parquet import (
    UNREADABLE_PARQUET,
    open_parquet,
    read_parquet as read_groups,
)
from gridcontainer.container.sources.records import BATCH_ROWS, one_line, raw_schema
from gridcontainer.errors import SourceError

_PARQUET: Final[Any] = pyarrow.parquet  # it has no types
_GROUPS = 8


def read_parquet(
    path: Path, rows: int, notes: Notes
) -> tuple[pd.DataFrame, bool, dict[str, str | None]]:
    """At most ``rows`` rows as the container reads them: every value as text, bytes as digits.

    Returns:
        The rows, with fields of structs as ``struct.field``; whether they are all there are; and
        the CRS of each geometry column.

    Raises:
        SourceError: the file is cut short or damaged.
    """
    try:
        about = _PARQUET.read_metadata(path)
    except UNREADABLE_PARQUET as error:
        raise SourceError(
            f"{path} is Parquet that cannot be read: {one_line(error)}. Is it whole?"
        ) from error
    footer = open_parquet(path)
    schema = raw_schema(footer.columns)
    groups = range(0, about.num_row_groups, max(1, about.num_row_groups // _GROUPS))
    frames = [schema.empty_table().to_pandas()]
    for group in groups:
        share = max(1, rows // max(1, len(groups)))
        batches = read_groups(path, schema, path.name, start=group, stop=group + 1)
        taken = list(islice(batches, -(-share // BATCH_ROWS)))
        frames += [batch.slice(0, share).to_pandas() for batch in taken]
    frame = pd.concat(frames, ignore_index=True)[list(footer.columns)]
    shape = " with the key geo of GeoParquet" if footer.crs else ""
    notes.add(
        "format", "parquet", f"{about.num_rows:,} rows in {about.num_row_groups} row groups{shape}"
    )
    return empty_as_none(frame.astype(object)), len(frame) == about.num_rows, footer.crs


def empty_as_none(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with None wherever a value is missing."""
    return cast(pd.DataFrame, cast(Any, frame).where(frame.notna(), None))
