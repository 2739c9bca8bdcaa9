"""What the panel holds is what pandas finds in the same rows; and a changed panel is a new one."""

import os

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from little_city import (
    CASES,
    CITY,
    DAYS,
    DECLARED,
    EVENTS,
    LAND,
    LittleCity,
    at_level,
    indicators_of,
    local_days,
    random_rows,
)

from gridcontainer.container.declaration.expression import Expression
from gridcontainer.grid.cover import cover
from gridcontainer.panel import build_panel
from gridcontainer.panel.schemas import indicators_path, values_path

pytestmark = pytest.mark.spark
CHANGES = int(os.environ.get("GRIDCONTAINER_CHANGES", "1"))  # 20 for a long look


def expected(rows: pd.DataFrame, name: str, level: int) -> pd.Series:
    """Values by cell and day (or by cell), where there is a record; by pandas."""
    amount = pd.to_numeric(rows["amount"], errors="coerce")
    keyed = rows.assign(cell=at_level(rows["cell"], level), day=local_days(rows), amount=amount)
    groups = keyed.groupby(["cell"] if name == "diversity" else ["cell", "day"])
    if name == "events":
        return groups.size().astype(float)
    if name == "amounts":
        return groups["amount"].sum(min_count=1)
    shares = groups["kind"].value_counts(normalize=True)
    return -(shares * np.log(shares)).groupby(level="cell").sum()


@pytest.mark.parametrize("name", ["events", "amounts", "diversity"])
def test_values_are_those_of_the_rows(built: LittleCity, name):
    (indicator,) = indicators_of(EVENTS, only=name)
    rows, values = built.rows("events"), built.values()
    own = values[values["indicator"] == name]
    days = local_days(rows)
    calendar = pd.date_range(days.min(), days.max()).date
    off = at_level(rows["cell"], indicator.finest)
    for level in indicator.all_levels:
        found = own[own["grid_level"] == level].set_index("cell")
        land = set(cover([LAND], level, include_edges=False).cell.tolist()) if level else {0}
        cells = land | set(at_level(rows["cell"], level))
        steps = [None] if name == "diversity" else calendar
        assert len(found) == len(cells) * len(steps)  # complete, each once
        assert set(found.index) == cells
        known = found[found["value"].notna() & (found["status"] == "observed")]
        if name != "diversity":
            known = known.set_index(
                known["time"].dt.tz_convert("Asia/Shanghai").dt.date.rename("day"), append=True
            )
        wanted = expected(rows, name, level).dropna()
        pd.testing.assert_series_equal(
            known["value"].sort_index(), wanted.sort_index(), check_names=False, rtol=1e-12
        )
        rest = found.drop(index=[]).loc[found["status"] != "observed"]
        if indicator.empty_is_zero:
            unreadable = rest["rejected"] > 0  # what was measured there is not known
            assert set(rest["status"][~unreadable]) <= {"zero"}
            assert set(rest["status"][unreadable]) <= {"missing"}
            assert (rest["value"][~unreadable] == 0).all()
        else:
            assert set(rest["status"]) <= {"missing"}
            assert rest["value"].isna().all()
    assert (off == -1).any()


def test_a_parent_is_the_sum_of_its_children(built: LittleCity):
    values = built.values()
    for name in ("events", "amounts"):
        own = values[values["indicator"] == name]
        by_level = own.groupby(["grid_level", "time"])["value"].sum().unstack("time")
        for level in (3, 4):
            pd.testing.assert_series_equal(by_level.loc[0], by_level.loc[level], check_names=False)


def test_what_is_rejected_cleaned_and_hidden_is_told(built: LittleCity):
    rows = built.rows("events")
    amount = pd.to_numeric(rows["amount"], errors="coerce")
    about = DeltaTable(indicators_path(built.storage)).to_pandas().set_index("indicator")
    unreadable = amount.isna().sum()
    assert about.loc["mean_amount", "rejected"] == (amount > 90).sum() + unreadable > unreadable > 0
    values = built.values()
    mean = values[(values["indicator"] == "mean_amount") & (values["grid_level"] == 4)]
    assert about.loc["mean_amount", "outliers"] == (mean["cleaned"] == "outlier").sum()
    assert about.loc["mean_amount", "interpolated"] == (mean["status"] == "interpolated").sum() > 0
    assert about.loc["cases", "suppress_below"] == 5
    assert pd.isna(about.loc["events", "suppress_below"])
    cases = values[values["indicator"] == "cases"]
    assert not cases["observations"].between(1, 4).any()
    assert cases[cases["status"] == "suppressed"]["value"].isna().all()
    lineage = dict(about.loc["cases", "lineage"])
    assert lineage == {"datasets/planning/cases": 0, "datasets/planning/towns": 0}


def test_the_same_again_writes_nothing_and_a_lost_description_is_mended(changing: LittleCity):
    before = DeltaTable(values_path(changing.storage)).version()
    about = DeltaTable(indicators_path(changing.storage))
    count = about.to_pandas().shape[0]
    about.delete("indicator = 'events'")
    outcome = changing.build(EVENTS, CASES)
    assert {built.how for built in outcome.results} == {"unchanged"}
    assert DeltaTable(values_path(changing.storage)).version() == before
    assert DeltaTable(indicators_path(changing.storage)).to_pandas().shape[0] == count


def change(city: LittleCity, dataset: str, chance: np.random.Generator) -> None:
    """Rows that come, go, move, and get another amount; each a commit of another engine."""
    table = DeltaTable(city.path(dataset))
    names = city.rows(dataset)["object_id"].tolist()
    gone, moved = chance.choice(names, 2, replace=False)
    table.delete(f"object_id = '{gone}'")
    other = random_rows(chance, 1).iloc[0]
    cell = "NULL" if pd.isna(other["cell"]) else str(other["cell"])
    table.update(
        {"cell": f"CAST({cell} AS BIGINT)", "amount": "'11'", "kind": "'books'"},
        predicate=f"object_id = '{moved}'",
    )
    new = random_rows(chance, 2, first=int(chance.integers(1_000, 1_000_000)))
    if chance.random() < 0.5:  # a day before or after all others
        new["event_time"] = DAYS[chance.choice([0, 5])].tz_convert("UTC")
    city.write(dataset, new, mode="append")


@pytest.mark.parametrize("seed", range(CHANGES))
def test_a_changed_panel_is_as_if_built_anew(changing: LittleCity, seed):
    chance = np.random.default_rng(seed)
    change(changing, "events", chance)
    change(changing, "cases", chance)
    outcome = changing.build(EVENTS, CASES)
    assert {built.how for built in outcome.results} == {"incremental"}
    changed = changing.values()
    assert {b.how for b in changing.build(EVENTS, CASES, full=True).results} == {"full"}
    pd.testing.assert_frame_equal(changed, changing.values(), rtol=1e-12)


def test_what_cannot_be_built_does_not_stop_the_others(built: LittleCity):
    broken = indicators_of(EVENTS, only="events")[0].model_copy(
        update={"indicator": "broken", "where": Expression("no_such_column = 1")}
    )
    (events,) = indicators_of(EVENTS, only="events")
    outcome = build_panel(
        built.spark, built.storage, [broken, events], city=CITY, declarations=DECLARED
    )
    assert [result.indicator.indicator for result in outcome.results] == ["events"]
    assert "no_such_column" in outcome.failures["broken"]
