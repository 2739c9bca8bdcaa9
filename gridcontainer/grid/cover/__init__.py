"""Geometries to cells: covers at one level or compact, with chips, and the level that suits.

``cover`` takes shapely geometries by the array and knows nothing of tables or Spark.
"""

from gridcontainer.grid.cover.choose import choose_level
from gridcontainer.grid.cover.cover import MAX_CELLS_EACH, cover
from gridcontainer.grid.cover.result import Cover

__all__ = ["MAX_CELLS_EACH", "Cover", "choose_level", "cover"]
