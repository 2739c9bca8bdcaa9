"""The cap on the cells of one geometry."""

from dataclasses import dataclass

import numpy as np

from gridcontainer.errors import CoverError
from gridcontainer.grid.arrays import Int64s


class TooManyCellsError(CoverError):
    """Geometries that need more cells than allowed."""

    def __init__(self, geometries: Int64s) -> None:
        """Take the indices of the geometries."""
        super().__init__(f"{len(geometries)} geometries need too many cells")
        self.geometries = geometries


@dataclass(frozen=True)
class Cap:
    """At most ``max_cells`` for each geometry; ``geometry`` is that of each part of a batch."""

    max_cells: int
    geometry: Int64s

    def require(self, cells: Int64s) -> None:
        """Refuse parts that have more cells, before they are made.

        Args:
            cells: of each part of the batch.

        Raises:
            TooManyCellsError: for all geometries that have too many.
        """
        if (over := cells > self.max_cells).any():
            raise TooManyCellsError(np.unique(self.geometry[over]))
