"""The values of an indicator at all its levels: of all keys, or of those that a change touches."""

from functools import reduce

from pyspark.sql import DataFrame, functions as F

from gridcontainer.panel.aggregate import KEY, aggregate, roll_up, with_status
from gridcontainer.panel.axes import cross
from gridcontainer.panel.cells import to_level
from gridcontainer.panel.clean import clean
from gridcontainer.panel.declaration import Indicator
from gridcontainer.panel.keep import Keep
from gridcontainer.panel.schemas import CITY_LEVEL
from gridcontainer.panel.suppress import suppress
from gridcontainer.panel.touched import Touched


def compute_all(
    indicator: Indicator,
    finest: DataFrame,
    records: DataFrame,
    keys: DataFrame,
    below: int | None,
    keep: Keep,
) -> DataFrame:
    """All values of an indicator.

    Args:
        indicator: its declaration.
        finest: of ``compute_finest``, of all keys.
        records: all of them, at its finest level.
        keys: all of the finest level.
        below: counts that are hidden; None for none.
        keep: frames that are used several times.

    Returns:
        ``grid_level``, ``cell``, ``number``, ``time``, ``value``, ``status``, ``observations``,
        ``rejected``, ``cleaned``: a row for each level, cell and step.
    """
    levels = {indicator.finest: finest}
    for level in indicator.all_levels[:-1]:
        if indicator.rolls_up:
            levels[level] = roll_up(finest, indicator, level)
        else:
            levels[level] = _from_records(indicator, records, _at_level(keys, level), level)
    return _together(levels, below, keep)


def compute_touched(
    indicator: Indicator,
    finest: DataFrame,
    records: DataFrame,
    held: DataFrame,
    touched: Touched,
    below: int | None,
    keep: Keep,
) -> DataFrame:
    """The values that a change touches, as ``compute_all`` would give them.

    Args:
        indicator: its declaration.
        finest: of ``compute_finest``, of the touched keys.
        records: all of them, as they are now.
        held: values of the finest level that the panel has, with ``number``.
        touched: by the change.
        below: counts that are hidden; whole steps are touched then.
        keep: frames that are used several times.
    """
    levels = {indicator.finest: finest}
    for level in indicator.all_levels[:-1]:
        wanted = touched.keys.unionByName(touched.gone).transform(_at_level, level)
        if level == CITY_LEVEL:
            wanted = wanted.unionByName(touched.head).distinct()
        wanted = wanted.join(touched.vanished(level), "cell", "left_anti")
        if indicator.rolls_up:
            children = _others(held, touched, wanted, level).unionByName(
                finest.transform(_below, wanted=wanted, level=level)
            )
            levels[level] = roll_up(children, indicator, level)
        else:
            levels[level] = _from_records(indicator, records, wanted, level)
    return _together(levels, below, keep)


def to_delete(indicator: Indicator, touched: Touched) -> DataFrame:
    """``grid_level``, ``cell`` and ``time`` of values that are to be there no more."""
    parts = [
        cross(touched.vanished(level), touched.steps.select("time")).select(
            F.lit(level).alias("grid_level"), "cell", "time"
        )
        for level in indicator.all_levels
    ]
    return reduce(DataFrame.unionByName, parts)


def compute_finest(indicator: Indicator, records: DataFrame, keys: DataFrame) -> DataFrame:
    """Values of the finest cells, complete and cleaned.

    Args:
        indicator: its declaration.
        records: of these keys.
        keys: ``cell``, ``number``, ``time``, ``told``.
    """
    found = keys.join(aggregate(records, indicator), list(KEY), "left")
    return found.transform(with_status, indicator).transform(clean, indicator.cleaning)


def _from_records(
    indicator: Indicator, records: DataFrame, wanted: DataFrame, level: int
) -> DataFrame:
    own = records.withColumn("cell", to_level(F.col("cell"), level))
    found = aggregate(own.join(wanted, list(KEY), "left_semi"), indicator)
    return wanted.join(found, list(KEY), "left").transform(with_status, indicator)


def _at_level(keys: DataFrame, level: int) -> DataFrame:
    return keys.withColumn("cell", to_level(F.col("cell"), level)).distinct()


def _below(rows: DataFrame, *, wanted: DataFrame, level: int) -> DataFrame:
    """The rows of finest cells that lie in wanted ones."""
    keys = wanted.select(F.col("cell").alias("_upper"), "number")
    marked = rows.withColumn("_upper", to_level(F.col("cell"), level))
    return marked.join(keys, ["_upper", "number"], "left_semi").drop("_upper")


def _others(held: DataFrame, touched: Touched, wanted: DataFrame, level: int) -> DataFrame:
    """What the panel has of finest cells in wanted ones, and the change does not touch."""
    theirs = held.transform(_below, wanted=wanted, level=level)
    changed = touched.keys.unionByName(touched.gone).select(*KEY)
    columns = ("time", "value", "status", "observations", "rejected", "cleaned")
    return theirs.join(changed, list(KEY), "left_anti").select(*KEY, *columns)


def _together(levels: dict[int, DataFrame], below: int | None, keep: Keep) -> DataFrame:
    told = levels if below is None else suppress(levels, below, keep)
    parts = [rows.withColumn("grid_level", F.lit(level)) for level, rows in sorted(told.items())]
    return reduce(DataFrame.unionByName, parts)
