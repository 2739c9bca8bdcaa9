"""BeiDou grid location codes (GB/T 39409-2020) in numpy: positions, cells, codes, heights.

Names say what goes in and what comes out: ``lonlat_to_cell``, ``cell_to_code``, ``code_to_bounds``.
A *cell* is a 64-bit integer whose level is told beside it, a *code* the standard's string, a
*code3d* the string with height. Arrays give arrays of their shape, scalars give scalars.

Covers of geometries, GeoSOT, time codes and datums are modules of their own:
``gridcontainer.grid.cover``, ``.geosot``, ``.time_code``, ``.datum``.
"""

from gridcontainer.grid.box import bounds_to_cells, bounds_to_codes
from gridcontainer.grid.cell import (
    MAX_CELLS,
    cell_to_bounds,
    cell_to_center,
    cell_to_children,
    cell_to_parent,
    cell_to_range,
    is_valid_cell,
    lonlat_to_cell,
)
from gridcontainer.grid.code import (
    CODE_LENGTH,
    cell_to_code,
    code_problems,
    code_to_cell,
    explain_code,
    is_valid_code,
    lonlat_to_code,
)
from gridcontainer.grid.code3d import (
    code3d_problems,
    code3d_to_bounds,
    code3d_to_code,
    is_valid_code3d,
    lonlat_to_code3d,
)
from gridcontainer.grid.code3d_relatives import (
    code3d_to_children,
    code3d_to_neighbors,
    code3d_to_parent,
)
from gridcontainer.grid.code3d_text import CODE3D_LENGTH
from gridcontainer.grid.height import height_to_layer, layer_to_height
from gridcontainer.grid.height_digits import Negative, Reading
from gridcontainer.grid.hierarchy import (
    code_to_bounds,
    code_to_center,
    code_to_children,
    code_to_parent,
    common_ancestor,
    compact_cells,
    is_ancestor,
    uncompact_cells,
)
from gridcontainer.grid.levels import (
    INVALID_CELL,
    LEVELS,
    MAX_LEVEL,
    MAX_POLAR_LEVEL,
    Level,
    get_level,
)
from gridcontainer.grid.neighbors import (
    cell_to_disk,
    cell_to_neighbors,
    cell_to_ring,
    code_to_disk,
    code_to_neighbors,
    code_to_ring,
)
from gridcontainer.grid.ranges import bounds_to_ranges
from gridcontainer.grid.reference import make_reference, resolve_reference, resolve_short_code

__all__ = [
    "CODE3D_LENGTH",
    "CODE_LENGTH",
    "INVALID_CELL",
    "LEVELS",
    "MAX_CELLS",
    "MAX_LEVEL",
    "MAX_POLAR_LEVEL",
    "Level",
    "Negative",
    "Reading",
    "bounds_to_cells",
    "bounds_to_codes",
    "bounds_to_ranges",
    "cell_to_bounds",
    "cell_to_center",
    "cell_to_children",
    "cell_to_code",
    "cell_to_disk",
    "cell_to_neighbors",
    "cell_to_parent",
    "cell_to_range",
    "cell_to_ring",
    "code3d_problems",
    "code3d_to_bounds",
    "code3d_to_children",
    "code3d_to_code",
    "code3d_to_neighbors",
    "code3d_to_parent",
    "code_problems",
    "code_to_bounds",
    "code_to_cell",
    "code_to_center",
    "code_to_children",
    "code_to_disk",
    "code_to_neighbors",
    "code_to_parent",
    "code_to_ring",
    "common_ancestor",
    "compact_cells",
    "explain_code",
    "get_level",
    "height_to_layer",
    "is_ancestor",
    "is_valid_cell",
    "is_valid_code",
    "is_valid_code3d",
    "layer_to_height",
    "lonlat_to_cell",
    "lonlat_to_code",
    "lonlat_to_code3d",
    "make_reference",
    "resolve_reference",
    "resolve_short_code",
    "uncompact_cells",
]
