"""Records that could not go in as they came, as the quarantine holds them."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.judge.columns import (
    DETAIL,
    FIRST_REASON,
    ORIGINAL,
    REASON,
    REPAIRED,
    has_value,
)
from gridcontainer.container.judge.row_text import row_texts
from gridcontainer.container.sources.records import FILE, REPAIR, ROW, TEXT
from gridcontainer.container.tables.schemas import QUARANTINE

REPAIRED_SHAPE: Final = "repaired shape"
_ARROW: Final[Any] = pyarrow.compute  # it has no types


def to_quarantine(
    judged: pa.Table, *, dataset: str, names: Mapping[str, str], run_id: str
) -> pa.Table:
    """The records that could not go in as they came, each with its whole content.

    Args:
        judged: judged rows.
        dataset: name of the dataset.
        names: stored name of each source column.
        run_id: identifier of the run.

    Returns:
        ``QUARANTINE``; ``row`` is the text of a broken record, else its columns as JSON; ``mended``
        says what was done to a record that is in the dataset now, and is null for one that is
        still in quarantine.
    """
    is_out = has_value(judged.column(REASON))
    is_changed = has_value(judged.column(REPAIRED)) | has_value(judged.column(REPAIR))
    at = np.flatnonzero(is_out | is_changed)
    if not len(at):
        return QUARANTINE.empty_table()
    rows = judged.take(pa.array(at))
    done = _ARROW.coalesce(rows.column(REPAIRED), rows.column(REPAIR))
    nothing = pa.nulls(len(at), pa.string())
    stays_out = pa.array(is_out[at])
    columns = {
        "dataset": pa.repeat(pa.scalar(dataset), len(at)),
        "source_file": rows.column(FILE).cast(pa.string()),
        "source_row": rows.column(ROW),
        "reason": _ARROW.coalesce(
            rows.column(REASON), rows.column(FIRST_REASON), pa.scalar(REPAIRED_SHAPE)
        ),
        "detail": rows.column(DETAIL),
        "row": _contents(rows, names),
        "mended": _ARROW.if_else(stays_out, nothing, done),
        "run_id": pa.repeat(pa.scalar(run_id), len(at)),
    }
    return pa.table({name: columns[name] for name in QUARANTINE.names}).cast(QUARANTINE)


def _contents(rows: pa.Table, names: Mapping[str, str]) -> pa.ChunkedArray:
    told = _ARROW.coalesce(rows.column(TEXT), rows.column(ORIGINAL))
    if told.null_count == 0:
        return told
    untold = np.flatnonzero(~has_value(told))
    texts = np.asarray(told.to_numpy(zero_copy_only=False), object)
    texts[untold] = row_texts(rows.take(pa.array(untold)), names)
    return pa.chunked_array([pa.array(texts, pa.string())])


def count_reasons(rows: pa.Table) -> tuple[dict[str, int], dict[str, int]]:
    """Numbers of rows by reason: those still in quarantine, and those that were repaired."""
    is_done = rows.column("mended").is_valid()
    return (
        _count(rows.filter(_ARROW.invert(is_done)).column("reason")),
        _count(rows.filter(is_done).column("reason")),
    )


def _count(reasons: pa.ChunkedArray) -> dict[str, int]:
    counts = _ARROW.value_counts(reasons).to_pylist()
    return {one["values"]: one["counts"] for one in counts}
