"""Rules that repair records which cannot go in as they came, and what becomes of these records."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration.rules import MendingRule
from gridcontainer.container.judge.arrow import to_bools
from gridcontainer.container.judge.columns import (
    FIRST_REASON,
    JUDGED,
    ORIGINAL,
    REASON,
    REPAIRED,
)
from gridcontainer.container.judge.condition import evaluate, holds, kind_of_arrow
from gridcontainer.container.judge.judge import Judge
from gridcontainer.container.judge.row_text import row_texts
from gridcontainer.grid.arrays import Int64s


def describe(rule: MendingRule) -> str:
    """A rule in one line."""
    sets = ", ".join(f"{name} = {value}" for name, value in rule.set.items())
    return f"{sets} where {rule.where}" if rule.where else sets


def repair(
    judged: pa.RecordBatch,
    judge: Judge,
    names: Mapping[str, str],
    texts: Sequence[str],
) -> pa.RecordBatch:
    """Repair the records that a rule is for, and judge them again.

    A repaired record that is sound goes in; one that is not stays as it came, for its first reason.
    A rule sets columns of the source, so it cannot repair a shape.

    Args:
        judged: n judged rows.
        judge: the judge of the dataset, whose declaration has the rules over stored names.
        names: stored name of each source column.
        texts: what to say of each rule.

    Returns:
        The n rows in their order; ``_repaired`` says what was done to a row that is sound now,
        ``_original`` is its JSON as it came, ``_first_reason`` the reason before.
    """
    rules = judge.declaration.mend
    chosen = _choose_rules(judged, rules)
    at = np.flatnonzero(chosen >= 0)
    if not len(at):
        return judged
    came = judged.take(pa.array(at))
    again = judge.judge(_set_columns(came, rules, chosen[at]))
    is_sound = to_bools(again.column(REASON).is_null())
    fixed, done = at[is_sound], again.filter(pa.array(is_sound))
    before = came.filter(pa.array(is_sound))
    said = {
        REPAIRED: pa.array([texts[number] for number in chosen[fixed]], pa.string()),
        ORIGINAL: pa.array(row_texts(before, names), pa.string()),
        FIRST_REASON: before.column(REASON),
    }
    for name, values in said.items():
        where = done.schema.get_field_index(name)
        done = done.set_column(where, done.schema.field(where), values)
    return _put_back(judged, done, fixed)


def _choose_rules(judged: pa.RecordBatch, rules: Sequence[MendingRule]) -> Int64s:
    """The number of the first rule that fits each row; -1 for none."""
    chosen = np.full(judged.num_rows, -1)
    reasons = judged.column(REASON)
    if reasons.null_count == len(reasons):
        return chosen
    codes = np.asarray(reasons.to_numpy(zero_copy_only=False), object)
    for number, rule in enumerate(rules):
        # A condition is asked of rows of its reason only.
        at = np.flatnonzero((codes == rule.reason) & (chosen < 0))
        if len(at) and rule.where is not None:
            at = at[to_bools(holds(rule.where, judged.take(pa.array(at))))]
        chosen[at] = number
    return chosen


def _set_columns(
    came: pa.RecordBatch, rules: Sequence[MendingRule], chosen: Int64s
) -> pa.RecordBatch:
    """The raw rows after their rules; all expressions see the row as it came."""
    raw = came.select([name for name in came.schema.names if name not in JUDGED.names])
    for number in np.unique(chosen):
        at = np.flatnonzero(chosen == number)
        kinds = {name: kind_of_arrow(raw.schema.field(name).type) for name in rules[number].set}
        values = evaluate(rules[number].set, came.take(pa.array(at)), kinds=kinds)
        for name in rules[number].set:
            where = raw.schema.get_field_index(name)
            field = raw.schema.field(where)
            new = values.column(name).cast(field.type)
            raw = raw.set_column(where, field, _replace(raw.column(where), new, at))
    return raw


def _replace(values: pa.Array, new: pa.Array | pa.ChunkedArray, at: Int64s) -> pa.Array:
    """The values with new ones at some places."""
    if isinstance(new, pa.ChunkedArray):
        new = new.combine_chunks()
    places = np.arange(len(values))
    places[at] = len(values) + np.arange(len(at))
    return pa.concat_arrays([values, new]).take(pa.array(places))


def _put_back(judged: pa.RecordBatch, done: pa.RecordBatch, at: Int64s) -> pa.RecordBatch:
    arrays = [_replace(old, new, at) for old, new in zip(judged.columns, done.columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=judged.schema)
