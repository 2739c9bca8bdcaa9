"""The city by grid code, against sums that pandas makes of the same rows."""

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession, functions as F
from small_tables import SmallTable, draw_trips

from gridcontainer.container.tables.frames import read_version
from gridcontainer.errors import DatasetError
from gridcontainer.grid import cell_to_code, cell_to_parent
from gridcontainer.reconstruction import Outcome, read_cell, read_cells, reconstruct, whole
from gridcontainer.reconstruction.schemas import cells_path
from gridcontainer.reconstruction.sketch import SIZE, STANDARD_ERROR, estimate, merged, sketch_of
from gridcontainer.spark.city_cells import UNPLACED

pytestmark = pytest.mark.spark
SAME_ROW = ["kind", "name", "grid_level", "cell"]


def run(table: SmallTable, **options) -> Outcome:
    outcome = reconstruct(table.spark, table.storage, table.declared, **options)
    assert not outcome.failures
    return outcome


def read_table(table: SmallTable) -> pd.DataFrame:
    """Through delta-rs, not through our own reader."""
    cells = DeltaTable(cells_path(table.storage)).to_pandas()
    return cells[cells["kind"] != "source"].sort_values(SAME_ROW).reset_index(drop=True)


def expected(table: SmallTable) -> pd.DataFrame:
    rows = table.rows.assign(number=pd.to_numeric(table.rows["minutes"], errors="coerce"))
    found = []
    for level in range(6):
        if level == 0:
            cell = pd.Series(0, index=rows.index)
        else:
            placed = np.array([UNPLACED if c is None else c for c in rows["cell"]], dtype=np.int64)
            parents = np.full(len(placed), UNPLACED)
            parents[placed != UNPLACED] = cell_to_parent(placed[placed != UNPLACED], level)
            cell = pd.Series(parents, index=rows.index)
        by_cell = rows.groupby(cell)
        numbers = by_cell["number"].agg(["count", "sum", "min", "max"])
        numbers["unreadable"] = by_cell["number"].agg(lambda found: found.isna().sum())
        found.append(
            pd.DataFrame({"grid_level": level, "records": by_cell.size(), **numbers,
                          "vehicles": by_cell["vehicle"].nunique()})
            .rename_axis("cell").reset_index()
        )  # fmt: skip
    return pd.concat(found, ignore_index=True)


def require_right(table: SmallTable) -> None:
    cells, truth = read_table(table), expected(table)
    for kind, column, figure in (
        ("records", "records", "count"),
        ("number", "count", "count"),
        ("number", "sum", "total"),
        ("number", "min", "least"),
        ("number", "max", "greatest"),
        ("unreadable", "unreadable", "count"),
        ("distinct", "vehicles", "distinct"),
    ):
        ours = cells[cells["kind"] == kind].set_index(["grid_level", "cell"])[figure]
        theirs = truth[truth["count" if kind == "number" else column] > 0]
        theirs = theirs.set_index(["grid_level", "cell"])[column]
        pd.testing.assert_series_equal(
            ours.astype(float).sort_index(),
            theirs.astype(float).sort_index(),
            check_names=False,
            check_index_type=False,
        )


def test_every_level_has_what_the_rows_have(trips: SmallTable):
    (result,) = run(trips).results
    assert result.rows == len(trips.rows)
    require_right(trips)


def test_changes_give_the_same_cells_as_making_them_anew(trips: SmallTable, monkeypatch):
    monkeypatch.setattr(whole, "LARGE", 20)  # rows: in parts, as a large source is
    run(trips)
    assert read_table(trips)["part"].nunique() > 2
    rng = np.random.default_rng(11)
    for round_number in range(2):
        known = list(trips.rows.index)
        moved = list(rng.choice(known, 12, replace=False))
        gone = list(rng.choice(sorted(set(known) - set(moved)), 8, replace=False))
        new = [f"new{round_number}-{n}" for n in range(10)]
        trips.change(draw_trips(rng, [*moved, *new]), gone)
        (result,) = run(trips).results
        assert result.way == "changes"
        require_right(trips)
    changed = read_table(trips)
    run(trips, whole=True)
    pd.testing.assert_frame_equal(
        changed.drop(columns="source_version"), read_table(trips).drop(columns="source_version")
    )


