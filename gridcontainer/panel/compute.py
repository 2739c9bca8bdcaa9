"""The values of an indicator at all its levels: of all keys, or of those that a change touches."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, functions as F

from gridcontainer.panel.aggregate import KEY, aggregate, roll_up, with_status
from gridcontainer.panel.axes import cross
from gridcontainer.panel.clean import clean
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.suppress import suppress
from gridcontainer.panel.touched import Touched
from gridcontainer.spark.city_cells import CITY_LEVEL, at_levels
from gridcontainer.spark.persisted import checkpoint

_VALUES = (*KEY, "time", "value", "status", "observations", "rejected", "cleaned")


def compute_all(
    indicator: Indicator,
    finest: DataFrame,
    records: DataFrame,
    keys: DataFrame,
    below: int | None,
) -> DataFrame:
    """All values of an indicator.

    Args:
        indicator: its declaration.
        finest: of ``compute_finest``, of all keys.
        records: all of them, at its finest level.
        keys: all of the finest level.
        below: counts that are hidden; None for none.

    Returns:
        ``grid_level``, ``cell``, ``number``, ``time``, ``value``, ``status``, ``observations``,
        ``rejected``, ``cleaned``: a row for each level, cell and step.
    """
    coarser = indicator.all_levels[:-1]
    if not coarser:
        upper = finest.limit(0)
    elif indicator.rolls_up:
        upper = roll_up(at_levels(finest, coarser), indicator)
    else:
        upper = _from_records(indicator, records, at_levels(keys, coarser).distinct(), coarser)
    return _together(indicator, finest, upper, below)


def compute_touched(
    indicator: Indicator,
    finest: DataFrame,
    records: DataFrame,
    held: DataFrame,
    touched: Touched,
    below: int | None,
) -> DataFrame:
    """The values that a change touches, as ``compute_all`` would give them.

    Args:
        indicator: its declaration.
        finest: of ``compute_finest``, of the touched keys.
        records: all of them, as they are now.
        held: values of the finest level that the panel has, with ``number``.
        touched: by the change.
        below: counts that are hidden; whole steps are touched then.
    """
    coarser = indicator.all_levels[:-1]
    if not coarser:
        return _together(indicator, finest, finest.limit(0), below)
    changed = touched.keys.unionByName(touched.gone)
    head = at_levels(touched.head, [CITY_LEVEL])
    wanted = at_levels(changed, coarser).unionByName(head).distinct()
    wanted = wanted.join(touched.vanished(coarser), ["grid_level", "cell"], "left_anti")
    if indicator.rolls_up:
        steps = F.broadcast(wanted.select("number").distinct())
        others = held.join(steps, "number", "left_semi").join(
            changed, ["cell", "number"], "left_anti"
        )
        children = at_levels(others.select(*_VALUES).unionByName(finest), coarser)
        upper = roll_up(children.join(wanted, list(KEY), "left_semi"), indicator)
    else:
        upper = _from_records(indicator, records, wanted, coarser)
    return _together(indicator, finest, upper, below)


def compute_finest(indicator: Indicator, records: DataFrame, keys: DataFrame) -> DataFrame:
    """Values of the finest cells, complete and cleaned.

    Args:
        indicator: its declaration.
        records: of these keys.
        keys: ``cell``, ``number``, ``time``, ``told``.
    """
    level = indicator.finest
    wanted = keys.withColumn("grid_level", F.lit(level))
    return _from_records(indicator, records, wanted, [level]).transform(clean, indicator.cleaning)


def to_delete(indicator: Indicator, touched: Touched) -> DataFrame:
    """``grid_level``, ``cell`` and ``time`` of values that are to be there no more."""
    return cross(touched.vanished(indicator.all_levels), touched.steps.select("time"))


def _from_records(
    indicator: Indicator, records: DataFrame, wanted: DataFrame, levels: Sequence[int]
) -> DataFrame:
    """Complete values of wanted keys of some levels."""
    own = at_levels(records, levels).join(wanted, list(KEY), "left_semi")
    found = aggregate(own, indicator)
    return wanted.join(found, list(KEY), "left").transform(with_status, indicator)


def _together(
    indicator: Indicator, finest: DataFrame, upper: DataFrame, below: int | None
) -> DataFrame:
    together = finest.select(*_VALUES).unionByName(upper.select(*_VALUES))
    if below is None:
        return together
    return suppress(checkpoint(together), indicator.all_levels, below)
