"""A draft tried on the file that it is of: how many records would go in, and why others not."""

import glob
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pydantic import ValidationError

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.judge.columns import REASON
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.judge.repeated import mark_repeated
from gridcontainer.container.sources import OpenSource, open_source, read_piece, split
from gridcontainer.errors import GridContainerError, SourceError

_PIECE_BYTES: Final = 8 << 20
_ROWS: Final = 50_000
_MOST_BYTES: Final = 256 << 20  # of a file that is parsed as a whole to be opened
_PARSED: Final = ("json", "geojson", "excel")
_MANY: Final = 0.05  # share of quarantined records that is told as a warning


def try_draft(path: Path, content: dict[str, Any], city: CityProfile, notes: Notes) -> None:
    """Judge the first records of a file by its draft, and note what becomes of them.

    Args:
        path: path of the file.
        content: keys of the draft.
        city: profile of the city.
        notes: takes the count, and a warning where the draft fails or many records would not go in.
    """
    if path.stat().st_size > _MOST_BYTES and content["source"]["format"] in _PARSED:
        return
    source = content["source"] | {"path": glob.escape(path.name)}
    department = content.get("department") or next(iter(city.departments))
    try:
        draft = Declaration.model_validate(content | {"source": source, "department": department})
        judged = _judge(path, draft, city)
    except ValidationError as error:
        notes.warn(f"the draft is not a declaration yet: {error.errors()[0]['msg']}")
        return
    except GridContainerError as error:
        notes.warn(f"an ingest by this draft would fail: {error}")
        return
    reasons = Counter(reason for reason in judged.column(REASON).to_pylist() if reason)
    bad = reasons.total()
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common(4))
    sound = f"{judged.num_rows - bad:,} of {judged.num_rows:,} records"
    notes.add("trial", sound, f"go in; quarantined: {listed or 'none'}")
    if bad > _MANY * judged.num_rows:
        notes.warn(
            f"{bad:,} of the first {judged.num_rows:,} records would be quarantined: {listed}"
        )


def _judge(path: Path, draft: Declaration, city: CityProfile) -> pa.Table:
    """The first records of a file, judged."""
    source = open_source(
        path.parent,
        draft,
        extent=city.extent.bounds,
        default_datum=city.datum,
    )
    names = stored_names(list(source.columns))
    judge = Judge.create(draft, city, names, source.datum or city.datum)
    batches = list(_batches(source, draft, judge, names))
    if not batches:
        raise SourceError(f"{path} has no records")
    return mark_repeated(pa.Table.from_batches(batches), keep=draft.keep or "first")


def _batches(
    source: OpenSource, draft: Declaration, judge: Judge, names: dict[str, str]
) -> Iterator[pa.RecordBatch]:
    left = _ROWS
    for piece in split(source, draft, target_bytes=_PIECE_BYTES):
        for batch in read_piece(piece, source, draft):
            taken = batch.slice(0, left)
            left -= taken.num_rows
            renamed = taken.rename_columns([names.get(n, n) for n in taken.schema.names])
            yield judge.judge(renamed)
            if left <= 0:
                return
