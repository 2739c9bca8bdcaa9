"""Coordinate reference systems (CRS) as files name them.

A CRS is named by ``"EPSG:n"``, another authority's code, an OGC name, WKT or PROJJSON. Longitude
(or x) always comes first, whatever the register says of the order of axes. CGCS2000 is taken to be
WGS 84: they differ by less than a metre.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from gridcontainer.errors import CoordinateError

if TYPE_CHECKING:
    from pyproj import CRS

WGS84: Final = "EPSG:4326"
_CONFIDENCE: Final = 70  # per cent; below it PROJ's code of a CRS is only like the CRS
# Forms that PROJ does not read: "CRS84", "EPSG::4326" and the names of GML 2.
_CODE: Final = re.compile(r"(?i)^(?:urn:[^ ]*?:)?(EPSG|ESRI|OGC)?:{0,2}(CRS8[34]|\d+)$")
_GML2: Final = re.compile(r"(?i)^https?://www\.opengis\.net/gml/srs/epsg\.xml#(\d+)$")
_CGCS2000: Final = re.compile(r"(?i)^(d_)?(china[ _]2000|cgcs[ _]?2000|china_geodetic.*2000)$")
_NO_CRS: Final = re.compile(r"(?i)^(undefined|unknown|unnamed|not specified)\b")


@cache
def read_crs(text: str) -> "CRS":
    """The horizontal CRS of a name, WKT or PROJJSON.

    Raises:
        CoordinateError: PROJ does not know it.
    """
    from pyproj import CRS  # noqa: PLC0415 - slow to load, and few sources need it
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    name = text.strip()
    if gml := _GML2.match(name):
        name = f"EPSG:{gml[1]}"
    elif code := _CODE.match(name):
        number = code[2].upper()
        name = f"OGC:{number}" if number.startswith("CRS") else f"{code[1] or 'EPSG'}:{number}"
    try:
        crs = CRS.from_user_input(name)
        crs = crs.sub_crs_list[0] if crs.is_compound else crs
        # A CRS that has two axes loses its code in to_2d.
        return crs.to_2d() if len(crs.axis_info) == 3 and crs.is_geographic else crs
    except CRSError as error:
        shown = text if len(text) < 40 else f"{text[:40]}..."
        what = "an EPSG code" if name.upper().startswith("EPSG:") else "a CRS"
        raise CoordinateError(
            f"datum {shown!r} is not {what} that PROJ knows; known are WGS84, CGCS2000, GCJ02, "
            "BD09, EPSG:n"
        ) from error


def crs_to_datum(text: str) -> str | None:
    """The name of a file's CRS: ``"EPSG:n"`` where the register has it, else its WKT.

    Returns:
        None where the text says that the CRS is not known.

    Raises:
        CoordinateError: PROJ does not know it.
    """
    crs = read_crs(text)
    if _NO_CRS.match(crs.name) and (crs.is_engineering or crs.is_geographic):
        return None
    # A bound CRS has its own parameters to WGS 84, which its code in the register has not.
    code = None if crs.is_bound else crs.to_epsg(_CONFIDENCE)
    if code is None and is_like_wgs84(text):
        return WGS84
    return str(crs.to_wkt()) if code is None else f"EPSG:{code}"


@cache
def is_like_wgs84(text: str) -> bool:
    """Whether longitudes and latitudes of this CRS are taken for those of WGS 84 as they are."""
    crs = read_crs(text)
    degrees = crs.is_geographic and not crs.is_bound and _is_in_degrees(crs)
    return degrees and (is_cgcs2000(crs) or bool(crs.equals(WGS84, ignore_axis_order=True)))


def is_same_crs(one: str, other: str) -> bool:
    """Whether two CRS give the same positions; WGS 84 and CGCS2000 in degrees do."""
    if is_like_wgs84(one) and is_like_wgs84(other):
        return True
    names = [crs_to_datum(text) or text for text in (one, other)]  # the same whoever wrote it
    return names[0] == names[1] or bool(
        read_crs(one).equals(read_crs(other), ignore_axis_order=True)
    )


def is_cgcs2000(crs: "CRS") -> bool:
    """Whether a CRS, in degrees or projected, is of CGCS2000."""
    datum, ellipsoid = crs.datum, crs.ellipsoid
    if datum is None or ellipsoid is None or crs.is_bound or not _CGCS2000.match(datum.name):
        return False
    return abs(ellipsoid.semi_major_metre - 6378137.0) < 1 and _starts_at_greenwich(crs)


def _is_in_degrees(crs: "CRS") -> bool:
    units: Iterator[str] = (axis.unit_name for axis in crs.axis_info)
    return all(unit == "degree" for unit in units) and _starts_at_greenwich(crs)


def _starts_at_greenwich(crs: "CRS") -> bool:
    return crs.prime_meridian is not None and crs.prime_meridian.longitude == 0.0
