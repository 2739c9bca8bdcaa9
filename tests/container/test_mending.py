"""Rows set aside, mended by a rule, and let in: counted, and kept as they came."""

import json

import pandas as pd
import pytest
from deltalake import DeltaTable

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
    with pytest.raises(DeclarationError, match=r"mend: .* id, name, lon, lat"):
        run({"reason": SWAPPED, "set": {"lon": "latt"}})
