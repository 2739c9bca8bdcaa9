"""Spark: the session, and Column functions for codes that agree with the numpy core."""

from gridcontainer.spark.columns import (
    grid_cell,
    grid_cell_code,
    grid_code,
    grid_code_parent,
    grid_parent,
    has_grid_cell,
)
from gridcontainer.spark.predicates import grid_box_filter, grid_prefix_filter
from gridcontainer.spark.session import build_session
from gridcontainer.spark.sql import register_functions
from gridcontainer.spark.vectorized import (
    grid_bounds,
    grid_code3d,
    grid_code_bounds,
    grid_code_cell,
)

__all__ = [
    "build_session",
    "grid_bounds",
    "grid_box_filter",
    "grid_cell",
    "grid_cell_code",
    "grid_code",
    "grid_code3d",
    "grid_code_bounds",
    "grid_code_cell",
    "grid_code_parent",
    "grid_parent",
    "grid_prefix_filter",
    "has_grid_cell",
    "register_functions",
]
