"""Numbers in text in the cells: read as the dataset declares, or counted as unreadable.

The oracle adds in decimals, row by row, what a table of this file says that each text means.
"""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable
from pyspark.sql import SparkSession
from small_tables import SmallTable, draw_trips

from gridcontainer.cli.main import cli
from gridcontainer.container.declaration import Declaration
from gridcontainer.grid import cell_to_parent
from gridcontainer.reconstruction import Measure, Outcome, Reconstruction, reconstruct, whole
from gridcontainer.reconstruction.schemas import cells_path
from gridcontainer.spark.city_cells import UNPLACED

pytestmark = pytest.mark.spark
FORMAT = {"thousands": ",", "multiples": True, "signs": ["￥"], "percent": "fraction"}
MEANS = {
    "1,234.5": "1234.5", "3.5万": "35000", "￥50": "50", "１２": "12", " 7\u3000": "7", "-0": "0",
    "50%": "0.5", "10万亿": "10000000000000", "-0.000001": "-0.000001", "1000": "1000",
}  # fmt: skip
PLAIN = {"１２", " 7\u3000", "-0", "-0.000001", "1000"}  # read without a format
MISSING = ["--", "", None]
UNREADABLE = ["?", "1,23", "3.5天", "NaN", "1e300", "999万亿亿"]
DECLARED = Reconstruction(
    measures=[
        Measure(dataset="trips", number="minutes"),
        Measure(dataset="trips", distinct="minutes"),
    ]
)


def declaration(**keys: object) -> Declaration:
    return Declaration.model_validate(
        {
            "dataset": "trips", "department": "traffic", "title": "Trips", "kind": "table",
            "source": {"path": "x.csv", "format": "csv"}, **keys,
        }
    )  # fmt: skip


def draw(seed: int, ids: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    texts = np.array([*MEANS, *MISSING, *UNREADABLE], dtype=object)
    return draw_trips(rng, ids).assign(minutes=texts[rng.integers(0, len(texts), len(ids))])


def run(table: SmallTable, *, whole: bool = False, **keys: object) -> Outcome:
    outcome = reconstruct(
        table.spark, table.storage, DECLARED, declarations=[declaration(**keys)], whole=whole
    )
    assert not outcome.failures
    return outcome


def read(table: SmallTable) -> dict[str, dict[tuple[int, int], tuple]]:
    """By kind and cell the count, and of numbers also what is beside it; by delta-rs."""
    found: dict[str, dict[tuple[int, int], tuple]] = defaultdict(dict)
    for row in DeltaTable(cells_path(table.storage)).to_pyarrow_table().to_pylist():
        told = (row["count"], row["total"], row["least"], row["greatest"])
        found[row["kind"]][row["grid_level"], row["cell"]] = told
    return {kind: found[kind] for kind in ("records", "number", "unreadable")}


def expected(rows: pd.DataFrame, means: dict[str, str]) -> dict[str, dict[tuple[int, int], tuple]]:
    records, unreadable = Counter(), Counter()
    numbers: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    for cell, text in zip(rows["cell"], rows["minutes"], strict=True):
        for level in range(6):
            key = (level, 0 if level == 0 else UNPLACED)
            if level and not pd.isna(cell):
                key = (level, int(cell_to_parent(int(cell), level)))
            records[key] += 1
            if text in means:
                numbers[key].append(Decimal(means[text]))
            elif text not in MISSING:
                unreadable[key] += 1
    return {
        "records": {key: (count, None, None, None) for key, count in records.items()},
        "number": {
            key: (len(n), sum(n), float(min(n)), float(max(n))) for key, n in numbers.items()
        },
        "unreadable": {key: (count, None, None, None) for key, count in unreadable.items()},
    }


@pytest.fixture
def written(spark: SparkSession, tmp_path: Path) -> SmallTable:
    table = SmallTable(spark, tmp_path / "container")
    table.create(draw(1, [f"t{n}" for n in range(200)]))
    return table


def test_numbers_are_read_as_declared_and_changes_equal_the_whole(
    written: SmallTable, monkeypatch: pytest.MonkeyPatch
):
    plain = {text: number for text, number in MEANS.items() if text in PLAIN}
    (result,) = run(written).results
    truth = expected(written.rows, plain)
    assert read(written) == truth
    assert result.unreadable == {"minutes": truth["unreadable"][0, 0][0]}

    monkeypatch.setattr(whole, "LARGE", 20)  # rows: in parts, as a large source is
    (result,) = run(written, numbers={"minutes": FORMAT}).results
    assert result.way == "made anew"  # the same table, written otherwise
    assert read(written) == expected(written.rows, MEANS)

    known = list(written.rows.index)
    written.change(draw(2, [*known[:15], *(f"new{n}" for n in range(10))]), known[20:30])
    (result,) = run(written, numbers={"minutes": FORMAT}).results
    truth = expected(written.rows, MEANS)
    assert result.way == "changes"
    assert read(written) == truth
    assert result.unreadable == {"minutes": truth["unreadable"][0, 0][0]}
    run(written, whole=True, numbers={"minutes": FORMAT})
    assert read(written) == truth

    words = {"missing": ["--", "?"], "numbers": {"minutes": FORMAT}}
    (unchanged,) = run(written, numbers={"minutes": FORMAT}).results
    assert (unchanged.way, unchanged.unreadable) == ("unchanged", result.unreadable)
    asked = (written.rows["minutes"] == "?").sum()
    (result,) = run(written, **words).results
    assert result.unreadable["minutes"] == truth["unreadable"][0, 0][0] - asked
    ledger = DeltaTable(written.storage.runs).to_pyarrow_table().to_pylist()
    told = max(ledger, key=lambda row: row["started"])["mended"]
    assert dict(told) == {"minutes is no number": result.unreadable["minutes"]}


def test_the_commands_tell_them(written: SmallTable, tmp_path: Path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/trips.yaml").write_text(
        "dataset: trips\ndepartment: traffic\ntitle: Trips\nkind: table\n"
        "source: {path: x.csv, format: csv}\n"
    )
    (tmp_path / "cells.yaml").write_text("measures: [{dataset: trips, number: minutes}]\n")
    city = Path(__file__).parents[2] / "conf/city/shanghai.yaml"
    options = [
        "--container", str(written.root), "--datasets", str(tmp_path / "datasets"),
        "--city", str(city), "--reconstruction", str(tmp_path / "cells.yaml"),
    ]  # fmt: skip
    plain = {text: number for text, number in MEANS.items() if text in PLAIN}
    count = expected(written.rows, plain)["unreadable"][0, 0][0]
    for _ in range(2):  # changed, and unchanged
        said = CliRunner().invoke(cli, ["reconstruct", *options])
        assert said.exit_code == 0, said.output
        assert f"warning: trips: {count} values of minutes are no number" in said.output
    told = CliRunner().invoke(cli, ["city", "--json", "--container", str(written.root)])
    lines = [json.loads(line) for line in told.output.splitlines()]
    assert [(f["name"], f["count"]) for f in lines if f["kind"] == "unreadable"] == [
        ("minutes", count)
    ]
    table = CliRunner().invoke(cli, ["city", "--container", str(written.root)])
    assert "unreadable minutes" in table.output
