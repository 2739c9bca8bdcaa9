"""What a dataset's table says of itself: its properties, and the two names of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.column_names import (
    COLUMNS_PROPERTY,
    renamed_columns,
    say_renamed,
    to_property,
)
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.tables.actions import Action, Snapshot

KEY_PROPERTY: Final = "gridcontainer.key"


def dataset_properties(
    declaration: Declaration,
    names: Mapping[str, str],
    level: int | None,
    prefix_levels: Sequence[int],
) -> dict[str, str]:
    """The properties that tell what a dataset is.

    Args:
        declaration: declaration of the dataset, over stored names.
        names: stored name of each source column.
        level: level of the cells; None for a table without position.
        prefix_levels: levels that partitions may have, coarse to fine.
    """
    return {
        "gridcontainer.title": declaration.title,
        "gridcontainer.kind": declaration.kind,
        "gridcontainer.level": str(level or ""),
        "gridcontainer.prefix_levels": ",".join(map(str, prefix_levels)),
        "gridcontainer.label": declaration.label or "",
        KEY_PROPERTY: ",".join(declaration.key),
        "gridcontainer.tags": ",".join(declaration.tags),
        COLUMNS_PROPERTY: to_property(renamed_columns(names)),
        "gridcontainer.confidential": str("confidential" in declaration.sensitivity.values()),
    }


def renewed_metadata(
    there: Snapshot, schema: pa.Schema, properties: Mapping[str, str]
) -> list[Action]:
    """New columns and properties of a table, where there are any.

    Args:
        there: the table as it is.
        schema: schema of its rows from now on.
        properties: properties of ``dataset_properties``.
    """
    # Columns that a delivery lacks may stay in the table, and keep both their names.
    former = _names_of(there).renamed or {}
    renamed = {**former, **(ColumnNames.of([], properties).renamed or {})}
    wanted = {**there.metadata.properties, **properties, COLUMNS_PROPERTY: to_property(renamed)}
    held = there.metadata.schema
    new = [field.with_nullable(True) for field in schema if field.name not in held.names]
    if not new and wanted == there.metadata.properties:
        return []
    renewed = replace(there.metadata, schema=pa.schema([*held, *new]), properties=wanted)
    return renewed.actions()


def note_renamed(dataset: str, names: Mapping[str, str], there: Snapshot | None) -> list[str]:
    """A sentence that names the source columns which a run stores under another name.

    Args:
        dataset: name of the dataset.
        names: stored name of each source column.
        there: the table before the run; what it says already is not said again.
    """
    said = (_names_of(there).renamed if there else None) or {}
    renamed = renamed_columns(names).items()
    new = {column: stored for column, stored in renamed if said.get(column) != stored}
    return [say_renamed(dataset, new)] if new else []


def _names_of(there: Snapshot) -> ColumnNames:
    return ColumnNames.of(there.metadata.schema.names, there.metadata.properties)
