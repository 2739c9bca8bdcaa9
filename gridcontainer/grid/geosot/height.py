"""GeoSOT heights as binary digits, under two conventions.

Heights are metres above the ellipsoid; their layers are those of GB/T 39409-2020 Annex C (see
``height``). A height code of level L is L binary digits: 0 above or 1 below the ellipsoid, then the
magnitude of the layer, under one of two conventions:

- ``"packed"``: the magnitude of the finest layer (1/2048") as degrees, minutes and seconds in a
  word like a coordinate's, cut after L bits. A code begins with the codes of its coarser levels.
  What a commercial database writes, and the default.
- ``"plain"``: the magnitude of the layer of level L as a binary number; no prefixes. What an open
  implementation writes.

Both agree from 0 to 1839.585 m. Below the ellipsoid both take the magnitude of the layer counted
downward from -1, so that packed cells next to the ellipsoid are one finest layer thinner.

Unverified: which of them the standard has, whose text was not seen.

Source: the project's short specification of GeoSOT; GB/T 39409-2020, Annex C, for layers.
"""

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CodeError
from gridcontainer.grid.arrays import (
    Bools,
    Float64s,
    Int64s,
    OnInvalid,
    Strings,
    broadcast_floats,
    shaped,
)
from gridcontainer.grid.characters import bytes_to_texts
from gridcontainer.grid.coordinates import pack_degrees
from gridcontainer.grid.geosot.digits import (
    bits_of,
    read_digits,
    require_codes,
    require_fit,
    words_of,
)
from gridcontainer.grid.geosot.words import (
    FIELDS,
    MAX_GEOSOT_LEVEL,
    check_level,
    has_place,
    unpack,
)
from gridcontainer.grid.height import MAX_LAYERS, find_layers, has_layer, layer_faces
from gridcontainer.grid.levels import UNITS_PER_DEGREE

Convention = Literal["packed", "plain"]

NO_HEIGHT: Final = "has no such height: minus zero, minute or second 60-63, or beyond 256 degrees"

_DEGREE, _MINUTE = UNITS_PER_DEGREE, UNITS_PER_DEGREE // 60
_WIDTHS: Final = np.array(  # of a cell in layers, by level
    [0]
    + [_DEGREE << (9 - level) for level in range(1, 10)]
    + [_MINUTE << (15 - level) for level in range(10, 16)]
    + [1 << (MAX_GEOSOT_LEVEL - level) for level in range(16, MAX_GEOSOT_LEVEL + 1)]
)


def height_to_geosot(
    height: ArrayLike,
    level: int,
    *,
    convention: Convention = "packed",
    on_invalid: OnInvalid = "raise",
) -> Strings:
    """Height codes, ``level`` binary digits each.

    Args:
        height: metres above the ellipsoid (not above the sea), any shape.
        level: 1-32.
        convention: ``"packed"`` or ``"plain"``, see the module.
        on_invalid: ``"mark"`` gives ``""`` for a height without a code.

    Returns:
        Strings of the shape of ``height``; a ``str`` for a scalar.

    Raises:
        CoordinateError: a height is missing, outside -6302106.72 to 528680171.12, or its magnitude
            does not fit the digits, as ``"plain"`` has it at the bottom of levels 2-9 (and
            ``on_invalid`` is ``"raise"``).
        CodeError: no such level or convention.
    """
    number = check_level(level, 1)
    (flat,), shape = broadcast_floats(height)
    words, fits = height_words(flat, number, convention)
    if on_invalid == "raise":
        require_fit(fits, "heights have no code", height=flat)
    digits = bits_of(words, number) + np.uint8(ord("0"))
    digits[~fits] = 0
    return shaped(bytes_to_texts(digits), shape)


def geosot_to_height(
    codes: ArrayLike, *, convention: Convention = "packed"
) -> tuple[Float64s, Float64s]:
    """Bottom and top of height codes, metres above the ellipsoid; a cell owns its bottom.

    Args:
        codes: 1-32 binary digits, any shape and mix of levels.
        convention: ``"packed"`` or ``"plain"``, see the module.

    Raises:
        CodeError: a faulty code: not binary, minus zero, minutes or seconds 60-63, beyond 256
            degrees; or no such convention.
    """
    digits, levels, shape = read_digits(codes, "", 2)
    first, stop = height_layers(words_of(digits), levels, convention)
    require_codes(codes, levels > 0, "height codes are 1-32 digits 0 or 1")
    require_codes(codes, first < stop, NO_HEIGHT)
    return shaped(layer_faces(first), shape), shaped(layer_faces(stop), shape)


def _check(convention: Convention) -> None:
    if convention not in get_args(Convention):
        raise CodeError(f"convention {convention!r} is none of {get_args(Convention)}")


def height_words(heights: Float64s, level: int, convention: Convention) -> tuple[Int64s, Bools]:
    """32-bit words whose first ``level`` bits are the code, and False where there is none."""
    _check(convention)
    fits = has_layer(heights)
    layers = find_layers(np.where(fits, heights, 0.0))
    if convention == "packed":
        magnitude = np.abs(layers)
        fits &= magnitude < MAX_LAYERS
        words = pack_degrees(magnitude)
    else:
        magnitude = np.abs(layers // _WIDTHS[level])
        fits &= (magnitude < 1 << (level - 1)) | (level == 1)  # level 1 is the sign alone
        words = magnitude << (MAX_GEOSOT_LEVEL - level) & FIELDS
    return words | (layers < 0).astype(np.int64) << 31, fits


def height_layers(words: Int64s, levels: Int64s, convention: Convention) -> tuple[Int64s, Int64s]:
    """First layer of a code's cell and the one after its last; not growing where it has none."""
    _check(convention)
    magnitude, low_bit = words & FIELDS, np.int64(1) << (MAX_GEOSOT_LEVEL - levels)
    if convention == "packed":
        low, high = unpack(magnitude), unpack(magnitude + low_bit)
        high = np.where(has_place(magnitude), high, 0)
        below = 1 - high, 1 - np.maximum(low, 1)
    else:
        width, count = _WIDTHS[levels], magnitude // low_bit
        low, high = count * width, (count + 1) * width
        count = np.where(levels == 1, 1, count)  # level 1 is the sign alone
        below = -count * width, np.where(count == 0, 0, 1 - count) * width
    negative = words >> 31 != 0
    first, stop = np.where(negative, below[0], low), np.where(negative, below[1], high)
    return np.maximum(first, -MAX_LAYERS), np.minimum(stop, MAX_LAYERS)
