"""Who may see which column: what is declared, and what can be told from it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.storage import stored_names

CONFIDENTIAL: Final = "confidential"
_ORDER: Final = ("public", "internal", CONFIDENTIAL)
_POSITION: Final = ("cell", "grid_code", "grid_prefix", "lon", "lat", "geometry")
_TIME: Final = ("event_time", "event_month")


def find_sensitivity(columns: Sequence[str], declaration: Declaration | None) -> dict[str, str]:
    """The sensitivity of each column of a data set's table.

    A column that the container made is as sensitive as what it was made from: a cell tells the
    position, and the identity (a digest without a secret) tells the key to whoever tries all keys.

    Args:
        columns: of the table.
        declaration: of the data set; all is public without one.
    """
    found = dict.fromkeys(columns, "public")
    if declaration is None:
        return found
    for column, sensitivity in declaration.sensitivity.items():
        found |= dict.fromkeys(stored_as(column, columns), sensitivity)
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


def stored_as(column: str, columns: Sequence[str]) -> list[str]:
    """The columns of a table that may hold a source's column.

    More than one only where the source has names that differ in case only, which are numbered.
    """
    name = stored_names([column])[column]
    if name in columns:
        return [name]
    numbered = re.compile(re.escape(name) + r"_\d+", re.IGNORECASE)
    return [there for there in columns if numbered.fullmatch(there)]


def _strictest(found: Iterable[str | None]) -> str:
    return max((kind or "public" for kind in found), key=_ORDER.index, default="public")
