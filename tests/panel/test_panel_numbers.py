"""Numbers in text in the panel: read as declared, or rejected and told, never 'nothing'."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from little_city import CITY, DAYS, LittleCity, declared, indicators_of, towns
from pyspark.sql import SparkSession, functions as F

from gridcontainer.cli.main import cli
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.query.record_numbers import Writing, add_number
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.panel import Outcome, build_panel

pytestmark = pytest.mark.spark
CHINESE = {"thousands": ",", "multiples": True, "signs": ["￥"]}
SALES = {
    "panel": "sales", "department": "planning", "source": {"dataset": "sales"}, "step": "day",
    "levels": [2], "indicators": {
        "sum": {"title": "Sum", "aggregate": "sum", "value": "amount", "absent": "zero"},
        "mean": {"title": "Mean", "aggregate": "mean", "value": "amount"},
        "count": {"title": "Count"},
    },
}  # fmt: skip
AMOUNTS = [  # by day
    ["1,234", "100", "200"], ["3.5万", "￥50", "--"], ["10", "２０", " 30\u3000"], ["--", None, ""],
]  # fmt: skip


@pytest.fixture(scope="module")
def sales(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> LittleCity:
    city = LittleCity(spark, tmp_path_factory.mktemp("sales"))
    city.write("towns", towns())
    rows = [(day, text) for day, texts in enumerate(AMOUNTS) for text in texts]
    cell = lonlat_to_cell(121.415, 31.215, 8)
    city.write(
        "sales",
        pd.DataFrame(
            {
                "object_id": [f"r{i}" for i in range(len(rows))],
                "cell": [cell] * len(rows),
                "event_time": [DAYS[day].tz_convert("UTC") for day, _ in rows],
                "amount": [text for _, text in rows],
            }
        ),
    )
    return city


@pytest.fixture(scope="module")
def build(sales: LittleCity) -> Callable[..., Outcome]:
    def build(**said: Any) -> Outcome:
        outcome = build_panel(
            sales.spark, sales.storage, indicators_of(SALES), city=CITY,
            declarations=[declared("sales", **said), declared("towns")],
        )  # fmt: skip
        assert outcome.failures == {}
        return outcome

    return build


def by_day(sales: LittleCity, indicator: str) -> pd.DataFrame:
    values = sales.values()
    city = values[(values["indicator"] == indicator) & (values["grid_level"] == 0)]
    return city[["value", "status", "observations", "rejected"]].reset_index(drop=True)


def test_what_cannot_be_read_is_counted_told_and_read_once_it_is_declared(
    sales: LittleCity, build: Callable[..., Outcome], tmp_path: Path
):
    told = {built.indicator.indicator: built for built in build().results}
    total, mean = by_day(sales, "sum"), by_day(sales, "mean")
    assert total["value"].tolist()[0::2] == [300, 60]
    assert total["rejected"].tolist() == [1, 2, 0, 0]
    assert total["status"].tolist() == ["observed", "missing", "observed", "zero"]
    assert mean["value"].tolist()[0::2] == [150, 20]
    assert mean["rejected"].tolist() == [1, 2, 0, 0]
    assert by_day(sales, "count")["value"].tolist() == [3, 3, 3, 3]
    assert [told[name].rejected for name in ("sum", "mean", "count")] == [3, 3, 0]
    assert str(told["sum"].warning).startswith("3 records are no number and not in its values; ")
    assert told["count"].warning is None

    lines = list(build(numbers={"amount": CHINESE}).lines())
    assert [line.split(",")[0] for line in lines] == ["sum: full", "mean: full", "count: full"]
    total = by_day(sales, "sum")
    assert total["value"].tolist() == [1534, 35050, 60, 0]
    assert total["rejected"].tolist() == [0, 0, 0, 0]
    assert total["status"].tolist() == ["observed", "observed", "observed", "zero"]
    assert {built.how for built in build(numbers={"amount": CHINESE}).results} == {"unchanged"}

    some_missing = build(numbers={"amount": {"thousands": ","}}, missing=["￥50"]).results[0]
    assert some_missing.rejected == 3  # 3.5万 and both --


def test_the_command_prints_them(sales: LittleCity, build: Callable[..., Outcome], tmp_path: Path):
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel/sales.yaml").write_text(
        "panel: sales\ndepartment: planning\nsource: {dataset: sales}\nstep: day\nlevels: [2]\n"
        "indicators:\n  sum: {title: Sum, unit: CNY, aggregate: sum, value: amount}\n"
    )
    for name in ("sales", "towns"):
        (tmp_path / f"{name}.yaml").write_text(
            f"dataset: {name}\ndepartment: planning\ntitle: t\nkind: table\n"
            "source: {path: x.csv, format: csv}\n"
        )
    result = CliRunner().invoke(
        cli,
        [
            "panel", "build", "sum", "--panel", str(tmp_path / "panel"),
            "--datasets", str(tmp_path),
            "--city", str(Path(__file__).parents[2] / "conf/city/shanghai.yaml"),
            "--container", str(sales.root),
        ],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "warning: sum: 3 records are no number" in result.output


def test_formats_hold_inside_expressions(spark: SparkSession):
    rows = [("1,000", "2"), ("--", "2"), ("x", "2"), (None, "2"), ("5", "y")]
    frame = spark.createDataFrame(rows, "amount string, other string")
    writing = Writing({"amount": NumberFormat(thousands=",")}, ["--"])
    found = add_number(frame, Expression("Amount * 2"), writing, place="t")
    assert found.columns == ["amount", "other", "_value", "_unreadable"]
    read = [tuple(row) for row in found.select("amount", "_value", "_unreadable").collect()]
    assert read == [
        ("1,000", 2000.0, False), ("--", None, False), ("x", None, True), (None, None, False),
        ("5", 10.0, False),
    ]  # fmt: skip
    unnamed = (
        add_number(frame, Expression("other"), writing, place="t")
        .select("_value", "_unreadable")
        .collect()
    )
    assert [tuple(row) for row in unnamed][-1] == (None, True)
    typed = frame.select(F.lit(float("nan")).alias("n"), F.lit(float("inf")).alias("i"))
    assert add_number(typed, Expression("n"), writing, place="t").first()[-1] is False
    assert add_number(typed, Expression("i"), writing, place="t").first()[-1] is True
