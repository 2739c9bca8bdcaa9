"""The columns that a declaration names must be in the source."""

from collections.abc import Iterable
from typing import Final

from gridcontainer.container.column_names import stored_names
from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources.records import RESERVED, list_columns
from gridcontainer.errors import NoRecordsError, SourceError

_HINTS: Final = {
    "csv": " Is source.separator right?",
    "jdbc": " Is source.database right?",
    "json": " Is source.records right?",
    "excel": " Are source.sheet and source.skip_rows right?",
    "vector": " Is source.layer right?",
}


def require_declared(declaration: Declaration, columns: Iterable[str]) -> None:
    """Every column that the declaration names is there, and none has a name of the readers' own.

    A column may be named as the source calls it, or as the table stores it.

    Raises:
        NoRecordsError: there are no columns at all.
        SourceError: names what is missing, what there is, and what may be declared wrongly.
        DeclarationError: a condition or an expression reads a column that is not there.
    """
    present = dict.fromkeys(columns)
    where = f"{declaration.dataset}: "
    if not present:
        raise NoRecordsError(f"{where}{declaration.source.name} holds no records")
    if reserved := sorted(present.keys() & RESERVED):
        raise SourceError(
            f"{where}{', '.join(reserved)} in {declaration.source.name} is a name "
            "that the readers themselves use; rename the column in the source"
        )
    declaration = declaration.over_source(stored_names(list(present)))
    wanted = {*declaration.needed_columns, *declaration.described_columns}
    if missing := sorted(wanted - present.keys()):
        raise SourceError(
            f"{where}no column {', '.join(missing)} in {declaration.source.name}; "
            f"there are {list_columns(present)}.{_HINTS.get(declaration.source.format, '')}"
        )
    declaration.require_columns(present)
