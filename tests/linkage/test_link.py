"""A linkage from records to objects, held against the truth of the made-up city."""

import json
import math
import shutil
from pathlib import Path

import pytest
from city import CONF, LinkedCity
from click.testing import CliRunner
from pyspark.sql import SparkSession, functions as F

from gridcontainer.cli.main import cli
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DeclarationError, LinkError
from gridcontainer.identity import IdentityStorage, explain
from gridcontainer.linkage import link_datasets, load_links
from gridcontainer.linkage.model import PRIOR
from gridcontainer.sample import Truth

pytestmark = pytest.mark.spark


def _true_pairs(city: LinkedCity, sample: Truth) -> set[frozenset[str]]:
    """Pairs of record ids that show one community, by the keys that the sample's truth names."""
    keys = city.open_rows("keys")
    names = keys["business_key"].map(lambda text: "|".join(json.loads(text).values()))
    ids = dict(zip(zip(keys["dataset"], names, strict=True), keys["record_id"], strict=True))
    datasets = {"communities_bd09": "communities", "communities_wgs84": "community_listings"}
    links = sample.links[sample.links["class"] == "community"].replace(datasets)
    sides = [
        [ids.get(key) for key in zip(links[f"{s}_dataset"], links[f"{s}_key"], strict=True)]
        for s in ("left", "right")
    ]
    return {frozenset(pair) for pair in zip(*sides, strict=True) if None not in pair}


def test_links_are_the_true_ones(linked_city: LinkedCity, sample: Truth) -> None:
    truth = _true_pairs(linked_city, sample)
    keys = linked_city.open_rows("keys")
    found = {
        frozenset(group["record_id"]) for _, group in keys.groupby("object_id") if len(group) > 1
    }
    assert len(truth) > 80
    assert len(found & truth) >= 0.95 * len(truth)
    assert len(found & truth) >= 0.95 * len(found)


def test_a_weight_is_the_sum_of_its_evidence(linked_city: LinkedCity) -> None:
    links = linked_city.open_rows("links")
    for link in links.itertuples():
        weights = [part["weight"] for part in link.evidence]
        assert sum(weights) == pytest.approx(link.weight, abs=0.01)
        assert link.probability == pytest.approx(1 / (1 + 2.0**-link.weight), abs=1e-4)
        assert link.evidence[0]["comparison"] == PRIOR
        assert [part["comparison"] for part in link.evidence[1:]] == [
            "name", "address", "distance",
        ]  # fmt: skip
    assert (links["probability"] >= linked_city.linked.threshold).all()


def test_the_same_records_again_change_nothing(
    spark: SparkSession, linked_city: LinkedCity
) -> None:
    names = ("objects", "keys", "links")
    before = [linked_city.version(name) for name in names]
    where = {
        "links": CONF / "sample/links",
        "datasets": CONF / "sample",
        "city": CONF / "city/shanghai.yaml",
        "container": linked_city.storage.container.root,
    }
    options = [f"--{name}={value}" for name, value in where.items()]
    said = CliRunner().invoke(cli, ["link", "communities", "--weights", *options])
    assert said.exit_code == 0, said.output
    assert "(0 new, 0 closed)" in said.output
    assert "model of an earlier run" in said.output
    assert "same core, other part" in said.output
    assert [linked_city.version(name) for name in names] == before
    assert not spark.sql("SHOW VIEWS LIKE '*splink*'").collect()


def test_a_linkage_that_does_not_merge_leaves_objects_alone(
    spark: SparkSession, linked_city: LinkedCity, tmp_path: Path
) -> None:
    shutil.copytree(linked_city.storage.container.root, tmp_path / "container")
    storage = IdentityStorage(Storage(str(tmp_path / "container")))
    city = LinkedCity(storage, linked_city.link, linked_city.linked)
    matching = city.link.model_copy(update={"merges": False})
    linked = link_datasets(spark, storage, matching)
    assert not linked.is_trained  # what links do is no matter of the model
    assert linked.replaced.links == linked_city.linked.replaced.links > 0
    links, keys = city.open_rows("links"), city.open_rows("keys")
    assert set(links["status"]) == {"match"}
    assert keys["object_id"].is_unique  # those that the merges had made one are two again
    assert set(keys["method"]) == {"issued"}
    told = explain(storage, *links.iloc[0][["record_left", "record_right"]])
    assert [step.effect for step in told.steps] == ["goes with it, as another object"]


def test_candidates_are_all_pairs_in_reach(spark: SparkSession, linked_city: LinkedCity) -> None:
    """Brute force over all pairs: none is lost on the edge of a cell, none comes twice."""
    objects = linked_city.table("objects")
    objects = objects[objects["reason"] == "issued"]
    frame = spark.createDataFrame(objects[["record_id", "dataset", "lon", "lat"]])
    left, right = (frame.where(F.col("dataset") == n) for n in linked_city.link.datasets)
    across = left.alias("l").crossJoin(right.alias("r"))
    metres = F.expr("ST_DistanceSpheroid(ST_Point(l.lon, l.lat), ST_Point(r.lon, r.lat))")
    near = across.where(metres <= linked_city.link.reach).count()
    assert linked_city.linked.candidates == near > 100


def test_levels_weigh_as_they_should(linked_city: LinkedCity) -> None:
    weights = {(c, level): w for c, level, w in linked_city.linked.settings.weights}
    assert weights["name", "same name"] > 5
    assert weights["name", "other"] < 0
    assert weights["name", "same core, other part"] < 0
    assert weights["distance", "within 25 m"] > 0 > weights["distance", "within 300 m"]
    assert all(math.isfinite(weight) for weight in weights.values())


def test_a_data_set_without_position_or_column_is_an_error(
    spark: SparkSession, linked_city: LinkedCity
) -> None:
    source = linked_city.link.sources[0].model_copy(update={"name": "nobody"})
    link = linked_city.link.model_copy(update={"sources": [source, linked_city.link.sources[1]]})
    with pytest.raises(LinkError, match="communities has no column nobody"):
        link_datasets(spark, linked_city.storage, link)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("reach: 300", "reach: -1"),
        ("metres: [25, 50, 100, 200, 300]", "metres: [50, 25]"),
        ("dataset: communities,", "dataset: nobody,"),
        ("kind: address", "kind: colour"),
        ("kind: address", "kind: places"),
        ("dataset: community_listings", "dataset: communities"),
    ],
)
def test_a_faulty_declaration_names_its_file(tmp_path: Path, line: str, message: str) -> None:
    text = (CONF / "sample/links/communities.yaml").read_text()
    assert line in text
    (tmp_path / "faulty.yaml").write_text(text.replace(line, message))
    with pytest.raises(DeclarationError, match=r"faulty\.yaml"):
        load_links(tmp_path, ["communities", "community_listings"])
