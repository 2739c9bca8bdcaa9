"""The sample city in the container: every count, position, cell and file is what it should be."""

import csv
import gzip
import io
import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from deltalake import DeltaTable
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.ingest import (
    dataset as ingest_module,
    steps as steps_module,
    table as table_module,
)
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.runs import last_run
from gridcontainer.container.storage import Storage
from gridcontainer.errors import ConservationError, SourceError, StorageError
from gridcontainer.grid import lonlat_to_cell, lonlat_to_code
from gridcontainer.sample import Truth
from gridcontainer.sample.city import build_city
from gridcontainer.sample.positions import distance_metres

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(path.stem for path in (CONF / "sample").glob("*.yaml"))
SEED = 2026

each_dataset = pytest.mark.parametrize("name", NAMES)


def truth_of(sample: Truth, path: str):
    return next(file for file in sample.files if file.declaration.path == path)


# Counts


@each_dataset
def test_counts_are_those_of_the_truth(ingested, sample, name):
    run = ingested.results[name].run
    counts = truth_of(sample, ingested.declarations[name].source.path).counts
    bad = {reason: count for reason, count in counts.bad.items() if count}
    assert (run.rows_in, run.rows_out) == (counts.rows, counts.valid)
    assert run.reasons == bad
    assert len(ingested.rows(name)) == counts.valid
    assert ingested.aside(name)["reason"].value_counts().to_dict() == bad


@each_dataset
def test_every_row_of_the_source_is_in_one_place(ingested, name):
    inside, aside = ingested.rows(name), ingested.aside(name)
    numbers = [*inside["source_row"], *aside["source_row"]]
    assert sorted(numbers) == list(range(1, ingested.results[name].run.rows_in + 1))
    assert {*inside["source_file"], *aside["source_file"]} == {
        ingested.declarations[name].source.path
    }


def test_all_kinds_of_dirt_are_in_the_sample(ingested):
    reasons = {reason for result in ingested.results.values() for reason in result.run.reasons}
    assert len(reasons) == 7


def test_the_other_position_of_a_data_set_has_its_own_counts(
    ingested, sample, city, spark, tmp_path
):
    declaration = ingested.declarations["enterprises"]
    position = declaration.position.model_copy(
        update={"lon": "bdLocation.lon", "lat": "bdLocation.lat"}
    )
    other = declaration.model_copy(update={"datum": "BD09", "position": position})
    storage = Storage(str(tmp_path))
    run = ingest_module.ingest_dataset(
        lambda: spark, other, city=city, sources=ingested.sources, storage=storage
    ).run
    counts = truth_of(sample, declaration.source.path).other["bdLocation"]
    assert run.rows_out == counts.valid
    assert run.reasons == {reason: count for reason, count in counts.bad.items() if count}


# Positions

# Metres from where the object truly is: digits written, and how far its source puts it aside.
METRES = {
    "air_stations": 1.5,
    "bus_stops": 7.4 + 1.5,  # 4 digits of a degree
    "case_points": 1.5,
    "communities": 1.5,
    "community_listings": 1.5,
    "elderly_care": 1.5,
    "enterprises": 30.0,  # sigma 5 m on each axis
    "geocodes": 1.5,
    "metro_stations": 1.5,
    "metro_stations_bd09": 48.0,  # sigma 8 m on each axis
    "shops": 1.5,
}


@pytest.mark.parametrize("name", METRES)
def test_positions_are_where_the_objects_are(ingested, sample, name):
    file = truth_of(sample, ingested.declarations[name].source.path).declaration
    objects = sample.objects[
        (sample.objects["dataset"] == file.dataset) & sample.objects["reason"].isna()
    ].set_index("key")
    keys = DeltaTable(ingested.path(name)).metadata().configuration["gridcontainer.key"].split(",")
    rows = ingested.rows(name)
    rows.index = pd.Index(rows[keys].astype(str).agg("|".join, axis=1))
    assert sorted(rows.index) == sorted(objects.index)
    true = objects.loc[rows.index]
    metres = distance_metres(
        (rows["lon"].to_numpy(), rows["lat"].to_numpy()),
        (true["lon"].to_numpy(), true["lat"].to_numpy()),
    )
    assert metres.max() < METRES[name]


