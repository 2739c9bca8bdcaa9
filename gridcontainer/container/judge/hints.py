"""Hints for coordinates that were not read: which writing it looks like, which key to declare."""

import re
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration import Position
from gridcontainer.container.judge.angles import DEGREE, HEMISPHERE
from gridcontainer.container.judge.arrow import Array
from gridcontainer.grid.arrays import Float64s

Axis = Literal["lon", "lat"]

_LIMIT: Final = {"lon": 180.0, "lat": 90.0}
_NAMES: Final = {"lon": "longitudes", "lat": "latitudes"}
_FOREIGN: Final = {"lon": "NS北南", "lat": "EW东東西"}
_NUMBER: Final = "[+-]?[0-9]+(?:[.,][0-9]+)?"
_COMMA: Final = re.compile("[+-]?[0-9]+,[0-9]+$")
_POINT: Final = re.compile("[+-]?[0-9]*[.][0-9]+$")
_PAIR: Final = re.compile(rf"[(\[{{]? *{_NUMBER}(?: *[,;|/] *| +){_NUMBER} *[)\]}}]?$")
_PARTS: Final = re.compile("[+-]?[0-9]{1,3}[ :-]+[0-9]{1,2}([ :-]+[0-9]{1,2})?([.][0-9]*)?$")
_HAS_LETTER: Final = re.compile(HEMISPHERE)
_SIXTIETHS: Final = re.compile(f"(?:{DEGREE}|[ :-]) *([0-9]+)[^0-9.]*(?:([0-9]+))?")
_WELL_KNOWN: Final = re.compile("(?i:(SRID=[0-9]+; *)?(multi)?(point|line|polygon))")

_DDMM: Final = "degrees and minutes in one number? declare position.writing: ddmm"
_DDMMSS: Final = "degrees, minutes and seconds in one number? declare position.writing: ddmmss"
_SCALED: Final = "parts of a degree? declare position.units_per_degree, such as 1000000"
_METRES: Final = "metres of a projected system? declare datum: EPSG:n"


def hint_at_text(text: str, axis: Axis, position: Position) -> str:
    """What a text that is no coordinate as declared looks like.

    Args:
        text: of one coordinate, in plain characters.
        axis: of the column.
        position: as declared.
    """
    if position.decimal == "point" and _COMMA.match(text):
        return "a decimal comma? declare position.decimal: comma"
    if position.decimal == "comma" and _POINT.match(text):
        return "a decimal point, but position.decimal is comma"
    if _WELL_KNOWN.match(text):
        return "well-known text? declare position.geometry with geometry_format: wkt"
    if _PARTS.match(text) and position.writing != "dms":
        return "degrees, minutes, seconds? declare position.writing: dms"
    if _PAIR.match(text):
        return (
            "two coordinates in one text? declare this column as lon and as lat, with "
            "position.order: lon_lat or lat_lon"
        )
    return _hint_at_degrees(text, axis)


def hint_at_pair(text: str, position: Position) -> str:
    """What a text that is no pair of coordinates as declared looks like.

    Args:
        text: of both coordinates, in plain characters.
        position: as declared.
    """
    if _WELL_KNOWN.match(text):
        return "well-known text? declare position.geometry with geometry_format: wkt"
    letters = _HAS_LETTER.findall(text)
    if position.order == "letters" and not letters:
        return "no N, S, E or W tells which is which; declare position.order: lon_lat or lat_lon"
    if position.decimal == "point" and re.search("[0-9],[0-9]+ *[;, ] *[+-]?[0-9]+,[0-9]", text):
        return "a decimal comma? declare position.decimal: comma"
    if len(re.findall(_NUMBER, text)) < 2:
        return "one coordinate only, where position declares two in one text"
    if letters:
        return f"the letters of the hemispheres do not fit position.order: {position.order}"
    return "no two coordinates in a known writing"


def hint_at_values(values: Float64s, axis: Axis) -> Array:
    """What numbers beyond all degrees look like.

    Args:
        values: n numbers as read from decimal texts.
        axis: of the column.

    Returns:
        n texts; null where a number can be degrees.
    """
    size, limit = np.abs(values), _LIMIT[axis]
    is_far = size > 180  # between 90 and 180 a latitude is rather a longitude
    minutes, seconds = size % 100, size // 100 % 100
    choices = [
        is_far & (size // 100 <= limit) & (minutes < 60),
        is_far & (size // 10_000 <= limit) & (minutes < 60) & (seconds < 60) & (size >= 100_000),
        is_far & (size >= 10_000_000) & (size == np.floor(size)),
        size > 1000,
    ]
    chosen = np.select(choices, [0, 1, 2, 3], -1)
    told = pa.array([_DDMM, _DDMMSS, _SCALED, _METRES])
    return told.take(pa.array(chosen, mask=chosen < 0))


def _hint_at_degrees(text: str, axis: Axis) -> str:
    letters = [match[0] for match in _HAS_LETTER.finditer(text)]
    if len(letters) == 1 and re.search("[0-9]", text):
        if letters[0][0].upper() in _FOREIGN[axis]:
            return f"{letters[0]} in the column of {_NAMES[axis]}"
        if re.search("^[^0-9]*-", text):
            return f"a minus sign and {letters[0]}: which of them holds?"
    sixtieths = _SIXTIETHS.search(text)
    if sixtieths and any(int(part) >= 60 for part in sixtieths.groups() if part):
        return "minutes or seconds of 60 or more"
    return "no coordinate in a known writing"