def test_nothing_new_writes_nothing(trips: SmallTable):
    run(trips)
    path = cells_path(trips.storage)
    before = read_version(trips.spark, path)
    (result,) = run(trips).results
    assert result.way == "unchanged"
    assert read_version(trips.spark, path) == before


def test_a_run_killed_before_the_ledger_is_told_by_the_next(trips: SmallTable):
    run(trips)
    ledger = DeltaTable(trips.storage.runs)
    ledger.delete()
    (result,) = run(trips).results
    assert (result.way, result.rows) == ("unchanged", len(trips.rows))
    told = DeltaTable(trips.storage.runs).to_pandas()
    assert told[["dataset", "rows_in", "rows_out"]].values.tolist() == [
        ["reconstruction.trips", len(trips.rows), len(trips.rows)]
    ]


def test_other_measures_make_the_cells_anew(trips: SmallTable):
    run(trips)
    fewer = trips.declared.model_copy(update={"measures": trips.declared.measures[:1]})
    (result,) = reconstruct(trips.spark, trips.storage, fewer).results
    assert result.way == "made anew"
    assert set(read_table(trips)["kind"]) == {"records", "number", "unreadable"}


def test_a_cell_is_read_without_spark_and_confidential_ones_only_when_asked(spark, tmp_path):
    table = SmallTable(spark, tmp_path / "container")
    rows = draw_trips(np.random.default_rng(3), [f"t{n}" for n in range(50)])
    table.create(rows, confidential="True")
    run(table)
    cells = pd.Series(rows["cell"].dropna().astype("int64"))
    code = str(cell_to_code(cell_to_parent(cells.iloc[:1], 4), 4)[0])
    assert read_cell(table.storage, code) == []
    facts = {fact.kind: fact for fact in read_cell(table.storage, code, with_confidential=True)}
    inside = (cell_to_parent(cells, 4) == cell_to_parent(cells.iloc[:1], 4)).sum()
    assert facts["records"].count == inside
    shown = read_cells(spark, table.storage, 4, with_confidential=True)
    assert shown.where((F.col("grid_code") == code) & (F.col("kind") == "records")).count() == 1
    with pytest.raises(DatasetError, match="level 6"):
        read_cell(table.storage, code + "000")


def test_cells_of_a_source_that_is_gone_are_taken_away(trips: SmallTable):
    other = SmallTable(trips.spark, trips.root, "rides")
    other.create(draw_trips(np.random.default_rng(5), ["a", "b"]))
    run(trips)
    DeltaTable(other.path)  # it is there
    for file in sorted((trips.root / "datasets/traffic/rides").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (trips.root / "datasets/traffic/rides").rmdir()
    assert run(trips).gone == ("rides",)
    assert set(read_table(trips)["source"]) == {"trips"}


def sketches(spark: SparkSession, *groups: range) -> list[int]:
    """Estimates of each group, and of all merged."""
    parts = [
        spark.range(g.start, g.stop).select(F.col("id"), F.lit(n)) for n, g in enumerate(groups)
    ]
    rows = parts[0].toDF("id", "part")
    for part in parts[1:]:
        rows = rows.union(part.toDF("id", "part"))
    by_part = rows.groupBy("part").agg(sketch_of(F.col("id")).alias("sketch"))
    own = by_part.orderBy("part").select(estimate(F.col("sketch"))).collect()
    all_parts = by_part.agg(merged(F.col("sketch")).alias("sketch"))
    return [row[0] for row in own] + [all_parts.select(estimate(F.col("sketch"))).first()[0]]


def test_few_values_are_counted_exactly_and_many_within_the_stated_error(spark: SparkSession):
    few, many, together = sketches(spark, range(0, SIZE - 1), range(500, 60_000))
    assert few == SIZE - 1
    assert many == pytest.approx(59_500, rel=4 * STANDARD_ERROR)
    assert together == pytest.approx(60_000, rel=4 * STANDARD_ERROR)