def test_positions_in_wgs84_are_the_very_numbers_of_the_source(ingested):
    for name, lon, lat in (
        ("taxi", "经度", "纬度"),
        ("bus_stops", "SOURCE_LON", "SOURCE_LAT"),
        ("community_listings", "source_lon", "source_lat"),
    ):
        rows = ingested.rows(name)
        assert (rows["lon"] == rows[lon].astype(float)).all()
        assert (rows["lat"] == rows[lat].astype(float)).all()


def test_towns_and_districts_are_their_shapes_and_their_point_is_inside(ingested):
    city = build_city(SEED)
    towns = ingested.rows("towns").set_index("code").loc[city.towns["code"]]
    shapes = shapely.from_wkb(towns["geometry"].to_numpy())
    true = np.array(city.shapes, dtype=object)
    apart = shapely.area(shapely.symmetric_difference(shapes, true)) / shapely.area(true)
    assert apart.max() < 0.01  # borders of 5 digits
    points = towns["lon"].to_numpy(), towns["lat"].to_numpy()
    assert shapely.contains_xy(shapes, *points).all()
    assert city.town_of(points).tolist() == list(range(len(true)))

    districts = ingested.rows("districts")
    codes = districts["adcode"].astype(int).tolist()
    assert codes == [city.district_code(n) for n in city.district_of(
        (districts["lon"].to_numpy(), districts["lat"].to_numpy()))]  # fmt: skip
    whole = shapely.area(shapely.from_wkb(districts["geometry"].to_numpy())).sum()
    assert whole == pytest.approx(shapely.area(true).sum(), rel=1e-6)


# Cells, codes and layout


@each_dataset
def test_cells_and_codes_are_those_of_the_grid(ingested, city, name):
    rows = ingested.rows(name)
    lon, lat = rows["lon"].to_numpy(), rows["lat"].to_numpy()
    level = city.levels[ingested.declarations[name].kind]
    assert (rows["grid_level"] == level).all()
    assert (rows["cell"].to_numpy() == lonlat_to_cell(lon, lat, level)).all()
    assert rows["grid_code"].tolist() == lonlat_to_code(lon, lat, level).tolist()
    assert rows["grid_prefix"].tolist() == [code[:4] for code in rows["grid_code"]]


@each_dataset
def test_tables_are_partitioned_by_prefix_and_files_sorted_by_cell(ingested, name):
    table = DeltaTable(ingested.path(name))
    assert table.metadata().partition_columns == ["grid_prefix"]
    files = table.get_add_actions(flatten=True)
    column = {field: files.column(field).to_pylist() for field in files.schema.names}
    assert len(set(column["partition.grid_prefix"])) == ingested.results[name].table.partitions
    assert len(column["path"]) == ingested.results[name].table.files
    for path, prefix, least, most in zip(
        column["path"],
        column["partition.grid_prefix"],
        column["min.cell"],
        column["max.cell"],
        strict=True,
    ):
        held = pq.read_table(Path(ingested.path(name)) / path, partitioning=None)
        cells = held.column("cell").to_numpy()
        assert (np.diff(cells) >= 0).all()
        assert (cells[0], cells[-1]) == (least, most)
        assert path.startswith(f"grid_prefix={prefix}/")
        assert {code[:4] for code in held.column("grid_code").to_pylist()} == {prefix}


@each_dataset
def test_object_ids_are_distinct_and_the_title_is_kept(ingested, name):
    rows = ingested.rows(name)
    assert rows["object_id"].is_unique
    assert rows["object_id"].str.fullmatch("[0-9a-f]{32}").all()
    properties = DeltaTable(ingested.path(name)).metadata().configuration
    assert properties["gridcontainer.title"] == ingested.declarations[name].title
    assert properties["gridcontainer.label"] in rows.columns


