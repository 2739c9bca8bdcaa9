"""Keys resolved one by one and as a frame, relations, and what the command line says."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
import shapely
import yaml
from small_city import FLATS, HOMES, City, record

from gridcontainer.container.declaration import Declaration
from gridcontainer.errors import DeclarationError, IdentityError
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.grid.neighbors import cell_to_neighbors
from gridcontainer.identity import PlaceMapping, load_mappings, relate, resolve, resolve_one
from gridcontainer.identity.confidential import find_hidden
from gridcontainer.identity.object_ids import to_object_id

RED = ("homes:red", "flats:red", 0.99)


@pytest.fixture(scope="module")
def linked(issued_once: City, tmp_path_factory: pytest.TempPathFactory) -> City:
    """A red home in two data sets, of which one is linked and then gone; a blue one is gone."""
    city = issued_once.copy(tmp_path_factory.mktemp("linked") / "container")
    city.link(RED)
    city.write("homes", {name: place for name, place in HOMES.items() if name != "blue"})
    city.issue()
    return city


def test_a_frame_of_keys_is_resolved_as_each_of_them_alone(linked: City):
    asked = ["homes:red", "flats:red", "homes:blue", "homes:none", "nowhere:x",
             'homes:{"name":"green"}', "flats:grey"]  # fmt: skip
    frame = linked.spark.createDataFrame(
        [tuple(key.split(":", 1)) for key in asked], "dataset string, key string"
    )
    found = resolve(linked.spark, linked.storage, frame).collect()
    rows = {f"{row['dataset']}:{row['key']}": row for row in found}
    assert set(rows) == set(asked)
    assert rows["nowhere:x"]["reason"] == "not a key of that data set"
    for key in set(asked) - {"nowhere:x"}:
        alone = resolve_one(linked.storage, key)
        assert rows[key]["reason"] == alone.reason
        assert rows[key]["object_id"] == (alone.object and alone.object["object_id"])
        keys = [key["record_id"] for key in rows[key]["keys"] or []]
        assert keys == [key["record_id"] for key in alone.keys]
    both = {to_object_id(record(name)) for name in ("homes:red", "flats:red")}
    survivor = rows["homes:red"]["object_id"]
    ids = linked.spark.createDataFrame([(one,) for one in [*both, "0" * 22]], "object_id string")
    found = resolve(linked.spark, linked.storage, ids).collect()
    assert {(row["asked_object_id"], row["object_id"]) for row in found} == {
        *((one, survivor) for one in both), ("0" * 22, None),
    }  # fmt: skip


def test_the_past_is_resolved_too(linked: City):
    issued = linked.table("objects").valid_from.min().to_pydatetime()
    before, after = issued - timedelta(days=1), issued + timedelta(milliseconds=1)
    assert resolve_one(linked.storage, "homes:red", as_of=before).reason == "unknown key"
    then = resolve_one(linked.storage, "flats:red", as_of=after)
    assert then.object["object_id"] == to_object_id(record("flats:red"))
    assert resolve_one(linked.storage, "homes:blue", as_of=after).reason is None
    frame = linked.spark.createDataFrame([(record("flats:red"),)], "record_id string")
    (row,) = resolve(linked.spark, linked.storage, frame, as_of=after).collect()
    assert (row["object_id"], len(row["keys"])) == (then.object["object_id"], 1)


def test_confidential_keys_and_names_are_not_shown(city: City):
    (homes,) = (d for d in city.declarations if d.dataset == "homes")
    secret = {"name": "confidential", "lon": "confidential"}
    declared = homes.model_copy(update={"sensitivity": secret, "label": "name"})
    city.write("homes", HOMES, confidential=True)
    hidden = find_hidden(city.storage.container, [declared])
    assert hidden.columns["homes"] >= {"business_key", "name", "lon", "cell", "grid_code"}
    row = {"dataset": "homes", "business_key": "x", "lon": 1.0, "object_id": "y"}
    assert hidden.mask(row) == row | {"business_key": "***", "lon": None}
    assert hidden.mask(row | {"dataset": "flats"}) == row | {"dataset": "flats"}
    # A table whose declaration is not at hand shows nothing.
    assert find_hidden(city.storage.container, []).columns["homes"] >= {"name", "lat"}
    asked = city.spark.createDataFrame([("homes", "red")], "dataset string, key string")
    (found,) = resolve(city.spark, city.storage, asked, hidden=hidden).collect()
    assert (found["name"], found["lon"], found["keys"][0]["business_key"]) == (None, None, None)
    assert found["object_id"] == to_object_id(record("homes:red"))


def streets(city: City) -> list[Declaration]:
    """Data sets of two streets as polygons, and of doors that name their street."""
    shapes = {"west": shapely.box(121.39, 31.19, 121.405, 31.23),
              "east": shapely.box(121.405, 31.19, 121.44, 31.23)}  # fmt: skip
    city.write("streets", [
        {"name": name, "lon": shape.centroid.x, "lat": shape.centroid.y, "geometry": shape.wkb}
        for name, shape in shapes.items()
    ])  # fmt: skip
    here = {"lon": 121.40, "lat": 31.2}
    names = ["west", "west", "east", "north", None]
    doors = [{"name": str(i), "street": street, **here} for i, street in enumerate(names)]
    city.write("doors", doors)
    (pattern, *_) = city.declarations
    relation = {"columns": ["street"], "dataset": "streets", "to": ["name"]}
    return [
        *city.declarations,
        pattern.model_copy(update={"dataset": "streets", "object_class": None}),
        Declaration.model_validate(
            pattern.model_dump(exclude_none=True)
            | {"dataset": "doors", "relations": [relation]}
        ),
    ]  # fmt: skip


def test_relations_resolve_before_and_after_linkage_with_those_of_place_beside(city: City):
    declared = streets(city)
    mappings = [
        PlaceMapping(mapping="in_streets", left="homes", right="streets", kind="within"),
        PlaceMapping(mapping="touching", left="streets", right="streets", kind="adjacent"),
        PlaceMapping(mapping="at_home", left="flats", right="homes", kind="same_cell", level=4),
        PlaceMapping(mapping="near_home", left="flats", right="homes", kind="adjacent", level=4),
        PlaceMapping(mapping="not_here", left="flats", right="palaces", kind="within"),
    ]
    before = {one.mapping: one for one in relate(city.spark, city.storage, declared, mappings)}
    assert "not_here" not in before
    doors = before["doors.street to streets"]
    assert (doors.kind, doors.resolved, doors.pairs) == ("declared", 3, 3)
    assert doors.with_objects == 0  # neither declares a class: relations need none
    assert before["in_streets"].pairs == len(HOMES)
    assert before["touching"].pairs == 1
    cells = {name: {key: int(lonlat_to_cell(*at, 4)) for key, at in places.items()}
             for name, places in (("homes", HOMES), ("flats", FLATS))}  # fmt: skip
    pairs = list(product(cells["flats"].values(), cells["homes"].values()))
    same = sum(a == b for a, b in pairs)
    near = sum(a in cell_to_neighbors(b, 4) for a, b in pairs)
    assert (before["at_home"].pairs, before["near_home"].pairs) == (same, near)
    assert before["same_object"].pairs == 0

    city.link(RED, ("flats:red", "houses:red", 0.9))
    after = {one.mapping: one for one in relate(city.spark, city.storage, declared, mappings)}
    assert after["same_object"].pairs == 3
    assert {name: one.resolved for name, one in before.items() if name != "same_object"} == {
        name: one.resolved for name, one in after.items() if name != "same_object"
    }
    relations = city.table("relations")
    now = relations[relations.valid_to.isna()]
    of_flats = now[(now.mapping == "at_home") & (now.record_left == record("flats:red"))]
    assert set(of_flats.object_left) == {resolve_one(city.storage, "flats:red").object["object_id"]}
    versions = city.versions()
    relate(city.spark, city.storage, declared, mappings)
    assert city.versions() == versions


def test_what_goes_together_is_related_and_stays_two_objects(city: City):
    state = city.state()
    near = [("shops:red", "homes:red", 0.9, "match"), ("shops:red", "flats:red", 0.8, "match")]
    _, settled = city.link(*near, link="shops_of_homes")
    assert (settled.by_reason(), settled.keys) == ({}, 0)
    assert city.state() == state
    (related,) = (r for r in relate(city.spark, city.storage, []) if r.kind == "match")
    assert (related.mapping, related.pairs, related.with_objects) == ("shops_of_homes", 2, 2)
    relations = city.table("relations")
    pairs = relations[["dataset_left", "record_left", "dataset_right", "record_right"]]
    assert set(pairs.itertuples(index=False, name=None)) == {
        (name, record(f"{name}:red"), "shops", record("shops:red")) for name in ("homes", "flats")
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"kind": "same_cell"}, "level is what same_cell needs"),
        ({"level": 4}, "level is of cells"),
        ({"right": "palaces"}, "palaces is not declared"),
        ({"kind": "near"}, "kind: "),
    ],
)
def test_a_faulty_mapping_is_told(tmp_path: Path, changed: dict, said: str):
    good = {"mapping": "homes_of_flats", "left": "homes", "right": "flats", "kind": "within"}
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(good))
    assert len(load_mappings(tmp_path, ["homes", "flats"])) == 1
    (tmp_path / "good.yaml").write_text(yaml.safe_dump(good | changed))
    with pytest.raises(DeclarationError, match=said):
        load_mappings(tmp_path, ["homes", "flats"])


def test_points_touch_nothing(city: City):
    touching = PlaceMapping(mapping="touching", left="homes", right="flats", kind="adjacent")
    with pytest.raises(IdentityError, match="points touch nothing: give a level"):
        relate(city.spark, city.storage, city.declarations, [touching])
