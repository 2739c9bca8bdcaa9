"""The registry: issued once, changed with history, withdrawn, found; bad rows are set aside."""

from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake

from gridcontainer.container.declaration import CityProfile, load_city
from gridcontainer.container.storage import Storage
from gridcontainer.errors import CodeError, SourceError, TagError
from gridcontainer.grid import cell_to_code, lonlat_to_cell
from gridcontainer.tags.identifier import make_tag_id
from gridcontainer.tags.lookup import find_tags
from gridcontainer.tags.registry import issue, withdraw
from gridcontainer.tags.requests import dataset_requests, read_requests
from gridcontainer.tags.tables import registry_path

pytestmark = pytest.mark.spark
CITY = Path(__file__).parents[2] / "conf/city/shanghai.yaml"
PLACES = {"a": (121.47, 31.23), "b": (121.471, 31.231), "c": (121.9, 31.0)}
AREA = "N51H263D3"  # level 4, of a and b
REQUESTS = f"""\
class,issuer,dataset,object_id,code,name
stop,traffic,stops,a,,A
area,planning,,,{AREA.lower()},Centre
boat,planning,,,{AREA},
area,navy,,,{AREA},
area,planning,,,N51Z,
stop,traffic,stops,nowhere,,
stop,traffic,nothing,a,,
stop,traffic,stops,a,{AREA},
stop,traffic,stops,,,
area,planning,,,{AREA},again
stop,traffic,stops,b
"""
REASONS = {
    "unknown class": 1, "unknown issuer": 1, "unreadable code": 1, "unknown object": 2,
    "names not one subject": 2, "repeated request": 1, "broken row": 1,
}  # fmt: skip


def write_stops(storage: Storage, places: dict[str, tuple[float, float]]) -> None:
    cells = [lonlat_to_cell(lon, lat, 8) for lon, lat in places.values()]
    rows = pd.DataFrame(
        {
            "object_id": list(places),
            "cell": cells,
            "grid_code": [str(cell_to_code(cell, 8)) for cell in cells],
            "grid_level": pd.array([8] * len(cells), dtype="Int8"),
            "lon": [lon for lon, _ in places.values()],
            "lat": [lat for _, lat in places.values()],
            "source_file": "stops.csv",
            "source_row": range(1, len(cells) + 1),
            "name": [name.upper() for name in places],
        }
    )
    write_deltalake(storage.dataset("traffic", "stops"), rows, mode="overwrite")


@pytest.fixture(scope="module")
def city() -> CityProfile:
    return load_city(CITY)


@pytest.fixture(scope="module")
def filled(spark, city, tmp_path_factory) -> Storage:
    """A registry made of a file and of a data set; the tests of it are in their order."""
    folder = tmp_path_factory.mktemp("tags")
    storage = Storage(str(folder / "container"))
    write_stops(storage, PLACES)
    (folder / "wanted.csv").write_text(REQUESTS, encoding="utf-8")
    return storage


def issue_file(spark, city, storage: Storage):
    path = Path(storage.root).parent / "wanted.csv"
    return issue(read_requests(spark, path), city=city, storage=storage, name="wanted")


def issue_stops(spark, city, storage: Storage):
    rows = spark.read.format("delta").load(storage.dataset("traffic", "stops"))
    requests = dataset_requests(
        rows, dataset="stops", tag_class="stop", issuer="traffic", attributes=["name"]
    )
    return issue(requests, city=city, storage=storage, name="stops")


def states(storage: Storage) -> pd.DataFrame:
    return DeltaTable(registry_path(storage)).to_pandas().sort_values(["tag_id", "valid_from"])


def test_bad_rows_are_set_aside_and_the_others_go_in(spark, city, filled):
    done = issue_file(spark, city, filled)
    assert (done.new, done.changed, done.known) == (2, 0, 0)
    assert done.run.reasons == REASONS
    assert done.run.rows_in == 11 == done.run.rows_out + done.run.rows_quarantined
    aside = DeltaTable(filled.quarantine).to_pandas()
    assert set(aside["dataset"]) == {"tags.wanted"}
    assert dict(aside.groupby("reason").size()) == REASONS
    rows = states(filled).set_index("subject_kind")
    assert rows.loc["object", "tag_id"] == make_tag_id("traffic", "a", "stop")
    assert rows.loc["cell", "tag_id"] == make_tag_id("planning", AREA, "area")
    assert dict(rows.loc["cell", "attributes"]) == {"name": "Centre"}
    cell = lonlat_to_cell(*PLACES["a"], 8)
    assert (rows.loc["object", "cell"], rows.loc["object", "lon"]) == (cell, PLACES["a"][0])


def test_the_same_again_changes_nothing(spark, city, filled):
    before = DeltaTable(registry_path(filled)).version()
    done = issue_file(spark, city, filled)
    assert (done.new, done.changed, done.known) == (0, 0, 2)
    assert done.run.reasons == REASONS
    assert DeltaTable(registry_path(filled)).version() == before
    assert len(DeltaTable(filled.quarantine).to_pandas()) == sum(REASONS.values())


def test_a_data_set_adds_what_is_not_there_yet(spark, city, filled):
    done = issue_stops(spark, city, filled)  # a has its tag, with the same attributes
    assert (done.new, done.changed, done.known) == (2, 0, 1)


