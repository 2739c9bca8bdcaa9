"""Rows without positions in a made-up city: where each must be, and that none is lost."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result
from deltalake import DeltaTable
from made_up_city import GEOD, on_road
from pyspark.sql import functions as F

from gridcontainer.addresses import locate_datasets, read_placements
from gridcontainer.addresses.explain import explain_row
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import Located
from gridcontainer.cli.main import cli
from gridcontainer.container.storage import Storage
from gridcontainer.errors import AddressError, DatasetError
from gridcontainer.grid import lonlat_to_code

pytestmark = pytest.mark.spark

# place, district as the row has it, key of a geocode; method, where it truly is, metres it may miss
NOTICES: list[tuple[str, str | None, str | None, str | None, tuple[float, float] | None, float]] = [
    ("长青路40号", "青山区", None, "address", on_road(east=40), 1),
    ("長青路４０号", "青山区", None, "address", on_road(east=40), 1),
    ("长青路45号", "D1", None, "neighbours", on_road(east=45), 1),
    ("白云路100弄5号", None, None, "neighbours", on_road(north=100), 1),
    ("白云路60弄5号", "青山区", None, "lane", on_road(north=60), 1),
    ("长青路白云路路口", "青山区", None, "near_crossing", on_road(), 30),
    ("长青路出白云路东约500米", "青山区", None, "near_crossing", on_road(east=500), 60),
    ("白云路进长青路北约300米", None, None, "near_crossing", on_road(north=300), 60),
    ("梅家村4队", None, None, "village", on_road(east=-900, north=900), 1),
    ("竹家村竹西宅", None, None, "place", on_road(east=-2000), 1),
    ("红叶苑", "白水区", None, "place", (121.15, 31.02), 1),
    ("红叶苑", None, None, None, None, 0),  # one in each district
    ("青山区东河镇无名花园", None, None, "town", (121.025, 31.05), 1),
    ("无名花园", "青山区", None, "district", (121.05, 31.05), 1),
    # The first road is unknown: 5 km from the second one is no place on it, but some way from it.
    ("无名路出长青路北约5000米", "青山区", None, "road", on_road(east=400), 5000),
    ("无名路出长青路北约5000米", None, None, None, None, 0),
    ("无名花园", None, None, None, None, 0),
    ("\ufffd青路", None, None, None, None, 0),
    ("", None, None, None, None, 0),
    ("不知道的花园", "青山区", "长青路60号", "key", on_road(east=60), 1),
    # The key's position lies in another district than the row: the text is believed.
    ("红叶苑", "白水区", "长青路80号", "place", (121.15, 31.02), 1),
]
REASONS = {"ambiguous": 2, "name not in the gazetteer": 1, "characters lost": 1, "no address": 1}


@pytest.fixture(scope="module")
def city(make_city: Callable[..., City], tmp_path_factory: pytest.TempPathFactory) -> City:
    return make_city(tmp_path_factory.mktemp("city"), [notice[:3] for notice in NOTICES])


@pytest.fixture(scope="module")
def located(city: City) -> Located:
    (result,) = locate_datasets(city)
    return result


@pytest.fixture(scope="module")
def placed(city: City, located: Located) -> pd.DataFrame:
    """As another engine than Spark reads them."""
    assert located.changed
    return DeltaTable(f"{city.storage.root}/placements/notices").to_pandas().set_index("object_id")


@pytest.mark.parametrize("number", range(len(NOTICES)))
def test_each_row_is_where_it_must_be(placed: pd.DataFrame, number: int):
    *_, method, place, metres = NOTICES[number]
    row = placed.loc[f"notice-{number}"]
    assert row["method"] == method
    if place is None:
        assert pd.isna(row["lon"])
        assert pd.isna(row["cell"])
        return
    assert row["reason"] is None
    assert GEOD.inv(row["lon"], row["lat"], *place)[2] <= metres
    assert row["grid_code"] == lonlat_to_code([row["lon"]], [row["lat"]], row["grid_level"])[0]


def test_placed_and_not_placed_are_all_rows(located: Located, placed: pd.DataFrame):
    run = located.run
    assert run.rows_in == len(NOTICES) == len(placed) == run.rows_out + run.rows_quarantined
    assert run.reasons == REASONS
    assert sum(located.methods.values()) == run.rows_out
    assert (placed["reason"].isna() == placed["lon"].notna()).all()


def test_what_a_place_stands_on_is_named(placed: pd.DataFrame):
    assert list(placed.loc["notice-2", "evidence"]) == [
        "geocodes:长青路40号",
        "geocodes:长青路60号",
    ]
    assert list(placed.loc["notice-19", "evidence"]) == ["geocodes:长青路60号"]


def test_calibration_scales_the_uncertainty_and_gives_the_weight(placed: pd.DataFrame):
    row = placed.loc["notice-2"]
    assert row["weight"] == 0.75
    assert row["uncertainty_metres"] == pytest.approx(2 * (30 + 20 * 0.375), rel=0.01)


def test_the_same_again_changes_nothing_and_other_rows_do(city: City, located: Located):
    (again,) = locate_datasets(city, ["notices"])
    assert not again.changed
    assert again.run.run_id == located.run.run_id
    assert again.methods == located.methods


def test_more_rows_are_placed_anew(city: City, located: Located, tmp_path: Path):
    shutil.copytree(city.storage.root, tmp_path / "city")
    grown = dataclasses.replace(city, storage=Storage(str(tmp_path / "city")))
    added = (
        grown.rows("notices").where("object_id = 'notice-0'").withColumn("object_id", F.lit("new"))
    )
    added.write.format("delta").mode("append").save(grown.path("notices"))
    (again,) = locate_datasets(grown)
    assert again.changed
    assert again.run.rows_out == located.run.rows_out + 1
    assert read_placements(grown, "notices").select("run_id").distinct().count() == 1


def test_a_row_is_explained_by_its_key_with_all_that_was_considered(city: City, located: Located):
    explanation = explain_row(city, "notices", ["长青路45号"])
    assert explanation.parts.road == "长青路"
    assert explanation.areas == ["青山"]
    assert explanation.placement["method"] == "neighbours"
    assert [c["method"] for c in explanation.candidates] == ["neighbours", "road", "district"]


def test_what_cannot_be_asked_is_said(city: City):
    with pytest.raises(AddressError, match="shops; there are notices"):
        locate_datasets(city, ["shops"])
    with pytest.raises(AddressError, match="no row of key nobody"):
        explain_row(city, "notices", ["nobody"])
    with pytest.raises(DatasetError, match="has not been located"):
        read_placements(city, "geocodes")


def test_the_command_says_what_was_placed_and_writes_it(
    city: City, located: Located, tmp_path: Path
):
    (tmp_path / "datasets").mkdir()
    for name, declaration in city.declarations.items():
        written = yaml.safe_dump(declaration.model_dump(mode="json", exclude_unset=True))
        (tmp_path / f"datasets/{name}.yaml").write_text(written, encoding="utf-8")
    book = yaml.safe_dump(city.book.model_dump(mode="json", exclude_unset=True))
    (tmp_path / "addresses.yaml").write_text(book, encoding="utf-8")
    given = ("locate", "--container", city.storage.root, "--datasets", tmp_path / "datasets")
    given = (*given, "--addresses", tmp_path / "addresses.yaml")
    out = tmp_path / "placed.csv"
    result = run(*given, "notices", "--out", out)
    assert result.exit_code == 0, result.output
    assert "unchanged" in result.output
    assert "not placed: ambiguous" in result.output
    assert len(pd.read_csv(out)) == len(NOTICES)
    assert run(*given, "--explain", "x").exit_code == 2


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])
