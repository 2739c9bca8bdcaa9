"""What of identities may not be shown: a key, a name or a place tells what its columns tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.open_table import OpenTable, open_tables
from gridcontainer.container.sensitivity import CONFIDENTIAL
from gridcontainer.container.storage import Storage
from gridcontainer.identity.schemas import PLACE

HIDDEN: Final = "***"
_PLACE: Final = frozenset(column.name for column in PLACE)
_ALL: Final = _PLACE | {"business_key", "name"}


@dataclass(frozen=True)
class Hidden:
    """Columns of the tables of identities that may not be shown, by data set.

    Attributes:
        columns: of each data set that has some.
    """

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def mask(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of keys or objects with ``***`` (numbers: None) for what may not be shown."""
        hidden = self.columns.get(row["dataset"], frozenset())
        return {
            name: (HIDDEN if isinstance(value, str) else None) if name in hidden else value
            for name, value in row.items()
        }

    def mask_all(self, rows: DataFrame) -> DataFrame:
        """``mask`` of a frame of keys or objects; all that is hidden is null."""
        for name in rows.columns:
            if datasets := [d for d, columns in self.columns.items() if name in columns]:
                shown = ~F.col("dataset").isin(datasets)
                rows = rows.withColumn(name, F.when(shown, F.col(name)))
        return rows


def find_hidden(storage: Storage, declarations: Iterable[Declaration]) -> Hidden:
    """What may not be shown of a container's data sets.

    Of one that has confidential columns, by its table, and whose declaration is not given nothing
    is shown.
    """
    declared = {declaration.dataset: declaration for declaration in declarations}
    found = {
        table.dataset: _columns(table, declared.get(table.dataset))
        for table in open_tables(storage)
        if has_confidential(table.properties)
    }
    return Hidden(found)


def has_confidential(properties: Mapping[str, str]) -> bool:
    """Whether a data set's table says that it has confidential columns."""
    return properties.get("gridcontainer.confidential") == "True"


def _columns(table: OpenTable, declaration: Declaration | None) -> frozenset[str]:
    if declaration is None:
        return _ALL
    # One spelling: what is confidential by one name is so by the other.
    declaration = declaration.over_source(table.column_names.renamed or {})
    place = declaration.position
    parts: dict[str, list[str | None]] = {
        "business_key": list(declaration.key),
        "name": [declaration.label],
        **dict.fromkeys(_PLACE, [place.lon, place.lat, place.geometry] if place else []),
    }
    kinds = declaration.sensitivity
    return frozenset(
        name
        for name, columns in parts.items()
        if any(kinds.get(column or "") == CONFIDENTIAL for column in columns)
    )