def test_a_moved_object_keeps_its_tag_and_its_history(spark, city, filled):
    write_stops(filled, PLACES | {"c": (121.5, 31.3)})
    done = issue_stops(spark, city, filled)
    assert (done.new, done.changed, done.known) == (0, 1, 2)
    tag = make_tag_id("traffic", "c", "stop")
    history = states(filled)
    before, after = history[history["tag_id"] == tag].to_dict("records")
    assert (before["lon"], after["lon"]) == (PLACES["c"][0], 121.5)
    assert before["valid_to"] == after["valid_from"]
    assert pd.isna(after["valid_to"])
    assert before["issued_at"] == after["issued_at"]


@pytest.mark.parametrize("length", [4, 6, 7, 9, 11, 12, 14, 16])
def test_tags_are_found_by_every_beginning_of_their_code(filled, length):
    everything = find_tags(filled).to_pylist()
    for code in {
        row["grid_code"][:length] for row in everything if len(row["grid_code"]) >= length
    }:
        wanted = {row["tag_id"] for row in everything if row["grid_code"].startswith(code)}
        assert {row["tag_id"] for row in find_tags(filled, codes=[code]).to_pylist()} == wanted


def test_tags_are_found_by_identifier_and_object(filled):
    tag = make_tag_id("traffic", "b", "stop")
    for found in (find_tags(filled, tag_ids=[tag.lower()]), find_tags(filled, objects=["b"])):
        assert [row["tag_id"] for row in found.to_pylist()] == [tag]
    assert find_tags(filled, tag_ids=[make_tag_id("x", "y", "z")]).num_rows == 0
    assert find_tags(filled, objects=["b"], classes=["area"]).num_rows == 0
    with pytest.raises(CodeError):
        find_tags(filled, codes=["N51Z"])


def test_withdrawn_and_replaced_tags_stay_known(spark, city, filled):
    first, second = (make_tag_id("traffic", name, "stop") for name in "ab")
    assert withdraw(spark, filled, [first]) == {first: None}
    successor = make_tag_id("traffic", "b", "stop", 2)
    assert withdraw(spark, filled, [second], replace=True) == {second: successor}
    for tag, problem in ((first, "not active"), (make_tag_id("x", "y", "z"), "not in the reg")):
        with pytest.raises(TagError, match=problem):
            withdraw(spark, filled, [successor, tag])
    current = {row["tag_id"]: row for row in find_tags(filled).to_pylist()}
    assert [current[tag]["status"] for tag in (first, second, successor)] == [
        "withdrawn", "replaced", "active",
    ]  # fmt: skip
    assert current[second]["replaced_by"] == successor
    # What is issued again is the successor, and a withdrawn tag stays withdrawn.
    done = issue_stops(spark, city, filled)
    assert (done.new, done.changed, done.known) == (0, 0, 3)
    for _, history in states(filled).groupby("tag_id"):
        ends = history["valid_to"].tolist()
        assert pd.isna(ends[-1])
        begins = history["valid_from"].tolist()
        assert all(end == begin for end, begin in zip(ends[:-1], begins[1:], strict=True))


def test_mistakes_are_said(spark, city, tmp_path):
    with pytest.raises(TagError, match="no tags in"):
        find_tags(Storage(str(tmp_path)))
    faulty = tmp_path / "faulty.csv"
    for text, problem in (("", "no columns"), ("class,issuer\n", "needed are"), ("code\n", "code")):
        faulty.write_text(text)
        with pytest.raises(SourceError, match=problem):
            read_requests(spark, faulty)
    without = city.model_copy(update={"tag_classes": {}})
    rows = spark.createDataFrame([("a",)], "name string")
    with pytest.raises(TagError, match="have no identity"):
        dataset_requests(rows, dataset="stops", tag_class="stop", issuer="traffic")
    with pytest.raises(TagError, match="no tag_classes"):
        issue(rows, city=without, storage=Storage(str(tmp_path)), name="x")


def test_a_lookup_by_cell_opens_only_the_files_that_can_hold_it(tmp_path):
    """Two files whose cells lie apart; one of them is removed, and what the other has is found."""
    storage = Storage(str(tmp_path))
    path = registry_path(storage)
    places = [(121.4, 31.2), (10.0, 50.0)]
    for number, place in enumerate(places):
        cell = lonlat_to_cell(*place, 8)
        row = {
            "tag_id": f"tag {number}", "cell": cell, "grid_level": 8, "valid_to": None,
            "valid_from": pd.Timestamp("2026-01-01", tz="UTC"),
        }  # fmt: skip
        frame = pd.DataFrame([row]).astype({"valid_to": "datetime64[us, UTC]"})
        write_deltalake(path, frame, mode="append")
    codes = [str(cell_to_code(lonlat_to_cell(*place, 4), 4)) for place in places]
    files = sorted(tmp_path.glob("tags/registry/*.parquet"))
    assert len(files) == 2
    for file in files:
        content = file.read_bytes()
        file.unlink()
        assert sorted(try_to_find(storage, code) for code in codes) == ["found", "needed the file"]
        file.write_bytes(content)


def try_to_find(storage: Storage, code: str) -> str:
    try:
        found = find_tags(storage, codes=[code])
    except OSError:
        return "needed the file"
    return "found" if found.num_rows == 1 else f"{found.num_rows} rows"
