"""Objects and keys through all that can happen to their records and links.

The tables are read by another engine than the one that wrote them.
"""

import pytest
import shapely
from small_city import FLATS, HOMES, City, record

from gridcontainer.container.declaration import Position
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.errors import IdentityError
from gridcontainer.grid.cell import cell_to_bounds
from gridcontainer.grid.code3d import lonlat_to_code3d
from gridcontainer.identity import issue, replace_links, resolve_one, state
from gridcontainer.identity.covers import MOST_CELLS
from gridcontainer.identity.object_ids import to_object_id

RED, GREEN = ("homes:red", "flats:red", 0.99), ("homes:green", "flats:green", 0.9)


def test_each_record_gets_an_object_and_a_second_run_writes_nothing(city: City):
    objects, keys, before = city.table("objects"), city.table("keys"), city.versions()
    assert len(objects) == len(keys) == 9
    assert set(objects.status) == {"active"}
    assert set(objects.reason) == {"issued"}
    assert dict(zip(keys.record_id, keys.object_id, strict=True)) == {
        row.record_id: to_object_id(row.record_id) for row in keys.itertuples()
    }
    again = city.issue()
    assert not any(one.changed for one in again.values())
    assert city.versions() == before


def test_an_object_keeps_its_id_when_its_record_moves_goes_and_comes_back(city: City):
    city.write("homes", {"red": (121.5, 31.3), "green": HOMES["green"]})
    done = city.issue()["homes"]
    assert dict(done.reasons) == {"moved": 1, "retired": 1}
    assert (done.run.rows_in, done.run.rows_out) == (2, 2)
    assert resolve_one(city.storage, "homes:red").object["lon"] == 121.5
    gone = resolve_one(city.storage, "homes:blue")
    assert gone.object["status"] == "retired"
    assert gone.reason.startswith("retired")
    city.write("homes", HOMES)
    assert dict(city.issue()["homes"].reasons) == {"moved": 1, "returned": 1}
    of_red = city.table("objects").object_id == to_object_id(record("homes:red"))
    versions = city.table("objects")[of_red].sort_values("valid_from")
    assert versions.reason.tolist() == ["issued", "moved", "moved"]
    assert versions.lon.tolist() == [121.40, 121.5, 121.40]
    assert versions.valid_to.iloc[:-1].tolist() == versions.valid_from.iloc[1:].tolist()


def test_a_height_is_read_as_declared_and_an_unreadable_one_is_told(city: City):
    heights = ("1,632.5", "４.５", "--", None, "", "six", "1,63", "inf")
    rows = [
        {"name": f"h{n}", "lon": 121.4, "lat": 31.2, "metres": height}
        for n, height in enumerate(heights)
    ]
    city.write("homes", rows)
    plain = next(d for d in city.declarations if d.dataset == "homes").model_copy(
        update={"position": Position(lon="lon", lat="lat", height="metres")}
    )
    written = plain.model_copy(update={"numbers": {"metres": NumberFormat(thousands=",")}})
    for declared, first, unreadable in ((plain, None, 4), (written, 1632.5, 3)):
        for changed in (True, False):
            (one,) = issue(city.spark, city.storage, [declared])
            assert one.changed == changed
            assert one.run.mended == {"height is no number": unreadable}
            assert f"homes: {unreadable} heights are no number" in str(one.warning)
        found = [resolve_one(city.storage, f"homes:h{n}").object for n in range(len(rows))]
        assert [each["height"] for each in found] == [first, 4.5] + [None] * 6
    assert found[0]["grid_code_3d"] == lonlat_to_code3d(121.4, 31.2, 1632.5, 8)


def test_a_height_gives_a_3d_code_and_a_shape_a_cover(city: City):
    shape = shapely.box(121.39, 31.19, 121.44, 31.23)
    rows = [
        {"name": name, "lon": 121.4, "lat": 31.2, "metres": metres, "geometry": shape.wkb}
        for name, metres in (("low", "4.5"), ("high", "632"), ("none", ""), ("odd", "NaN"))
    ]
    city.write("homes", rows)
    declared = [
        d.model_copy(update={"position": Position(geometry="shape", height="metres")})
        for d in city.declarations
        if d.dataset == "homes"
    ]
    issue(city.spark, city.storage, declared)
    names = [row["name"] for row in rows]
    objects = {name: resolve_one(city.storage, f"homes:{name}").object for name in names}
    assert [objects[name]["height"] for name in names] == [4.5, 632.0, None, None]
    assert objects["high"]["grid_code_3d"] == lonlat_to_code3d(121.4, 31.2, 632.0, 8)
    assert objects["none"]["grid_code_3d"] is None
    cells, levels = objects["low"]["cover"], objects["low"]["cover_levels"]
    assert 9 < len(cells) == len(levels) <= MOST_CELLS
    boxes = [shapely.box(*cell_to_bounds(c, n)) for c, n in zip(cells, levels, strict=True)]
    assert shapely.union_all(boxes).covers(shape)
    assert all(box.intersects(shape) for box in boxes)


