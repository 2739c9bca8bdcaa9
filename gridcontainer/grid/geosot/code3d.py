"""GeoSOT codes with height: ``GZ002620644460460``, one octal digit a level.

A digit is ``4 * latitude bit + 2 * longitude bit + height bit``; the height bits are those of
``height.py``, under either of its conventions.

Unverified: the standard's own order of bits, whose text was not seen. This one gives a commercial
database's printed examples (except one, which does not belong to the cell it is printed under); one
open implementation puts the height bit first, has linear layers and no ``GZ``, and disagrees.

Source: the project's short specification of GeoSOT.
"""

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.grid.arrays import Float64s, OnInvalid, Strings, broadcast_floats, shaped
from gridcontainer.grid.characters import bytes_to_texts
from gridcontainer.grid.coordinates import can_encode
from gridcontainer.grid.geosot.digits import (
    bits_of,
    read_digits,
    require_codes,
    require_fit,
    words_of,
)
from gridcontainer.grid.geosot.height import NO_HEIGHT, Convention, height_layers, height_words
from gridcontainer.grid.geosot.words import (
    cell_edges,
    check_level,
    deinterleave,
    encode,
    has_place,
    on_earth,
)
from gridcontainer.grid.height import layer_faces

Bounds3d = tuple[Float64s, Float64s, Float64s, Float64s, Float64s, Float64s]

_PREFIX = "GZ"


def lonlat_to_geosot3d(
    lon: ArrayLike,
    lat: ArrayLike,
    height: ArrayLike,
    level: int,
    *,
    convention: Convention = "packed",
    on_invalid: OnInvalid = "raise",
) -> Strings:
    """3D codes, ``GZ`` and ``level`` octal digits, of the cells that hold the positions.

    Args:
        lon: degrees, CGCS2000 or WGS 84, in [-180, 180]; any shape, broadcast with the others.
        lat: degrees in [-90, 90].
        height: metres above the ellipsoid, as ``height_to_geosot`` has it.
        level: 1-32.
        convention: of the height bits; only under ``"packed"`` does a code begin with the codes of
            its ancestors.
        on_invalid: ``"mark"`` gives ``""`` for a position without a cell.

    Raises:
        CoordinateError: a position has no cell (and ``on_invalid`` is ``"raise"``).
        CodeError: no such level or convention.
    """
    number = check_level(level, 1)
    (lon_, lat_, height_), shape = broadcast_floats(lon, lat, height)
    words, fits = height_words(height_, number, convention)
    fits &= can_encode(lon_, lat_, 1)
    if on_invalid == "raise":
        require_fit(fits, "positions have no 3D cell", lon=lon_, lat=lat_, height=height_)
    cells = encode(np.where(fits, lon_, 0.0), np.where(fits, lat_, 0.0), number)
    lon_words, lat_words = deinterleave(cells)
    digits = (
        4 * bits_of(lat_words, number) + 2 * bits_of(lon_words, number) + bits_of(words, number)
    )
    out = np.empty((len(lon_), number + 2), dtype=np.uint8)
    out[:, :2] = [ord(letter) for letter in _PREFIX]
    out[:, 2:] = digits + np.uint8(ord("0"))
    out[~fits] = 0
    return shaped(bytes_to_texts(out), shape)


def geosot3d_to_bounds(geosots: ArrayLike, *, convention: Convention = "packed") -> Bounds3d:
    """West, south, east and north in degrees, bottom and top in metres above the ellipsoid.

    Args:
        geosots: ``GZ`` and 1-32 octal digits, any shape and mix of levels.
        convention: of the height bits.

    Raises:
        CodeError: a faulty code, or no such convention.
    """
    digits, levels, shape = read_digits(geosots, _PREFIX, 8)
    require_codes(geosots, levels > 0, "3D codes are GZ and 1-32 digits 0-7")
    lat, lon, height = (
        words_of((digits & bit != 0).view(np.uint8)) for bit in np.array([4, 2, 1], dtype=np.uint8)
    )
    exists = has_place(lon) & has_place(lat)
    require_codes(geosots, exists, "has a minute or second of 60-63, which do not exist")
    require_codes(geosots, on_earth(lon, lat), "lies outside the Earth (180 degrees by 90)")
    first, stop = height_layers(height, levels, convention)
    require_codes(geosots, first < stop, NO_HEIGHT)
    edges = *cell_edges(lon, lat, levels), layer_faces(first), layer_faces(stop)
    west, south, east, north, bottom, top = (shaped(edge, shape) for edge in edges)
    return west, south, east, north, bottom, top
