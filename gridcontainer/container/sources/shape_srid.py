"""The CRS that a shape itself names: the SRID of EWKT and EWKB, or a crs member of GeoJSON."""

import re
from functools import cache
from typing import Any, Final

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.datum import find_datum_guess, is_same_datum, require_datum

EWKT: Final = r"^\s*(?i:SRID)\s*=\s*(?P<srid>\d+)\s*;(?P<wkt>(?s:.*))$"
_EWKT: Final = re.compile(EWKT)


def split_ewkt(text: str) -> tuple[str | None, str]:
    """The CRS that an EWKT text names, or None, and its WKT."""
    found = _EWKT.match(text)
    return (srid_to_crs(int(found["srid"])), found["wkt"]) if found else (None, text)


@cache
def srid_to_crs(srid: int) -> str | None:
    """The CRS of an SRID, a code of EPSG or else of ESRI; None for 0, "unknown"."""
    if srid == 0:
        return None
    try:
        require_datum(f"EPSG:{srid}")
    except CoordinateError:
        return f"ESRI:{srid}"
    return f"EPSG:{srid}"


def crs_of_geojson(value: Any) -> str | None:
    """The name in an object's ``crs`` member, as GeoJSON had it until 2016; None without one."""
    crs = value.get("crs") if isinstance(value, dict) else None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    if not isinstance(properties, dict):
        return None
    name = properties.get("name", properties.get("code"))
    return None if name is None else str(name)


@cache
def find_crs_fault(
    crs: str,
    datum: str,
    is_declared: bool,
    accept_ballpark: bool,
    extent: tuple[float, float, float, float] | None,
) -> str | None:
    """Why a shape of a CRS cannot go in; None if it can.

    Args:
        crs: the CRS that the shape names.
        datum: datum of the dataset.
        is_declared: whether the declaration says the datum; then the two must agree.
        accept_ballpark: whether a guessed transformation will do.
        extent: area of the data, degrees.
    """
    try:
        require_datum(crs)
        if is_declared and not is_same_datum(crs, datum):
            return f"it says its CRS is {crs}, and the declaration says {datum}: they contradict"
        guess = None if accept_ballpark else find_datum_guess(crs, extent)
    except CoordinateError as error:
        return str(error)
    return guess and f"it says its CRS is {crs}, and {guess}"