def test_links_merge_refuse_and_split(city: City):
    before = city.state()
    alike = ("homes:blue", "flats:grey", 0.6, "match")
    second = ("homes:red", "flats:grey", 0.7)
    other_class = ("homes:green", "shops:red", 0.8)
    _, settled = city.link(RED, GREEN, alike, second, other_class)
    assert settled.by_reason() == {"merged": 2}
    pairs = {frozenset({"homes:red", "flats:red"}), frozenset({"homes:green", "flats:green"})}
    assert city.groups() == pairs
    no_second = "would give the object a second record of flats"
    no_shop = "would make one object of community and shop"
    assert settled.refused == {no_second: 1, no_shop: 1}
    refused = city.table("links").set_index("probability").refused
    assert refused.to_dict() == {0.99: None, 0.9: None, 0.8: no_shop, 0.7: no_second, 0.6: None}
    objects = city.table("objects")
    merged = objects[objects.status == "merged"]
    assert set(merged.merged_into) <= set(objects[objects.valid_to.isna()].object_id)

    # The same again; a sum over parts of the data ends otherwise in its last digits.
    versions = city.versions()
    almost = (GREEN[0], GREEN[1], GREEN[2] + 1e-9)
    replaced, settled = city.link(RED, almost, alike, second, other_class)
    assert (replaced.links, replaced.opened, replaced.closed) == (5, 0, 0)
    assert (settled.by_reason(), settled.keys) == ({}, 0)
    assert city.versions() == versions

    city.link(RED, second, many={"flats"})
    assert city.groups() == {frozenset({"homes:red", "flats:red", "flats:grey"})}
    city.link()
    assert city.state() == before


def test_links_that_cannot_be_are_set_aside(city: City):
    edges = city.edges(
        ("homes:red", "homes:red", 0.9),
        ("homes:red", "flats:none", 0.9),
        ("homes:red", "flats:red", 1.5),
        ("homes:green", "flats:green", 0.9),
        ("flats:green", "homes:green", 0.8),
        ("homes:blue", "flats:grey", 0.9),
        ("homes:blue", "flats:grey", 0.9, "match"),
    )
    replaced = replace_links(city.spark, city.storage, "names", edges, "run")
    assert replaced.aside == {
        "record linked to itself": 1,
        "unknown record": 1,
        "no status or probability": 1,
        "repeated link": 1,
        "contradictory links": 2,
    }
    assert replaced.links == 1
    with pytest.raises(IdentityError, match="links of names have no column weight"):
        replace_links(city.spark, city.storage, "names", edges.drop("weight"), "run")


def test_an_object_outlives_the_record_that_it_was_issued_for(city: City):
    city.link(RED, GREEN)
    survivor = resolve_one(city.storage, "homes:red").object["object_id"]
    first = {to_object_id(record(name)): name for name in ("homes:red", "flats:red")}[survivor]
    (other,) = {"homes:red", "flats:red"} - {first}
    dataset = first.partition(":")[0]
    # Its position stands in the key of many a data set: corrected, it is another record.
    kept = {"homes": HOMES, "flats": FLATS}[dataset] | {"scarlet": (121.4, 31.2)}
    city.write(dataset, {name: place for name, place in kept.items() if name != "red"})
    city.issue()
    found = resolve_one(city.storage, other)
    assert (found.object["object_id"], found.object["status"]) == (survivor, "active")
    # The linkage no longer sees the record that is gone: that says nothing against its link.
    city.link(GREEN, (other, f"{dataset}:scarlet", 0.95))
    assert resolve_one(city.storage, f"{dataset}:scarlet").object["object_id"] == survivor
    assert resolve_one(city.storage, other).object["object_id"] == survivor


def test_a_run_that_was_killed_between_two_tables_is_mended_by_the_next(city: City, monkeypatch):
    write = state.write_changes

    def dies_at_objects(changes, path, *rest, **options):
        if path.endswith("objects"):
            raise KeyboardInterrupt
        return write(changes, path, *rest, **options)

    monkeypatch.setattr(state, "write_changes", dies_at_objects)
    with pytest.raises(KeyboardInterrupt):
        city.link(RED)
    monkeypatch.undo()
    assert city.groups() == {frozenset({"homes:red", "flats:red"})}
    assert set(city.table("objects").status) == {"active"}
    _, settled = city.link(RED)
    assert (settled.by_reason(), settled.keys) == ({"merged": 1}, 0)


def test_repeated_keys_are_set_aside_with_their_reason(city: City):
    here = {"lon": 121.4, "lat": 31.2}
    city.write(
        "homes",
        [
            {"name": "a\x1fb", "no": "c", **here},
            {"name": "a", "no": "b\x1fc", **here},
            {"name": "two", "no": "1", **here},
            {"name": "two", "no": "1", "lon": 121.5, "lat": 31.3},
            {"name": "same", "no": "1", **here},
            {"name": "same", "no": "1", **here},
        ],
        key="name,no",
    )
    run = city.issue()["homes"].run
    assert run.reasons == {"key collision": 1, "one key at two places": 1, "repeated key": 1}
    assert (run.rows_in, run.rows_out, run.rows_quarantined) == (6, 3, 3)


def test_what_cannot_have_identities_is_told(city: City):
    declared = city.declarations
    without_class = [d.model_copy(update={"object_class": None}) for d in declared]
    with pytest.raises(IdentityError, match="homes: no object_class in the declaration"):
        issue(city.spark, city.storage, without_class, ["homes"])
    with pytest.raises(IdentityError, match="has an object_class in its declaration"):
        issue(city.spark, city.storage, without_class)
    with pytest.raises(IdentityError, match="not declared: nowhere"):
        issue(city.spark, city.storage, declared, ["nowhere"])
    city.write("homes", [{"name": "red", "lon": 121.4, "lat": 31.2}], key="")
    with pytest.raises(IdentityError, match="homes has no business key"):
        issue(city.spark, city.storage, declared, ["homes"])
    (city.root / "datasets/housing/homes/_delta_log").rename(city.root / "gone")
    with pytest.raises(LookupError, match="no data set homes"):
        issue(city.spark, city.storage, declared, ["homes"])
