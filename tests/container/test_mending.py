"""Rows set aside, mended by a rule, and let in: counted, and kept as they came."""

import json
from functools import partial

import pandas as pd
import pytest
from deltalake import DeltaTable

from gridcontainer.container.ingest import release as release_module
from gridcontainer.container.storage import Storage
from gridcontainer.errors import DeclarationError

SWAPPED, OUTSIDE, REPEATED = (
    "longitude and latitude swapped", "outside the city", "repeated key",
)  # fmt: skip
SWAP = {"reason": SWAPPED, "set": {"lon": "lat", "lat": "lon"}}
LINES = [
    "id,name,lon,lat",
    "a,Alpha,121.47,31.23",
    "b,Beta,31.20,121.40",  # swapped
    "c,Gamma,31.10,121.50",  # swapped, and its key is d's below, so that it must stay aside
    "c,Gamma two,121.51,31.11",
    "e,Epsilon,1214000,312000",  # degrees by ten thousand
    "f,Zeta,0,0",
]


@pytest.fixture
def run(tmp_path, ingest, declare):
    (tmp_path / "places.csv").write_text("\n".join(LINES) + "\n")

    def bring(*rules):
        result = ingest(declare(key=["id"], mend=list(rules)))
        rows = DeltaTable(str(tmp_path / "container/datasets/planning/places")).to_pandas()
        aside = DeltaTable(str(tmp_path / "container/quarantine")).to_pandas()
        return result.run, rows, aside

    return bring


def still(aside: pd.DataFrame) -> dict[int, str]:
    waiting = aside[aside["mended"].isna()]
    return dict(zip(waiting["source_row"], waiting["reason"], strict=True))


def test_without_rules_nothing_is_mended(run):
    done, rows, aside = run()
    assert sorted(rows["id"]) == ["a", "c"]
    assert still(aside) == {2: SWAPPED, 3: SWAPPED, 5: "not degrees", 6: "zero position"}
    assert done.mended == {}


def test_a_rule_lets_rows_in_and_they_are_kept_as_they_came(run):
    done, rows, aside = run(SWAP)
    assert (done.rows_in, done.rows_out, done.rows_quarantined) == (6, 3, 3)
    assert done.mended == {SWAPPED: 1}
    mended = rows.set_index("id").loc["b"]
    assert (mended["lon"], mended["lat"]) == (121.40, 31.20)
    kept = aside[aside["mended"].notna()].iloc[0]
    assert kept["mended"] == "lon = lat, lat = lon"
    assert json.loads(kept["row"]) == {"id": "b", "name": "Beta", "lon": "31.20", "lat": "121.40"}


def test_a_mended_row_never_takes_the_key_of_a_sound_one(run):
    _, rows, aside = run(SWAP)
    assert rows.set_index("id").loc["c"]["name"] == "Gamma two"
    assert still(aside)[3] == SWAPPED
    assert json.loads(aside.set_index("source_row").loc[3]["row"])["lon"] == "31.10"


def test_a_rule_may_be_for_some_rows_only_and_compute(run):
    scale = {
        "reason": "not degrees",
        "where": "id = 'e'",
        "set": {"lon": "lon / 10000", "lat": "lat / 10000"},
    }
    done, rows, _ = run(SWAP, scale)
    assert done.mended == {SWAPPED: 1, "not degrees": 1}
    assert rows.set_index("id").loc["e"][["lon", "lat"]].tolist() == [121.4, 31.2]


def test_a_rule_that_does_not_help_leaves_the_row_as_it_came(run):
    done, _, aside = run({"reason": "zero position", "set": {"lon": "'5'"}})
    assert done.mended == {}
    assert still(aside)[6] == "zero position"
    assert json.loads(aside.set_index("source_row").loc[6]["row"])["lon"] == "0"


def test_a_new_rule_lets_in_what_waits_and_touches_nothing_else(run):
    _, before, _ = run()
    done, rows, _ = run(SWAP)
    assert (done.inserted, done.updated) == (1, 0)
    runs = rows.set_index("id")["run_id"]
    assert runs["a"] == before.set_index("id")["run_id"]["a"]
    assert runs["b"] == done.run_id


def test_a_faulty_rule_is_told_with_the_columns_there_are(run):
    with pytest.raises(
        DeclarationError, match=r"mend\.0\.set\.lon: 'latt': no column latt; .* lat"
    ):
        run({"reason": SWAPPED, "set": {"lon": "latt"}})


# Release, without the source


@pytest.fixture
def waiting(run, tmp_path, spark, city, declare):
    """Rows set aside by an ingest without rules, whose source is gone; and how to release them."""
    first, _, _ = run()
    (tmp_path / "places.csv").unlink()
    storage = Storage(str(tmp_path / "container"))
    declaration = declare(key=["id"], mend=[SWAP])
    options = {"city": city, "storage": storage}
    return first, partial(release_module.release_rows, declaration, **options), tmp_path


def tables(folder):
    rows = DeltaTable(str(folder / "container/datasets/planning/places")).to_pandas()
    aside = DeltaTable(str(folder / "container/quarantine")).to_pandas()
    runs = DeltaTable(str(folder / "container/ops/runs")).to_pandas()
    return rows, aside, runs.sort_values("started").iloc[-1]


