"""Names of a table's columns: as its source calls them, and as the table stores them.

A table cannot hold every name. The container stores a source column under another name where it
must, and the table says so in its property ``gridcontainer.columns``. People may use either name.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

OWN_COLUMNS: Final = (
    "object_id",
    "cell",
    "grid_code",
    "grid_level",
    "grid_prefix",
    "lon",
    "lat",
    "event_time",
    "event_month",
    "source_file",
    "source_row",
    "run_id",
    "valid_from",
    "valid_to",
    "geometry",
)
COLUMNS_PROPERTY: Final = "gridcontainer.columns"
# Names that an ingest, Spark or Delta's change feed use beside those of the table itself.
_WORKING_COLUMNS: Final = (
    *("_file", "_row", "_fault", "_text", "_repair", "_geometry", "_metadata", "reason"),
    *("_lon", "_lat", "_cell", "_time", "_key", "_reason", "_detail", "_repaired"),
    *("_first_reason", "_order", "_point", "_lon_text", "_lat_text", "_lon_read", "_lat_read"),
    *("_rule", "_mended", "_original", "_first"),
    *("_change", "_old_prefix", "_old_cell", "_old_digest", "_new_digest", "_here", "_there"),
    *("_change_type", "_commit_version", "_commit_timestamp"),
)
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(" ,;{}()\n\r\t=`", "_"))
_MOST_TOLD: Final = 5
_LONGEST: Final = 60  # characters of a name in a sentence


def is_own_column(name: str) -> bool:
    """Whether the container itself uses the name, so that no source column is stored under it."""
    return name.lower() in OWN_COLUMNS + _WORKING_COLUMNS


def stored_names(columns: Sequence[str]) -> dict[str, str]:
    """The name under which each source column is stored.

    As it came, but for what a table cannot hold: blanks and ``,;{}()=`` and backticks become ``_``,
    a name that the container itself uses gets ``source_`` before it, and names that differ in case
    only (which Spark takes for one) get a number.
    """
    taken: set[str] = set()
    names: dict[str, str] = {}
    for column in columns:
        plain = column.strip().translate(_FORBIDDEN) or "unnamed"
        base = f"source_{plain}" if is_own_column(plain) else plain
        name, number = base, 1
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names[column] = name
    return names


def renamed_columns(names: Mapping[str, str]) -> dict[str, str]:
    """The source columns that are stored under another name, with that name."""
    return {column: stored for column, stored in names.items() if column != stored}


def to_property(renamed: Mapping[str, str]) -> str:
    """Renamed columns as the table's property ``gridcontainer.columns`` holds them: JSON."""
    return json.dumps(dict(renamed), ensure_ascii=False)


def say_renamed(dataset: str, renamed: Mapping[str, str]) -> str:
    """A sentence that names renamed columns, the first few where they are many."""
    said = [(_shorten(repr(column)), _shorten(stored)) for column, stored in renamed.items()]
    if len(said) == 1:
        ((column, stored),) = said
        return f"{dataset}: column {column} is stored as {stored}; either name may be used"
    pairs = ", ".join(f"{column} as {stored}" for column, stored in said[:_MOST_TOLD])
    more = f", and {len(said) - _MOST_TOLD:,} more" if len(said) > _MOST_TOLD else ""
    return (
        f"{dataset}: columns are stored under other names: {pairs}{more}; either name may be used"
    )


def _shorten(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