@each_dataset
def test_other_engines_find_the_same(ingested, spark, name):
    path = ingested.path(name)
    table = DeltaTable(path)
    in_delta = table.to_pandas()
    files = [uri.removeprefix("file://") for uri in table.file_uris()]
    in_duckdb = duckdb.execute(
        "SELECT count(*), sum(cell::hugeint), sum(lon), sum(lat), min(grid_code), max(grid_code), "
        "count(DISTINCT grid_prefix), sum(source_row) FROM read_parquet(?, hive_partitioning=true)",
        [files],
    ).fetchall()[0]
    in_spark = (
        spark.read.format("delta")
        .load(path)
        .agg(
            F.count("*"),
            F.sum(F.col("cell").cast("decimal(38,0)")),
            F.sum("lon"),
            F.sum("lat"),
            F.min("grid_code"),
            F.max("grid_code"),
            F.countDistinct("grid_prefix"),
            F.sum("source_row"),
        )
        .collect()[0]
    )
    in_pandas = (
        len(in_delta),
        sum(in_delta["cell"].tolist()),
        in_delta["lon"].sum(),
        in_delta["lat"].sum(),
        in_delta["grid_code"].min(),
        in_delta["grid_code"].max(),
        in_delta["grid_prefix"].nunique(),
        in_delta["source_row"].sum(),
    )
    for place, value in enumerate(in_pandas):
        same = pytest.approx(value, rel=1e-12) if place in (2, 3) else value
        assert in_duckdb[place] == same
        assert in_spark[place] == same


# What the source said stays


def source_rows(folder: Path, declaration) -> list[dict | str]:
    """Rows as Python's own readers see them; a row with other columns as its text."""
    source = declaration.source
    content = (folder / source.path).read_bytes()
    if source.path.endswith(".gz"):
        content = gzip.decompress(content)
    text = content.decode(source.encoding).removeprefix("\ufeff")
    if source.format == "json":
        value = json.loads(text)
        if source.records == "{address}":
            return [{"address": address} | place for address, place in value.items()]
        return value
    lines = text.splitlines()
    names = source.columns or next(csv.reader(io.StringIO(lines.pop(0))))
    cells = [next(csv.reader([line])) for line in lines]
    return [
        dict(zip(names, row, strict=True)) if len(row) == len(names) else line
        for line, row in zip(lines, cells, strict=True)
    ]


SOURCES = ["bus_stops", "taxi", "communities", "community_listings", "elderly_care", "geocodes",
           "case_points"]  # fmt: skip


def as_stored(value: object) -> str | None:
    return None if value in (None, "") else str(value)


@pytest.mark.parametrize("name", SOURCES)
def test_rows_set_aside_keep_their_content(ingested, name):
    source = source_rows(ingested.sources, ingested.declarations[name])
    aside = ingested.aside(name)
    assert len(aside)
    for number, reason, detail, row in aside[["source_row", "reason", "detail", "row"]].itertuples(
        index=False
    ):
        came = source[number - 1]
        if reason == "broken row":
            assert row == came
            assert detail.endswith(f"columns, not {len(source_columns_of(source))}")
        else:
            assert isinstance(came, dict)
            kept = {key: value for key, value in json.loads(row).items() if value != ""}
            assert kept == {k: as_stored(v) for k, v in came.items() if as_stored(v) is not None}


def source_columns_of(source: list[dict | str]) -> list[str]:
    return list(next(row for row in source if isinstance(row, dict)))


@pytest.mark.parametrize("name", SOURCES)
def test_rows_inside_keep_every_column_as_it_came(ingested, name):
    source = source_rows(ingested.sources, ingested.declarations[name])
    rows = ingested.rows(name)
    columns = source_columns_of(source)
    stored = {
        column: f"source_{column}" if column in ("lon", "lat") else column for column in columns
    }
    got = rows[list(stored.values())].astype(object).where(lambda frame: frame.notna(), None)
    came = [source[number - 1] for number in rows["source_row"]]
    assert got.to_numpy().tolist() == [
        [as_stored(row[column]) for column in columns] for row in came
    ]


