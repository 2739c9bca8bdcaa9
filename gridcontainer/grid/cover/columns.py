"""Arrays of equal length that belong together, taken apart and put together as one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from gridcontainer.grid.arrays import Bools, Int64s


@dataclass(frozen=True)
class Columns:
    """What dataclasses share whose fields are arrays of one length, or such dataclasses."""

    def _columns(self) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._columns()[0])

    def __getitem__(self, chosen: Int64s | Bools | slice) -> Self:
        """Chosen rows."""
        return type(self)(*(column[chosen] for column in self._columns()))

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """All rows, one part after the other; there is at least one part."""
        columns = zip(*(part._columns() for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))
