"""Arrays in, arrays out; scalars in, scalars out; long arrays in pieces that stay in cache."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridcontainer.errors import CodeError

Scalar = TypeVar("Scalar", bound=np.generic)

Float64s = NDArray[np.float64]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]
OnInvalid = Literal["raise", "mark"]

CHUNK = 1 << 15  # rows; their temporaries fit a core's second-level cache (4 M rows/s becomes 40 M)


def broadcast_floats(*values: ArrayLike) -> tuple[list[Float64s], tuple[int, ...]]:
    """Flat float64 arrays of one length, and the shape that the result should have.

    ``None`` becomes NaN. A shape of ``()`` says that all the inputs were scalars.
    """
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values))
    return [np.ascontiguousarray(array).reshape(-1) for array in arrays], arrays[0].shape


def flat_cells(cells: ArrayLike) -> tuple[Int64s, tuple[int, ...]]:
    """A flat int64 array and its former shape; unsigned 64-bit input keeps its bits."""
    array = np.asarray(cells)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"64-bit integers are wanted, not {array.dtype}")
    array = array.view(np.int64) if array.dtype == np.uint64 else array.astype(np.int64, copy=False)
    return np.ascontiguousarray(array).reshape(-1), np.shape(cells)


def shaped(array: NDArray[Scalar], shape: tuple[int, ...]) -> NDArray[Scalar]:
    """The array in that shape, or a Python scalar where the shape is ``()``."""
    if shape == ():
        return cast(NDArray[Scalar], array.reshape(-1)[0].item())
    return array.reshape(shape)


def in_chunks(
    function: Callable[..., NDArray[Any]], *arrays: NDArray[Any], out: NDArray[Scalar]
) -> NDArray[Scalar]:
    """Fill ``out`` by calling the function on pieces of the arrays that stay in cache."""
    for start in range(0, len(out), CHUNK):
        piece = slice(start, start + CHUNK)
        out[piece] = function(*(array[piece] for array in arrays))
    return out


def require_at_most(count: int, max_cells: int, advice: str) -> None:
    """Refuse an answer that is too large, before any of it is made.

    Raises:
        CodeError: ``count`` is above ``max_cells``; ends with the advice.
    """
    if count > max_cells:
        raise CodeError(f"{count} cells are more than max_cells={max_cells}; {advice}")
