"""Both coordinates in one text: where it is cut in two, and which part comes first."""

import re
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration.characters import WHITE
from gridcontainer.container.judge.angles import DEGREE, HEMISPHERE, Angles
from gridcontainer.container.judge.arrow import Array, pc, to_bools
from gridcontainer.container.judge.numbers import make_plain
from gridcontainer.container.judge.texts import is_missing, trim
from gridcontainer.grid.arrays import Bools, Float64s

Order = Literal["lon_lat", "lat_lon", "letters"]

_POINT, _COMMA = "[+-]?[0-9]+(?:[.][0-9]*)?", "[+-]?[0-9]+(?:,[0-9]+)?"
_PLAIN: Final = {
    "point": rf"^[(\[{{]? *(?P<first>{_POINT})(?: *[,;|/] *| +)(?P<second>{_POINT}) *[)\]}}]?$",
    "comma": rf"^[(\[{{]? *(?P<first>{_COMMA})(?: *[;|/] *|,? +)(?P<second>{_COMMA}) *[)\]}}]?$",
}
_BRACKETS: Final = "()[]{}<>【】「」〈〉《》"
_CUT: Final = re.compile(r"[;|/、]")
_HEMISPHERE: Final = re.compile(HEMISPHERE)
_DEGREES: Final = re.compile(f"[+-]?[0-9.]+ *(?:{DEGREE})")


def split_pairs(texts: Array, decimal: Literal["point", "comma"]) -> tuple[Array, Array]:
    """Cut texts with two coordinates into the first and the second.

    They may stand between brackets, with a comma, semicolon, bar, slash or blanks between them;
    hemispheres and degree signs are cut at as well.

    Args:
        texts: n strings.
        decimal: the mark before the fraction; a comma can then be no mark between coordinates,
            unless a blank follows it.

    Returns:
        n first and n second texts; null where a text cannot be cut in two in one way only.
    """
    texts = trim(texts)
    found = pc.extract_regex(texts, _PLAIN[decimal])
    first, second = (pc.struct_field(found, [i]) for i in range(2))
    left = to_bools(pc.and_(pc.is_valid(texts), pc.is_null(first)))
    if not left.any():
        return first, second
    rest = make_plain(texts.filter(pa.array(left))).dictionary_encode()
    cut = [_cut(text, decimal) for text in rest.dictionary.to_pylist()]
    parts = (pa.array([pair[i] if pair else None for pair in cut], pa.string()) for i in range(2))
    one, other = (part.take(rest.indices) for part in parts)
    mask = pa.array(left)
    return pc.replace_with_mask(first, mask, one), pc.replace_with_mask(second, mask, other)


def order_pairs(first: Angles, second: Angles, order: Order) -> tuple[Float64s, Float64s]:
    """Longitudes and latitudes of coordinates in their written order.

    Args:
        first: n coordinates.
        second: n others.
        order: as declared.

    Returns:
        n longitudes and n latitudes; NaN where the hemispheres' letters do not fit each other or
        the order, or where they are to tell it and are not there.
    """
    is_lon, is_lat = (np.isin(first.hemisphere, list(letters)) for letters in ("EW", "NS"))
    other_lon, other_lat = (np.isin(second.hemisphere, list(letters)) for letters in ("EW", "NS"))
    lon_first, lat_first = is_lon | other_lat, is_lat | other_lon
    unfit = lon_first & lat_first
    if order == "letters":
        unfit |= ~lon_first & ~lat_first
    else:
        unfit |= lat_first if order == "lon_lat" else lon_first
        lon_first = np.full(len(unfit), order == "lon_lat")
    lon = np.where(lon_first, first.degrees, second.degrees)
    lat = np.where(lon_first, second.degrees, first.degrees)
    return np.where(unfit, np.nan, lon), np.where(unfit, np.nan, lat)


def are_missing(first: Array, second: Array, missing: Sequence[str]) -> Bools:
    """Where both parts of a text that was cut in two are nothing, as in ``null,null``."""
    cut = to_bools(pc.is_valid(first))
    return cut & is_missing(first, missing) & is_missing(second, missing)


def _cut(text: str, decimal: str) -> tuple[str, str] | None:
    """The two parts of a text in plain characters; None where there are not two."""
    text = text.strip(_BRACKETS + WHITE)
    if len(parts := _CUT.split(text)) == 2:
        return _both(*parts)
    letters = list(_HEMISPHERE.finditer(text))
    if len(letters) == 2:
        place = letters[1].start() if letters[0].start() == 0 else letters[0].end()
        return _both(text[:place], text[place:])
    degrees = list(_DEGREES.finditer(text))
    if len(degrees) == 2:
        return _both(text[: degrees[1].start()], text[degrees[1].start() :])
    mark = "," if decimal == "point" else ", "
    if mark in text:
        return _both(*parts) if len(parts := text.split(mark)) == 2 else None
    return _both(*parts) if len(parts := text.split()) == 2 else None


def _both(first: str, second: str) -> tuple[str, str]:
    around = WHITE + ",:"
    return first.strip(around), second.strip(around)
