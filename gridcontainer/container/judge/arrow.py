"""Arrow's functions and arrays under the types that this package gives them; pyarrow has none."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

Array = Any  # pa.Array
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

pc: Final[Any] = pyarrow.compute
NO_TEXT: Final[Any] = pa.scalar(None, pa.string())


def to_bools(column: Array) -> Bools:
    """A boolean Arrow array as numpy; null is false."""
    bools: Bools = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return bools


def to_floats(column: Array) -> Floats:
    """Numbers of an Arrow array as floats; null is NaN."""
    floats: Floats = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return floats


def without(texts: Array, where: Bools) -> Array:
    """Texts with null in some places."""
    return pc.if_else(pa.array(where), NO_TEXT, texts) if where.any() else texts