def test_a_release_needs_no_source_and_does_nothing_twice(waiting, spark, city, declare):
    first, release, folder = waiting
    declaration = declare(key=["id"], mend=[SWAP])
    tried = release_module.try_rules(
        declaration, city=city, storage=Storage(str(folder / "container"))
    )
    assert (tried.aside, tried.released) == (2, 1)  # the table has the key of the other
    assert release() == release_module.Released(aside=2, released=1)
    rows, aside, run = tables(folder)
    assert rows.set_index("id").loc["b"][["lon", "lat"]].tolist() == [121.40, 31.20]
    assert rows.set_index("id").loc["c"]["name"] == "Gamma two"
    assert still(aside) == {3: SWAPPED, 5: "not degrees", 6: "zero position"}
    assert (run["job"], run["rows_in"], run["rows_out"], run["rows_quarantined"]) == (
        "release", 6, 3, 3,
    )  # fmt: skip
    assert run["fingerprint"] == first.fingerprint
    assert release().released == 0
    assert len(tables(folder)[0]) == len(rows)


def test_a_release_that_is_killed_is_run_again(waiting, monkeypatch):
    _, release, folder = waiting
    with monkeypatch.context() as patch:
        patch.setattr(release_module, "_mark", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            release()
    assert release().released == 1
    rows, aside, run = tables(folder)
    assert sorted(rows["id"]) == ["a", "b", "c"]
    assert 2 not in still(aside)
    assert run["rows_in"] == run["rows_out"] + run["rows_quarantined"]


def test_a_release_that_is_killed_before_the_ledger_writes_it_the_next_time(waiting, monkeypatch):
    first, release, folder = waiting
    with monkeypatch.context() as patch:
        patch.setattr(
            release_module, "_record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            release()
    assert tables(folder)[2]["run_id"] == first.run_id
    assert release().released == 0
    _, _, run = tables(folder)
    assert (run["job"], run["rows_out"], run["rows_quarantined"]) == ("release", 3, 3)
    path = folder / "container/datasets/planning/places"
    assert run["table_version"] == DeltaTable(str(path)).version()


def test_a_row_is_not_taken_for_another_that_had_its_number_in_the_file_before(
    tmp_path, spark, city, ingest, declare
):
    source, good = tmp_path / "places.csv", ["a,Alpha,121.47,31.23", "b,Beta,121.48,31.24"]
    source.write_text("\n".join([LINES[0], *good]) + "\n")
    ingest(declare(key=["id"]))
    later = ["z,Zeta,121.40,31.20", "b,Beta of old,31.24,121.49", *good]  # the table's b was row 2
    source.write_text("\n".join([LINES[0], *later]) + "\n")
    ingest(declare(key=["id"]))
    storage = Storage(str(tmp_path / "container"))
    done = release_module.release_rows(declare(key=["id"], mend=[SWAP]), city=city, storage=storage)
    assert done == release_module.Released(aside=1, released=0)
    rows, aside, run = tables(tmp_path)
    assert sorted(rows["name"]) == ["Alpha", "Beta", "Zeta"]
    assert still(aside) == {2: SWAPPED}
    assert run["rows_in"] == run["rows_out"] + run["rows_quarantined"] == 4


# What a rule must not do to the rows that it is not for


def test_rows_without_a_key_are_mended_and_the_others_stay_letter_for_letter(
    tmp_path, ingest, declare
):
    """Without a key no window stands between the two judgements, and the plan must not outgrow."""
    lines = ["id,name,lon,lat", "7,A,121.4700,31.23", "x,B,1214000,312000", "y,C,none,31.2"]
    (tmp_path / "places.csv").write_text("\n".join(lines) + "\n")
    scale = {
        "reason": "not degrees",
        "where": "name = 'B'",
        "set": {"lon": "lon / 10000", "lat": "lat / 10000"},
    }
    number = {"reason": "missing position", "where": "id > 5", "set": {"lon": "'121.4'"}}
    run = ingest(declare(mend=[scale, number])).run
    rows, aside, _ = tables(tmp_path)
    assert dict(zip(rows["id"], rows["source_lon"], strict=True)) == {"7": "121.4700", "x": "121.4"}
    assert still(aside) == {3: "position is not a number"}
    assert run.mended == {"not degrees": 1}


def test_a_broken_row_has_no_columns_to_mend(tmp_path, spark, city, ingest, declare):
    lines = ['{"id": "a", "lon": "121.47", "lat": "31.2"}', '{"id": "b", "lon": ']
    (tmp_path / "places.csv").write_text("\n".join(lines) + "\n")
    ingest(declare(format="jsonlines"))
    rule = {"reason": "broken row", "set": {"lon": "'121.4'", "lat": "'31.2'"}}
    storage = Storage(str(tmp_path / "container"))
    done = release_module.release_rows(
        declare(format="jsonlines", mend=[rule]), city=city, storage=storage
    )
    assert done == release_module.Released(aside=0, released=0)
    assert tables(tmp_path)[0]["id"].tolist() == ["a"]
