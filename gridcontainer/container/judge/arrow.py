"""Arrow's functions and arrays under the types that this package gives them; pyarrow has none."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.grid.arrays import Bools, Float64s

Array = Any  # pa.Array

pc: Final[Any] = pyarrow.compute
NO_TEXT: Final[Any] = pa.scalar(None, pa.string())


def to_bools(column: Array) -> Bools:
    """A boolean Arrow array, in chunks or not, as numpy; null is false."""
    filled = pc.fill_null(column, False) if column.null_count else column
    bools: Bools = np.asarray(filled.to_numpy(zero_copy_only=False), bool)
    return bools


def to_floats(column: Array) -> Float64s:
    """Numbers of an Arrow array as floats; null is NaN."""
    floats: Float64s = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return floats


def without(texts: Array, where: Bools) -> Array:
    """Texts with null in some places."""
    return pc.if_else(pa.array(where), NO_TEXT, texts) if where.any() else texts
