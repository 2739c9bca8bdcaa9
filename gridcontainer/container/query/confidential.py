"""The columns of a stored table that may not be shown."""

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.query.open_table import OpenTable
from gridcontainer.container.sensitivity import CONFIDENTIAL, find_sensitivity
from gridcontainer.errors import QueryError


def hidden_columns(table: OpenTable, declaration: Declaration | None) -> tuple[str, ...]:
    """Confidential columns of a table.

    Args:
        table: of a data set.
        declaration: of the data set, says which these are.

    Raises:
        QueryError: the table has such columns, and no declaration says which they are.
    """
    found = find_sensitivity(table.column_names, declaration)
    hidden = tuple(name for name in table.schema.names if found[name] == CONFIDENTIAL)
    if not hidden and table.properties.get("gridcontainer.confidential") == "True":
        raise QueryError(
            f"{table.dataset} has confidential columns, and no declaration says which; declare "
            "their sensitivity, or add --with-confidential"
        )
    return hidden
