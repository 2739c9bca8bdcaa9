"""Rows judged as an ingest judges them, for tests that look at one reason at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.ingest.in_memory import RecordJudge, mark_judged
from gridcontainer.container.judge.columns import REASON
from gridcontainer.container.judge.judge import Judge


def judge_rows(
    raw: pa.RecordBatch,
    declaration: Declaration,
    city: CityProfile,
    names: Mapping[str, str],
    *,
    batch_rows: int = 3,
) -> pa.Table:
    """Judge raw rows, a few at a time, so that no batch knows all keys."""
    judge = Judge.create(declaration, city, names, declaration.datum or city.datum)
    records = RecordJudge.create(judge, names, declaration)
    batches = [raw.slice(at, batch_rows) for at in range(0, raw.num_rows, batch_rows)]
    return mark_judged(list(records.run(batches)), records, declaration)


def reasons_of(judged: pa.Table) -> list[str | None]:
    """The reason of each judged row."""
    reasons: list[str | None] = judged.column(REASON).to_pylist()
    return reasons


def raw_rows(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Raw rows of texts; ``_row`` is a number."""
    values = zip(*rows, strict=True)
    kinds = [pa.int64() if name == "_row" else pa.string() for name in columns]
    arrays = [pa.array(list(one), kind) for one, kind in zip(values, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
