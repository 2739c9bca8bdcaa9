"""Polygons as bands: what a point must be compared with, by the piece of a cell that holds it.

A *band* is one row of a cell: as wide as the cell, as high as a cell of a finer level. A few plain
comparisons tell whether a point of a band lies in a polygon, so that a join needs no geometry.
"""

from gridcontainer.grid.bands.choose import BandPlan, choose_bands
from gridcontainer.grid.bands.levels import BandLevels
from gridcontainer.grid.bands.make import make_bands
from gridcontainer.grid.bands.result import Bands, TooManyEdgesError

__all__ = ["BandLevels", "BandPlan", "Bands", "TooManyEdgesError", "choose_bands", "make_bands"]
