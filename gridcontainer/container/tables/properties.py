"""Properties that the tables of datasets are made with."""

from collections.abc import Sequence

from gridcontainer.container.tables.layout import Layout

_GRID_CONSTRAINTS = {
    "delta.constraints.position": "lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90",
    # Not startswith(): other engines that write Delta have another name for it.
    "delta.constraints.prefix_of_code": (
        "substring(grid_code, 1, length(grid_prefix)) = grid_prefix"
    ),
}


def statistics_columns(columns: Sequence[str]) -> list[str]:
    """The columns whose least and greatest values the log has, for files to be skipped by.

    A prefix is a range of cells: cell and time are all that skipping needs, and shapes and long
    texts stay out.
    """
    return [name for name in ("cell", "event_time") if name in columns] or ["source_row"]


def layout_properties(columns: Sequence[str], layout: Layout) -> dict[str, str]:
    """The properties of a table with these columns."""
    shared = {
        "delta.enableChangeDataFeed": "true",
        "delta.dataSkippingStatsColumns": ",".join(statistics_columns(columns)),
    }
    if layout.prefix_level is None:
        return shared
    level = {"gridcontainer.prefix_level": str(layout.prefix_level)}
    return shared | level | _GRID_CONSTRAINTS