def test_fields_above_a_record_come_with_it(ingested):
    rows = ingested.rows("metro_stations_bd09")
    assert rows["outer.name"].str.startswith("地铁").all()
    assert not rows["name"].str.startswith("地铁").any()


# Again, changed, failed

FEW = "id,name,lon,lat\n1,a,121.47,31.23\n2,b,121.48,31.24\n2,c,121.49,31.25\n3,d,,\n"


def history(path: str) -> int:
    return len(DeltaTable(path).history())


@pytest.mark.parametrize("name", ["bus_stops", "towns", "geocodes"])
def test_the_same_content_again_changes_nothing(ingested, spark, city, name):
    paths = [ingested.path(name), ingested.storage.quarantine, ingested.storage.runs]
    before = [history(path) for path in paths]
    again = ingest_module.ingest_dataset(
        lambda: spark,
        ingested.declarations[name],
        city=city,
        sources=ingested.sources,
        storage=ingested.storage,
    )
    assert not again.changed
    assert again.run == ingested.results[name].run
    assert again.table == ingested.results[name].table
    assert [history(path) for path in paths] == before


def test_a_changed_file_is_taken_and_what_stayed_keeps_its_identity(ingest, declare, tmp_path):
    declaration = declare(key=["id"], label="name")
    (tmp_path / "places.csv").write_text(FEW)
    first = ingest(declaration)
    assert (first.run.rows_in, first.run.rows_out) == (4, 2)
    storage = Storage(str(tmp_path / "container"))
    path = storage.dataset("planning", "places")
    ids = DeltaTable(path).to_pandas().set_index("id")["object_id"]

    (tmp_path / "places.csv").write_text(
        FEW.replace("1,a,121.47", "1,a,121.46") + "4,e,121.4,31.2\n"
    )
    second = ingest(declaration)
    assert second.changed
    assert (second.run.rows_in, second.run.rows_out) == (5, 3)
    assert second.table.version > first.table.version
    rows = DeltaTable(path).to_pandas().set_index("id")
    assert rows.loc["1", "lon"] == 121.46
    assert rows.loc[["1", "2"], "object_id"].tolist() == ids[["1", "2"]].tolist()
    assert rows["run_id"].to_dict() == {
        "1": second.run.run_id, "2": first.run.run_id, "4": second.run.run_id,
    }  # fmt: skip
    aside = DeltaTable(storage.quarantine).to_pandas()
    assert sorted(aside["reason"]) == ["missing position", "repeated key"]  # not twice
    assert set(aside["run_id"]) == {second.run.run_id}

    renamed = declaration.model_copy(update={"key": ["name"], "title": "It's \\ 'other'"})
    third = ingest(renamed)  # the same content, but declared in another way
    assert third.changed
    assert third.run.reasons == {"missing position": 1}
    assert third.table.rows == third.run.rows_out  # no row is there under its former key
    configuration = DeltaTable(path).metadata().configuration
    assert configuration["gridcontainer.title"] == "It's \\ 'other'"
    assert configuration["gridcontainer.key"] == "name"


def test_columns_of_any_name_come_in_and_stay(ingest, declare, tmp_path):
    header = "id,lon,lat,cell,reason,a,A,x y,x,x,_point,Grid_Code,back`tick,,地名,a.b"
    values = ["7", "121.47", "31.23", *(f"v{n}" for n in range(3, 16))]
    (tmp_path / "places.csv").write_text(f"{header}\n{','.join(values)}\n8,0,0{',w' * 13}\n")
    result = ingest(declare(key=["A", "back`tick"], label="地名", sensitivity={"a.b": "internal"}))
    assert result.run.reasons == {"zero position": 1}
    storage = Storage(str(tmp_path / "container"))
    (row,) = DeltaTable(storage.dataset("planning", "places")).to_pandas().to_dict("records")
    assert (row["lon"], row["source_lon"], row["a"], row["A_2"]) == (121.47, "121.47", "v5", "v6")
    assert row["cell"] == lonlat_to_cell(121.47, 31.23, 8)
    assert set(values) <= set(row.values())
    (aside,) = DeltaTable(storage.quarantine).to_pandas()["row"]
    kept = json.loads(aside)
    assert list(kept) == [*header.replace("x,x", "x,x_2").split(",")]
    assert kept["lon"] == "0"
    assert kept["back`tick"] == "w"


