"""Rows without positions in a made-up city: where each must be, and that none is lost."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from gridcontainer.addresses import locate_datasets, read_placements
from gridcontainer.addresses.explain import explain_row
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import Located
from gridcontainer.errors import AddressError, DatasetError
from gridcontainer.grid import lonlat_to_code
from tests.addresses.conftest import GEOD, known_addresses, on_road

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
    ("无名花园", None, None, None, None, 0),
    ("\ufffd青路", None, None, None, None, 0),
    ("", None, None, None, None, 0),
    ("不知道的花园", "青山区", "长青路60号", "key", on_road(east=60), 1),
    # The key's position lies in another district than the row: the text is believed.
    ("红叶苑", "白水区", "长青路80号", "place", (121.15, 31.02), 1),
]
REASONS = {"ambiguous": 1, "name not in the gazetteer": 1, "characters lost": 1, "no address": 1}


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
        assert pd.isna(row["lon"]) and pd.isna(row["cell"])
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
    assert list(placed.loc["notice-17", "evidence"]) == ["geocodes:长青路60号"]


def test_calibration_scales_the_uncertainty_and_gives_the_weight(placed: pd.DataFrame):
    row = placed.loc["notice-2"]
    assert row["weight"] == 0.75
    assert row["uncertainty_metres"] == pytest.approx(2 * (30 + 20 * 0.375), rel=0.01)


def test_the_same_again_changes_nothing_and_other_rows_do(city: City, located: Located):
    (again,) = locate_datasets(city, ["notices"])
    assert not again.changed
    assert again.run.run_id == located.run.run_id
    assert again.methods == located.methods


def test_more_rows_are_placed_anew(make_city: Callable[..., City], tmp_path: Path):
    city = make_city(tmp_path, [("长青路40号", None, None)])
    (first,) = locate_datasets(city)
    more = city.rows("notices").selectExpr("'new' AS object_id", "place", "district", "address")
    more.write.format("delta").mode("append").save(city.path("notices"))
    (second,) = locate_datasets(city)
    assert (first.run.rows_out, second.run.rows_out) == (1, 2)
    assert read_placements(city, "notices").select("run_id").distinct().count() == 1


def test_a_row_is_explained_by_its_key_with_all_that_was_considered(city: City, located: Located):
    explanation = explain_row(city, "notices", ["长青路45号"])
    assert explanation.parts.road == "长青路"
    assert explanation.areas == ["青山"]
    assert explanation.placement["method"] == "neighbours"
    assert [c["method"] for c in explanation.candidates] == ["neighbours", "road", "district"]
    assert explain_row(city, "notices", ["notice-2"]).placement == explanation.placement


def test_what_cannot_be_asked_is_said(city: City, spark: SparkSession):
    with pytest.raises(AddressError, match="shops; there are notices"):
        locate_datasets(city, ["shops"])
    with pytest.raises(AddressError, match="no row of key nobody"):
        explain_row(city, "notices", ["nobody"])
    with pytest.raises(DatasetError, match="has not been located"):
        read_placements(city, "geocodes")


def test_every_known_address_is_found_where_it_is(make_city: Callable[..., City], tmp_path: Path):
    known = known_addresses()
    unique = [text for text in known if "红叶苑" not in text]
    city = make_city(tmp_path, [(text, None, None) for text in unique])
    locate_datasets(city)
    rows = read_placements(city, "notices").collect()
    assert len(rows) == len(unique)
    for row in rows:
        place = known[unique[int(row["object_id"].removeprefix("notice-"))]]
        assert GEOD.inv(row["lon"], row["lat"], *place)[2] < 0.01
