"""Rules that mend rows which cannot go in as they came, and what becomes of these rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pyspark.sql import Column, DataFrame, functions as F, types as T

from gridcontainer.container.declaration.expression import Kind
from gridcontainer.container.declaration.rules import MendingRule
from gridcontainer.container.sources.records import RULE

MENDED: Final = "_mended"
ORIGINAL: Final = "_original"
FIRST: Final = "_first"

Judge = Callable[[DataFrame], DataFrame]
Types = Sequence[tuple[str, str]]


def mend_rows(
    raw: DataFrame,
    *,
    judge: Judge,
    rules: Sequence[MendingRule],
    texts: Sequence[str],
    names: Mapping[str, str],
) -> DataFrame:
    """Judge rows; mend those that a rule is for, and judge all again.

    A mended row that is sound goes in; one that is not stays aside as it came, for its first
    reason. A mended row never takes the key of one that is sound as it came. A rule sets columns of
    the source, so it cannot mend a shape.

    Args:
        raw: raw rows; n of them.
        judge: raw rows to rows with ``reason``.
        rules: over the columns of ``raw``; the first that fits a row is taken.
        texts: what to say of each rule.
        names: stored name of each source column.

    Returns:
        The n rows as ``judge`` gives them, with ``_mended`` (what was done to a row that is sound
        now, or null), ``_original`` (JSON of the columns of a row that a rule fits) and ``_first``
        (the reason before mending, or null).

    Raises:
        DeclarationError: a rule does not fit the source's columns.
    """
    nothing = F.lit(None).cast("string")
    if not rules:
        return judge(raw).withColumns(dict.fromkeys((MENDED, ORIGINAL, FIRST), nothing))
    own = list(names.values())
    first = judge(raw).withColumn("reason", _computed_once(F.col("reason")))
    types = [(name, kind) for name, kind in raw.dtypes if name in own]
    fitted = first.withColumn(RULE, _first_that_fits(rules, types))
    changed = {name: _set(name, rules, types, raw.schema[name].dataType) for name in own}
    came = (F.col(f"`{stored}`").alias(column) for column, stored in names.items())
    mended = fitted.select(
        *(changed[n].alias(n) if n in changed else F.col(f"`{n}`") for n in raw.columns),
        RULE,
        F.col("reason").alias(FIRST),
        F.when(F.col(RULE).isNotNull(), F.to_json(F.struct(*came))).alias(ORIGINAL),
    )
    again = judge(mended)
    fits, sound = F.col(RULE).isNotNull(), F.col("reason").isNull()
    said = F.get(F.array(*(F.lit(text) for text in texts)), F.col(RULE))
    return again.withColumn(MENDED, F.when(fits & sound, said)).withColumn(
        "reason", F.when(fits & ~sound, F.col(FIRST)).otherwise(F.col("reason"))
    )


def _computed_once(value: Column) -> Column:
    """The same value, into which Spark does not push conditions on what is made of it.

    The second judgement names what was mended many times over, and that names the first reason:
    with each name replaced by what it stands for, the plan outgrows Java's stack.
    """
    return F.when(F.monotonically_increasing_id() >= 0, value)


def describe(rule: MendingRule) -> str:
    """A rule in one line."""
    sets = ", ".join(f"{name} = {value}" for name, value in rule.set.items())
    return f"{sets} where {rule.where}" if rule.where else sets


def _first_that_fits(rules: Sequence[MendingRule], types: Types) -> Column:
    """The number of the rule, or null."""
    chosen = F.lit(None).cast("int")
    for number, rule in reversed(list(enumerate(rules))):
        where = F.lit(True)
        if rule.where is not None:
            place = f"mend.{number}.where"
            where = F.expr(rule.where.to_spark(types, place=place, as_kind=Kind.BOOLEAN))
        fits = F.when(F.col("reason") == rule.reason, where)
        chosen = F.when(fits, F.lit(number)).otherwise(chosen)
    return chosen


def _set(name: str, rules: Sequence[MendingRule], types: Types, kind: T.DataType) -> Column:
    """The column after its rule, of the row as it came; of the type that all other rows have."""
    value = F.col(f"`{name}`")
    for number, rule in enumerate(rules):
        if name in rule.set:
            place = f"mend.{number}.set.{name}"
            changed = F.expr(rule.set[name].to_spark(types, place=place)).try_cast(kind)
            value = F.when(F.col(RULE) == number, changed).otherwise(value)
    return value