def test_a_failed_ingest_leaves_the_earlier_table(ingest, declare, tmp_path):
    declaration = declare(key=["id"])
    source = tmp_path / "places.csv"
    source.write_text(FEW)
    first = ingest(declaration)
    storage = Storage(str(tmp_path / "container"))
    path = storage.dataset("planning", "places")
    tables = [path, storage.quarantine, storage.runs]
    before = [history(table) for table in tables]

    def fails(said: str) -> None:
        with pytest.raises(SourceError, match=said) as caught:
            ingest(declaration)
        assert "\n" not in str(caught.value)
        assert "Traceback" not in str(caught.value)
        assert [history(table) for table in tables] == before

    source.write_bytes(FEW.replace("name", "名字").encode("gb18030"))  # seen by the driver
    fails(r"places\.csv cannot be read as utf-8 .* gb18030|\(gb18030")
    many = "".join(f"{n},上海,121.4,31.2\n" for n in range(10, 30))  # one line would be broken
    source.write_bytes((FEW + many).encode("gb18030"))
    fails(r"^places: /.*places\.csv .*20 of 24 records are broken; line 6 .*Set source\.encoding")
    source.write_text("id;name;lon;lat\n1;a;121;31\n")
    fails(r"no column id, lat, lon in places\.csv")
    source.unlink()
    fails(r"places: no file .*places\.csv")

    source.write_text(FEW)
    again = ingest(declaration)
    assert not again.changed
    assert again.table == first.table


def test_a_container_that_cannot_be_written_is_told_in_one_line(ingest, declare, tmp_path):
    (tmp_path / "places.csv").write_text(FEW)
    (tmp_path / "container").write_text("a file where a folder is wanted")
    with pytest.raises(
        StorageError, match=r"^places: .*/container.*: Not a directory\. Can it be written to"
    ) as told:
        ingest(declare())
    assert "\n" not in str(told.value)


def test_lost_rows_are_told_not_recorded_and_put_right_by_the_next_run(
    ingest, declare, tmp_path, spark, monkeypatch
):
    (tmp_path / "places.csv").write_text(FEW)
    storage = Storage(str(tmp_path / "container"))

    def losing(rows, path, **options):
        return write_files(rows.slice(1), path, **options)

    write_files = table_module.write_files
    monkeypatch.setattr(table_module, "write_files", losing)
    with pytest.raises(ConservationError, match="places: 4 rows in, but 1 out and 2 set aside"):
        ingest(declare(key=["id"]))
    assert last_run(storage, "places") is None
    monkeypatch.undo()
    assert ingest(declare(key=["id"])).run.rows_out == 2


def test_a_table_that_the_ledger_does_not_know_is_put_right(ingest, declare, tmp_path, monkeypatch):
    declaration = declare(key=["id"], absent="delete", most_removed=1)
    source = tmp_path / "places.csv"
    path = Storage(str(tmp_path / "container")).dataset("planning", "places")
    source.write_text(FEW)
    ingest(declaration)

    def killed(*_):
        raise KeyboardInterrupt

    source.write_text("id,lon,lat\n9,121.4,31.2\n")
    monkeypatch.setattr(steps_module, "record_run", killed)
    with pytest.raises(KeyboardInterrupt):
        ingest(declaration)
    monkeypatch.undo()
    source.write_text(FEW)  # what the ledger has, but no longer the table
    assert ingest(declaration).changed
    assert sorted(DeltaTable(path).to_pandas()["id"]) == ["1", "2"]


def test_a_table_that_was_removed_is_made_anew(ingest, declare, tmp_path):
    (tmp_path / "places.csv").write_text(FEW)
    ingest(declare())
    path = Path(Storage(str(tmp_path / "container")).dataset("planning", "places"))
    path.rename(tmp_path / "gone")
    assert ingest(declare()).changed
    assert len(DeltaTable(str(path)).to_pandas()) == 3


