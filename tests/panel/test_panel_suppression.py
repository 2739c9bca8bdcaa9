"""Small counts hidden: against an attacker who knows all that is told, and solves for the rest."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from gridcontainer.grid import cell_to_children, lonlat_to_cell
from gridcontainer.panel.suppress import suppress

pytestmark = pytest.mark.spark
BELOW = 5
LEVELS = [0, 2, 3]
UPPER = int(lonlat_to_cell(121.4, 31.2, 1))
SCHEMA = (
    "grid_level int, cell long, number long, time timestamp, value double, status string, "
    "observations long, rejected long, cleaned string"
)


def a_tree(chance: np.random.Generator, step: int) -> pd.DataFrame:
    """Counts of a city of four cells of six children each; many are small or none."""
    middle = [int(c) for c in cell_to_children(UPPER, 1)[:4]]
    leaves = [(parent, int(c)) for parent in middle for c in cell_to_children(parent, 2)]
    counts = chance.choice([0, 0, 0, 1, 2, 4, 5, 7, 30], len(leaves))
    fine = pd.DataFrame(leaves, columns=["parent", "cell"]).assign(count=counts, grid_level=3)
    mid = fine.groupby("parent")["count"].sum().rename_axis("cell").reset_index()
    top = pd.DataFrame({"cell": [0], "count": [counts.sum()], "grid_level": [0], "parent": [-9]})
    whole = pd.concat([fine, mid.assign(grid_level=2, parent=0), top])
    return whole.assign(number=step)


def test_what_is_told_gives_no_small_count_away(spark):
    chance = np.random.default_rng(11)
    trees = pd.concat([a_tree(chance, step) for step in range(40)], ignore_index=True)
    rows = [
        (int(r.grid_level), int(r.cell), int(r.number), None, float(r.count_), "observed"
         if r.count_ else "zero", int(r.count_), 0, None)
        for r in trees.rename(columns={"count": "count_"}).itertuples()
    ]  # fmt: skip
    found = suppress(spark.createDataFrame(rows, SCHEMA), LEVELS, BELOW).toPandas()
    assert len(found) == len(trees)
    known = trees.merge(found, on=["grid_level", "cell", "number"])
    told = known[known["status"] != "suppressed"]
    assert (told["value"] == told["count"]).all()
    assert not told["observations"].between(1, BELOW - 1).any()
    hidden = known[known["status"] == "suppressed"]
    assert hidden[["value", "observations", "rejected"]].isna().all(axis=None)
    assert 0 < len(hidden) < len(known) / 2  # most is told
    for _, tree in known.groupby("number"):
        attack(tree)


def attack(tree: pd.DataFrame) -> None:
    """The least and the most that a hidden small leaf can be, by all sums that are told."""
    leaves = tree[tree["grid_level"] == 3].reset_index(drop=True)
    rows, sums = [], []
    for node in tree[tree["status"] != "suppressed"].itertuples():
        below = (
            np.ones(len(leaves)) if node.grid_level == 0
            else (leaves["parent"] == node.cell) if node.grid_level == 2
            else (leaves["cell"] == node.cell)
        )  # fmt: skip
        rows.append(np.asarray(below, dtype=float))
        sums.append(node.value)
    for place, leaf in leaves.iterrows():
        if leaf["status"] != "suppressed" or not 0 < leaf["count"] < BELOW:
            continue
        goal = np.zeros(len(leaves))
        goal[place] = 1
        if not rows:
            continue
        least, most = (
            sign * linprog(sign * goal, A_eq=np.array(rows), b_eq=sums, bounds=(0, None)).fun
            for sign in (1, -1)
        )
        assert most - least >= BELOW - 1, (leaf, least, most)
