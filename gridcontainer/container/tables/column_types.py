"""Columns whose type differs between a delivery and its table."""

from collections.abc import Sequence

import pyarrow as pa

from gridcontainer.container.tables.compare import equal_values
from gridcontainer.errors import SourceError


def changed_types(new: pa.Table, held: pa.Schema) -> list[str]:
    """Columns of another type than a table's whose values the table's type cannot keep.

    Args:
        new: rows as the table is to hold them.
        held: schema of the table.
    """
    return [
        field.name
        for field in new.schema
        if field.name in held.names
        and field.type != held.field(field.name).type
        and not _fits(new.column(field.name), held.field(field.name).type)
    ]


def require_same_types(
    dataset: str, retyped: Sequence[str], new: pa.Schema, held: pa.Schema
) -> None:
    """Each column of a delivery can be kept in the type that the table has for it.

    Args:
        dataset: name of the dataset.
        retyped: columns that cannot.
        new: schema of the delivery.
        held: schema of the table.

    Raises:
        SourceError: names the columns and both types.
    """
    if retyped:
        said = ", ".join(
            f"column {name} is {new.field(name).type} and {held.field(name).type} in the "
            "table, which cannot keep its values"
            for name in retyped
        )
        raise SourceError(
            f"{dataset}: {said}; the table stays as it is. Deliver the former type, or declare "
            "absent: delete without history, which writes the table anew"
        )


def _fits(values: pa.ChunkedArray, kind: pa.DataType) -> bool:
    if values.type == kind or values.null_count == len(values):
        return True
    if pa.types.is_boolean(kind) or pa.types.is_boolean(values.type):
        return False  # any number is a truth to Arrow
    try:
        back = values.cast(kind).cast(values.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return bool(equal_values(values, back).all())
