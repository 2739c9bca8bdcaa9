"""Objects and keys through all that can happen to their records and links.

The tables are read by another engine than the one that wrote them.
"""

import pytest
from small_city import FLATS, HOMES, City, record

from gridcontainer.errors import IdentityError
from gridcontainer.identity import issue, replace_links, resolve_one, state
from gridcontainer.identity.object_ids import to_object_id

LINKS = [("homes:red", "flats:red", 0.99), ("homes:green", "flats:green", 0.9)]


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
    red = to_object_id(record("homes:red"))  # noqa: F841 - the query below names it
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
    versions = city.table("objects").query("object_id == @red").sort_values("valid_from")
    assert versions.reason.tolist() == ["issued", "moved", "moved"]
    assert versions.lon.tolist() == [121.40, 121.5, 121.40]
    assert versions.valid_to.iloc[:-1].tolist() == versions.valid_from.iloc[1:].tolist()


def test_linked_records_share_the_object_and_are_split_again(city: City):
    before = city.state()
    _, settled = city.link(*LINKS)
    assert settled.by_reason() == {"merged": 2}
    assert city.groups() == {
        frozenset({"homes:red", "flats:red"}),
        frozenset({"homes:green", "flats:green"}),
    }
    merged = city.table("objects").query("status == 'merged'")
    active = set(city.table("objects").query("status == 'active' and valid_to.isna()").object_id)
    assert set(merged.merged_into) <= active
    _, settled = city.link(*LINKS[:1])
    assert settled.by_reason() == {"split": 1}
    _, settled = city.link()
    assert settled.by_reason() == {"split": 1}
    assert city.state() == before


def test_the_same_links_again_write_nothing(city: City):
    city.link(*LINKS, ("homes:blue", "flats:grey", 0.6, "match"))
    before = city.versions()
    replaced, settled = city.link(*LINKS, ("homes:blue", "flats:grey", 0.6, "match"))
    assert (replaced.links, replaced.opened, replaced.closed) == (3, 0, 0)
    assert (settled.by_reason(), settled.keys) == ({}, 0)
    # A sum over parts of the data ends otherwise in its last digits.
    replaced, _ = city.link(*[(*pair, p + 1e-9) for *pair, p in LINKS],
                            ("homes:blue", "flats:grey", 0.6, "match"))  # fmt: skip
    assert city.versions() == before
    assert "match" in set(city.table("links").status)
    assert len(city.groups()) == 2


def test_two_records_of_one_data_set_are_not_one_object_unless_it_is_allowed(city: City):
    edges = [("homes:red", "flats:red", 0.99), ("homes:red", "flats:grey", 0.7)]
    _, settled = city.link(*edges)
    assert city.groups() == {frozenset({"homes:red", "flats:red"})}
    (reason,) = settled.refused
    assert reason == "would give the object a second record of flats"
    links = city.table("links").set_index("probability").refused
    assert links[0.7] == reason
    assert links[0.99] is None
    city.link(*edges, many={"flats"})
    assert city.groups() == {frozenset({"homes:red", "flats:red", "flats:grey"})}


def test_two_classes_are_never_one_object(city: City):
    _, settled = city.link(("homes:red", "shops:red", 0.99))
    assert settled.refused == {"would make one object of community and shop": 1}
    assert city.groups() == set()


def test_links_that_cannot_be_are_set_aside(city: City):
    replaced, _ = city.link(
        ("homes:red", "homes:red", 0.9),
        ("homes:red", "flats:none", 0.9),
        ("homes:red", "flats:red", 1.5),
        ("homes:green", "flats:green", 0.9),
        ("flats:green", "homes:green", 0.8),
        ("homes:blue", "flats:grey", 0.9),
        ("homes:blue", "flats:grey", 0.9, "match"),
    )
    assert replaced.aside == {
        "record linked to itself": 1,
        "unknown record": 1,
        "no status or probability": 1,
        "repeated link": 1,
        "contradictory links": 2,
    }
    assert replaced.links == 1
    frame = city.edges().drop("weight")
    with pytest.raises(IdentityError, match="links of names have no column weight"):
        replace_links(city.spark, city.storage, "names", frame, "run")


def test_an_object_outlives_the_record_that_it_was_issued_for(city: City):
    first = resolve_one(city.storage, "homes:red").object["object_id"]
    city.link(*LINKS)
    held = {
        resolve_one(city.storage, ref).object["object_id"] for ref in ("homes:red", "flats:red")
    }
    assert len(held) == 1
    (survivor,) = held
    owner = "homes" if survivor == first else "flats"
    city.write(owner, {k: v for k, v in {"homes": HOMES, "flats": FLATS}[owner].items()
                       if k != "red"})  # fmt: skip
    city.issue()
    other = "flats:red" if owner == "homes" else "homes:red"
    kept = resolve_one(city.storage, other)
    assert (kept.object["object_id"], kept.object["status"]) == (survivor, "active")
    # The linkage no longer sees the record; that says nothing against its link.
    city.link(LINKS[1])
    assert resolve_one(city.storage, other).object["object_id"] == survivor
    # The corrected record, under a new key, is the same thing.
    city.write(owner, {"scarlet": (121.4, 31.2)})
    city.issue()
    city.link((other, f"{owner}:scarlet", 0.95))
    assert resolve_one(city.storage, f"{owner}:scarlet").object["object_id"] == survivor


def test_a_run_that_was_killed_between_two_tables_is_mended_by_the_next(city: City, monkeypatch):
    whole = city.copy(city.root.parent / "whole")
    whole.link(*LINKS)
    write = state.write_changes

    def dies_at_objects(changes, path, *rest, **options):
        if path.endswith("objects"):
            raise KeyboardInterrupt
        return write(changes, path, *rest, **options)

    monkeypatch.setattr(state, "write_changes", dies_at_objects)
    with pytest.raises(KeyboardInterrupt):
        city.link(*LINKS)
    monkeypatch.undo()
    assert city.state() != whole.state()
    city.link(*LINKS)
    assert city.state() == whole.state()


def test_repeated_keys_are_set_aside_with_their_reason(city: City):
    # An ingest lets none of these in; a table that was written otherwise may have them.
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
    city.write("homes", HOMES)
    (city.root / "datasets/housing/homes/_delta_log").rename(city.root / "gone")
    with pytest.raises(LookupError, match="no data set homes"):
        issue(city.spark, city.storage, declared, ["homes"])
