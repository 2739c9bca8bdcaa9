"""Quarantined rows for which there is a rule, as a reader would give them again."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.declaration.expression import resolve
from gridcontainer.container.judge.reasons import BROKEN
from gridcontainer.container.quarantine.replace import read_quarantined
from gridcontainer.container.sources.records import FAULT, FILE, REPAIR, ROW, TEXT
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.log import read_snapshot
from gridcontainer.errors import DatasetError, DeclarationError

_ARROW: Final[Any] = pyarrow.compute  # it has no types


def find_repairable(declaration: Declaration, storage: Storage) -> pa.Table:
    """Rows still in quarantine for a reason that a rule names; a broken row has no columns.

    Raises:
        DeclarationError: there is no rule, or the rows' position is a shape.
        DatasetError: the container has no quarantine.
    """
    if not declaration.mend:
        raise DeclarationError(
            f"{declaration.dataset}: its declaration has no rules; add them as mend: "
            "[{reason: ..., set: {COLUMN: EXPRESSION}}]"
        )
    if declaration.has_shape:
        raise DeclarationError(
            f"{declaration.dataset}: rules set columns, and cannot repair shapes; repair the source"
        )
    if read_snapshot(storage.quarantine) is None:
        raise DatasetError(f"{storage.root} has no quarantine; run: gridcontainer ingest")
    rows = read_quarantined(storage, declaration.dataset)
    reasons = [rule.reason for rule in declaration.mend if rule.reason != BROKEN]
    field = _ARROW.field
    return rows.filter(
        field("mended").is_null() & field("reason").isin(pa.array(reasons, pa.string()))
    )


def columns_of(rows: pa.Table, declaration: Declaration, held: ColumnNames) -> list[str]:
    """The source columns of quarantined rows, in order.

    Args:
        rows: rows of ``find_repairable``, which do not have a column that is null in all of them.
        declaration: declaration of the dataset; the columns that it needs are there.
        held: names of the table's columns; one that it has and an expression reads is there.
    """
    found = dict.fromkeys(name for text in rows.column("row").to_pylist() for name in _parse(text))
    needed = {*declaration.needed_columns, *declaration.described_columns}
    there = list(dict.fromkeys([*found, *sorted(needed)]))
    read = sorted({name for _, text in declaration.expressions for name in text.columns})
    known = resolve(read, there)
    more = (name for name in read if name not in known and held.find_of_source(name))
    return [*there, *more]


def to_raw(rows: pa.Table, names: Mapping[str, str], held: pa.Schema) -> pa.RecordBatch:
    """Quarantined rows as a reader would give them.

    Args:
        rows: rows of ``find_repairable``.
        names: stored name of each source column.
        held: schema of the dataset's table, whose types the columns get.
    """
    values = [_parse(text) for text in rows.column("row").to_pylist()]
    nothing = pa.nulls(rows.num_rows, pa.string())
    columns = {
        FILE: rows.column("source_file").combine_chunks(),
        ROW: rows.column("source_row").combine_chunks(),
        **dict.fromkeys((FAULT, TEXT, REPAIR), nothing),
    }
    for column, stored in names.items():
        kind = held.field(stored).type if stored in held.names else pa.string()
        texts = [None if one.get(column) is None else _text(one[column]) for one in values]
        columns[column] = pa.array(texts, pa.string()).cast(kind)
    return pa.RecordBatch.from_pydict(columns)


def _parse(text: str | None) -> dict[str, object]:
    value = json.loads(text or "{}")
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
