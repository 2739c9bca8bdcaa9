"""Raw rows to judged rows: position, cell, time, and the reason against each that cannot go in."""

from pyspark.sql import DataFrame

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.judge.encode import add_cell, add_time
from gridcontainer.container.judge.position import add_position
from gridcontainer.container.judge.reasons import add_reason


def judge(raw: DataFrame, *, declaration: Declaration, city: CityProfile) -> DataFrame:
    """Every raw row with its position, its cell, its time and the reason against it, or null.

    Args:
        raw: of ``read_source``; n rows.
        declaration: over the columns of ``raw``.
        city: its profile.

    Returns:
        The n rows with the columns of ``add_position``, ``add_cell``, ``add_time``, ``add_reason``.
    """
    datum = declaration.datum or city.datum
    placed = raw.transform(add_position, declaration=declaration, datum=datum)
    level = level_of(declaration, city)
    if level is not None:
        placed = placed.transform(add_cell, level=level)
    return placed.transform(add_time, time=declaration.time, zone=city.time_zone).transform(
        add_reason, declaration=declaration, extent=city.extent, level=level
    )


def level_of(declaration: Declaration, city: CityProfile) -> int | None:
    """The level at which rows are coded; None for a table without position."""
    if declaration.position is None:
        return None
    return declaration.level or city.levels[declaration.kind]
