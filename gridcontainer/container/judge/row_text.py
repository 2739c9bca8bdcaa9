"""A record as text, for people and to be read again."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa


def row_texts(rows: pa.Table | pa.RecordBatch, names: Mapping[str, str]) -> list[str]:
    """Each row's source columns as JSON, under the names that the source gives them.

    Args:
        rows: rows with the stored columns.
        names: stored name of each source column.

    Returns:
        A JSON object a row; null columns are left out.
    """
    columns = {column: rows.column(stored).to_pylist() for column, stored in names.items()}
    return [
        json.dumps(
            {name: values[at] for name, values in columns.items() if values[at] is not None},
            ensure_ascii=False,
            separators=(",", ":"),
            default=_plain,
        )
        for at in range(rows.num_rows)
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
