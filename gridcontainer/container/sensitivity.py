"""Who may see which column: what is declared, and what can be told from it."""

from collections.abc import Iterable, Sequence
from typing import Final

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration import Declaration

CONFIDENTIAL: Final = "confidential"
_ORDER: Final = ("public", "internal", CONFIDENTIAL)
_POSITION: Final = ("cell", "grid_code", "grid_prefix", "lon", "lat", "geometry")
_TIME: Final = ("event_time", "event_month")


def find_sensitivity(names: ColumnNames, declaration: Declaration | None) -> dict[str, str]:
    """The sensitivity of each column of a data set's table.

    A column that the container made is as sensitive as what it was made from: a cell tells the
    position, and the identity (a digest without a secret) tells the key to whoever tries all keys.

    Args:
        names: names of the table's columns.
        declaration: declaration of the dataset; all is public without one.
    """
    found = dict.fromkeys(names.stored, "public")
    if declaration is None:
        return found
    declaration = declaration.over_source(names.renamed or {})
    for column, sensitivity in declaration.sensitivity.items():
        found |= dict.fromkeys(names.find_of_source(column), sensitivity)
    position, time = declaration.position, declaration.time
    places = [position.lon, position.lat, position.geometry] if position else []
    made_from: dict[str, Sequence[str | None]] = {
        **dict.fromkeys(_POSITION, places),
        **dict.fromkeys(_TIME, time.columns if time else []),
        "object_id": declaration.key,
    }
    for name, origins in made_from.items():
        if name in found:
            found[name] = _strictest(declaration.sensitivity.get(o or "") for o in origins)
    return found


def _strictest(found: Iterable[str | None]) -> str:
    return max((kind or "public" for kind in found), key=_ORDER.index, default="public")