def test_files_that_a_killed_first_run_left_are_no_table(ingest, declare, tmp_path):
    (tmp_path / "places.csv").write_text("lon,lat\n121.4,31.2\n")
    table = tmp_path / "container/datasets/planning/places"
    left = table / "grid_prefix=N51H26/part-00000.snappy.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"PAR1")
    assert ingest(declare()).table.rows == 1
    assert len(DeltaTable(str(table)).to_pandas()) == 1


def test_a_log_without_a_commit_that_a_killed_run_left_is_no_table(ingest, declare, tmp_path):
    (tmp_path / "places.csv").write_text("lon,lat\n121.4,31.2\n0,0\n")
    tables = [tmp_path / "container" / name for name in
              ("datasets/planning/places", "quarantine", "ops/runs")]  # fmt: skip
    for table in tables:
        (table / "_delta_log/_staged_commits").mkdir(parents=True)
    assert ingest(declare()).table.rows == 1
    assert [len(DeltaTable(str(table)).to_pandas()) for table in tables] == [1, 1, 1]


def test_many_files_are_one_data_set_and_the_first_of_a_key_stays(ingest, declare, tmp_path):
    (tmp_path / "b.csv").write_text("id,lon,lat\n1,121.1,31.1\n2,121.2,31.2\n")
    (tmp_path / "a.csv").write_text("lat,lon,id,more\n31.3,121.3,2,x\n31.4\n")
    result = ingest(declare("*.csv", key=["id"]))
    assert (result.run.rows_in, result.run.rows_out) == (4, 2)
    assert result.run.reasons == {"repeated key": 1, "broken row": 1}
    rows = DeltaTable(
        Storage(str(tmp_path / "container")).dataset("planning", "places")
    ).to_pandas()
    assert sorted(rows[["id", "source_file", "source_row"]].itertuples(index=False)) == [
        ("1", "b.csv", 1),
        ("2", "a.csv", 1),
    ]


def test_nothing_sound_makes_an_empty_table(ingest, declare, tmp_path):
    (tmp_path / "places.csv").write_text("id,lon,lat\n1,0,0\n2,,\n")
    result = ingest(declare())
    assert (result.run.rows_out, result.table.rows, result.table.partitions) == (0, 0, 0)
    assert result.run.rows_quarantined == 2


def test_one_that_fails_does_not_stop_the_others(ingested, city, spark, declare):
    told = []
    outcome = ingest_datasets(
        lambda: spark,
        [declare("nowhere.csv"), ingested.declarations["towns"]],
        city=city,
        sources=ingested.sources,
        storage=ingested.storage,
        report=lambda dataset, step: told.append((dataset, step)),
    )
    assert list(outcome.failures) == ["places"]
    assert [result.run.dataset for result in outcome.results] == ["towns"]
    assert ("places", "failed") in told
    assert ("towns", "done") in told
    assert [line.split(":")[0] for line in outcome.lines()] == ["planning/towns", "places"]


def test_the_ledger_has_every_run(ingested, spark: SparkSession):
    runs = DeltaTable(ingested.storage.runs).to_pandas()
    assert sorted(runs["dataset"]) == NAMES
    for name in NAMES:
        run = last_run(ingested.storage, name)
        assert run == ingested.results[name].run
        assert run.rows_in == run.rows_out + run.rows_quarantined
        assert run.table_version == ingested.results[name].table.version


def test_columns_that_are_stored_under_other_names_are_told_once(ingest, declare, tmp_path):
    source = tmp_path / "places.csv"
    source.write_text("id,ZIP CODE,lon,lat\n1,200000,121.4,31.2\n")
    (note,) = ingest(declare(key=["id"])).notes
    assert "'ZIP CODE' as ZIP_CODE" in note
    assert "'lon' as source_lon" in note
    source.write_text("id,ZIP CODE,lon,lat\n1,200001,121.4,31.2\n")
    assert ingest(declare(key=["id"])).notes == ()
