"""The datum of a draft: the CRS that the file says and the measurement, weighed."""

import re
from typing import Final

from gridcontainer.container.inference.datum import Verdict
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.positions import Located
from gridcontainer.container.inference.shape_columns import SEVERAL, datum_of
from gridcontainer.errors import CoordinateError
from gridcontainer.grid.crs import is_like_wgs84, read_crs

_NAMES: Final = {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000"}


def choose_datum(
    position: Located, verdict: Verdict, default: str, notes: Notes
) -> tuple[str | None, str]:
    """The datum to draft, and why.

    What the file says holds, unless the file says degrees of WGS 84 and the measurement decides for
    another datum: many files say WGS 84 and hold GCJ-02.

    Args:
        position: the position of the draft.
        verdict: of the measurement.
        default: datum of the city.
        notes: takes the finding and, where a person should look, a warning.

    Returns:
        The datum, or None where the draft leaves it to the file; and a comment.
    """
    if position.crs == SEVERAL:
        notes.warn(
            "the shapes name different CRS: each is converted from its own, and none is declared; "
            f"those that name none are taken for {default}"
        )
        return None, "datum: each shape names its own CRS"
    said = None if position.crs is None else datum_of(position.crs)
    if position.crs is not None and said is None:
        shown = " ".join(position.crs.split())[:60]
        notes.warn(f"the file names a CRS that says nothing or is not known ({shown})")
    if said is None:
        return _measured(verdict, default, notes)
    name = _name(said)
    if is_like_wgs84(said) and verdict.datum not in (None, "WGS84"):
        notes.warn(
            f"the file says {name}, and its positions are {verdict.datum} as measured "
            f"({verdict.reason}): the draft takes the measurement; ask which holds"
        )
        return str(verdict.datum), f"measured: {verdict.reason}; the file says {name}"
    notes.add("datum (file)", name, "the file says so", "high")
    if re.fullmatch(r"EPSG:\d{4,6}", said):
        return _NAMES.get(said, said), f"the file says so: {name}"
    notes.warn(
        f"the file's CRS has no EPSG number ({name}): without a datum here, the file's holds"
    )
    return None, f"datum: the file's own CRS holds ({name})"


def _measured(verdict: Verdict, default: str, notes: Notes) -> tuple[str, str]:
    if verdict.datum is None:
        notes.warn(f"the datum is undecided ({verdict.reason}): {default} is a guess")
        return default, f"undecided, the city's default: {verdict.reason}"
    return verdict.datum, f"measured: {verdict.reason}"


def _name(datum: str) -> str:
    try:
        name = read_crs(datum).name
    except CoordinateError:
        return datum
    return name if len(datum) > 40 else f"{datum} ({name})"
