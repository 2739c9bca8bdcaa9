"""Heights above the ellipsoid to layers and back.

Layers are counted from the ellipsoid upwards, 0 above it and -1 below. They are 1/2048 arc-second
"high" in the standard's sense: a layer is as thick as its cell would be wide at that height, so
that thickness grows with height, from 15 mm at the ellipsoid.

Source: GB/T 39409-2020, Annex C, formulas C.3 and C.8, range C.2.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s, Int64s, broadcast_floats, flat_cells, shaped
from gridcontainer.grid.levels import UNITS_PER_DEGREE

ELLIPSOID_RADIUS: Final = 6_378_137.0  # metres, r0 of the standard
MAX_LAYERS: Final = 256 * UNITS_PER_DEGREE  # above the ellipsoid, and as many below
_LOG_OF_LAYER = math.log1p(math.pi / 180.0) / UNITS_PER_DEGREE


def layer_to_height(layers: ArrayLike) -> Float64s:
    """Lower face of each layer in metres above the ellipsoid.

    Args:
        layers: whole numbers of any shape, -1887436800 to 1887436800 (the upper face of the last).

    Raises:
        CoordinateError: a layer outside that range.
    """
    flat, shape = flat_cells(layers)
    if ((flat < -MAX_LAYERS) | (flat > MAX_LAYERS)).any():
        raise CoordinateError(f"layers are -{MAX_LAYERS} to {MAX_LAYERS}")
    return shaped(layer_faces(flat), shape)


def layer_faces(layers: Int64s) -> Float64s:
    """Lower faces of flat layers in metres, growing strictly from layer to layer."""
    faces: Float64s = ELLIPSOID_RADIUS * np.expm1(layers * _LOG_OF_LAYER)
    return faces


_LOWEST, _CEILING = layer_faces(np.array([-MAX_LAYERS, MAX_LAYERS])).tolist()


def height_to_layer(heights: ArrayLike) -> Int64s:
    """Layer that holds each height: its lower face is not above it, its upper face is.

    Args:
        heights: metres above the ellipsoid, of any shape.

    Returns:
        int64 of that shape. The faces are those of ``layer_to_height``, as doubles, so that a
        face belongs to the layer above it, always.

    Raises:
        CoordinateError: a height is missing or outside the standard's range, 256 degrees below
            (-6302106.72 m) to 256 degrees above (528680171.12 m).
    """
    (flat,), shape = broadcast_floats(heights)
    bad = np.flatnonzero(~has_layer(flat))
    if bad.size:
        raise CoordinateError(
            f"{bad.size} of {flat.size} heights have no layer; the first is index {bad[0]}, "
            f"{flat[bad[0]]} m: outside [{_LOWEST}, {_CEILING})"
        )
    return shaped(find_layers(flat), shape)


def has_layer(heights: Float64s) -> Bools:
    """True for heights in the standard's range; false for NaN."""
    inside: Bools = (heights >= _LOWEST) & (heights < _CEILING)
    return inside


def find_layers(heights: Float64s) -> Int64s:
    """Layers of flat heights that have one."""
    layers = np.floor(np.log1p(heights / ELLIPSOID_RADIUS) / _LOG_OF_LAYER).astype(np.int64)
    layers -= layer_faces(layers) > heights
    layers += layer_faces(layers + 1) <= heights
    return layers
