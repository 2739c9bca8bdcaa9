"""Columns whose type differs between a delivery and its table."""

import pyarrow as pa

from gridcontainer.container.tables.compare import equal_values
from gridcontainer.errors import StorageError


def require_fitting_types(new: pa.Table, held: pa.Schema, dataset: str) -> None:
    """No value changes when a delivery is written with the types of its table.

    Args:
        new: rows as the delivery has them.
        held: schema of the table.
        dataset: name of the dataset, for the message.

    Raises:
        StorageError: names the column and both types.
    """
    for name in new.column_names:
        if name in held.names and not _fits(new.column(name), held.field(name).type):
            raise different_type(dataset, name, held.field(name).type, new.column(name).type)


def different_type(
    dataset: str, column: str, held: pa.DataType, delivered: pa.DataType
) -> StorageError:
    """What to raise for a column of another type."""
    return StorageError(
        f"{dataset}: column {column} is {held} in the table and {delivered} in this delivery, and "
        "not every value is the same in both. Deliver it as before, or remove the table to make it "
        "anew"
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
