"""GeoSOT (GB/T 40087-2021): codes like ``G001310322230230``, levels 0-32, and their BeiDou twins.

A *geosot* is the text: ``G`` and one digit 0-3 a level, so that a code begins with the code of each
ancestor. Functions take it with separators or without (``G001310322-230230``) and give it without
unless asked. The integer holds the same digits, two bits each from the top; its level is told
beside it, southern cells are negative (the same 64 bits that others print unsigned).

Level 0 is the whole frame, 512 by 512 degrees around (0, 0); levels 1-9 are 256 to 1 degree, 10-15
are 32' to 1', 16-21 are 32" to 1", 22-32 are 1/2" to 1/2048". The first digit is the quadrant (0
NE, 1 NW, 2 SE, 3 SW), and cells count outward from Greenwich and the equator in each, so that the
corner nearest to (0, 0) locates a cell. A degree is taken as 64' and a minute as 64": cells within
minutes or seconds 60-63 do not exist, and the cell before them is cut (at level 10 the second half
of a degree is 28' wide). Nor do cells outside the Earth, and those that reach beyond it (in levels
0-7) are cut. Codes of cells that do not exist are refused.

Unverified, as the text of the standard was not seen: all of this is what open implementations
agree on. Coordinates are truncated to 1/2048"; one published data set rounds them, and differs in
the last digit in 2 % of its rows. That +-180 and +-90 belong to the last cell, and that cells are
cut and refused outside the Earth, is this project's choice. One copy of the standard's example
prints the quadrant as a digit more (``G0001310``); the implementations do not.

Source: the project's short specification of GeoSOT.
"""

from gridcontainer.grid.geosot.code import (
    geosot_problems,
    geosot_to_bounds,
    geosot_to_center,
    geosot_to_integer,
    integer_to_geosot,
    is_valid_geosot,
    lonlat_to_geosot,
)
from gridcontainer.grid.geosot.code3d import geosot3d_to_bounds, lonlat_to_geosot3d
from gridcontainer.grid.geosot.height import Convention, geosot_to_height, height_to_geosot
from gridcontainer.grid.geosot.relatives import geosot_to_children, geosot_to_parent
from gridcontainer.grid.geosot.twins import TWIN_LEVELS, code_to_geosot, geosot_to_code
from gridcontainer.grid.geosot.words import INVALID_GEOSOT, MAX_GEOSOT_LEVEL

__all__ = [
    "INVALID_GEOSOT",
    "MAX_GEOSOT_LEVEL",
    "TWIN_LEVELS",
    "Convention",
    "code_to_geosot",
    "geosot3d_to_bounds",
    "geosot_problems",
    "geosot_to_bounds",
    "geosot_to_center",
    "geosot_to_children",
    "geosot_to_code",
    "geosot_to_height",
    "geosot_to_integer",
    "geosot_to_parent",
    "height_to_geosot",
    "integer_to_geosot",
    "is_valid_geosot",
    "lonlat_to_geosot",
    "lonlat_to_geosot3d",
]
