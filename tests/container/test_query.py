"""Cells and boxes of the container: equal to brute force, and read from few files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings, strategies as st
from pyspark.sql import DataFrame, SparkSession, functions as F

from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.query import (
    Found,
    count_by_cell,
    find_in_box,
    find_in_codes,
    read_dataset,
)
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.arrange import arrange
from gridcontainer.container.tables.frames import replace_dataset
from gridcontainer.container.tables.layout import Layout
from gridcontainer.errors import CodeError, CoordinateError, DatasetError
from gridcontainer.grid import LEVELS, code_to_bounds, lonlat_to_code
from gridcontainer.spark.columns import grid_cell, grid_cell_code
from gridcontainer.spark.predicates import grid_box_filter, grid_prefix_filter


@pytest.fixture(scope="module")
def everything(ingested) -> pd.DataFrame:
    """Every row of every table, and the level-10 code of its position."""
    frames = []
    for name in ingested.declarations:
        rows = ingested.rows(name)
        shape = shapely.from_wkb(rows["geometry"]) if "geometry" in rows else None
        rows = rows[["object_id", "cell", "grid_code", "grid_prefix", "lon", "lat"]]
        frames.append(rows.assign(dataset=name, shape=shape))
    whole = pd.concat(frames, ignore_index=True)
    return whole.assign(finest=lonlat_to_code(whole["lon"], whole["lat"], 10))


def ids(found: list[Found]) -> dict[str, list[str]]:
    return {part.dataset: sorted(part.rows.column("object_id").to_pylist()) for part in found}


def by_dataset(rows: pd.DataFrame, datasets) -> dict[str, list[str]]:
    return {name: sorted(rows["object_id"][rows["dataset"] == name]) for name in datasets}


def in_codes(rows: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """By the text of the codes, not by the integers that the container asks."""
    inside = rows["finest"].str.startswith(tuple(code.upper() for code in codes))
    boxes = [shapely.box(*map(float, code_to_bounds(code.upper()))) for code in codes]
    return rows[inside | meets(rows, shapely.union_all(boxes))]


def meets(rows: pd.DataFrame, area) -> np.ndarray:
    """Lines and polygons that meet the area, by shapely over all rows."""
    if "shape" not in rows:
        return np.zeros(len(rows), dtype=bool)
    shapes = rows["shape"].to_numpy()
    return shapely.intersects(area, shapes) & (shapely.get_dimensions(shapes) > 0)


def in_box(rows: pd.DataFrame, west: float, south: float, east: float, north: float):
    lon, lat = rows["lon"], rows["lat"]
    inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    return rows[inside | meets(rows, shapely.box(west, south, east, north))]


# Codes


@pytest.mark.parametrize("level", range(1, 11))
def test_codes_of_every_level_find_what_brute_force_finds(ingested, everything, level):
    length = LEVELS[level - 1].code_length
    some = everything["finest"].sample(2, random_state=level).str[:length].tolist()
    codes = [*some, lonlat_to_code(121.47, 31.23, level), lonlat_to_code(-3.0, -40.0, level)]
    found = find_in_codes(ingested.storage, codes)
    want = in_codes(everything, codes)
    assert len(want) >= 2
    assert ids(found) == by_dataset(want, ingested.declarations)


def test_codes_of_mixed_levels_that_overlap_find_a_row_once(ingested, everything):
    code = everything["grid_code"].iloc[7]
    codes = [code[:9], code.lower(), code[:11], lonlat_to_code(121.2, 31.4, 5)]
    found = find_in_codes(ingested.storage, codes)
    assert ids(found) == by_dataset(in_codes(everything, codes), ingested.declarations)


def test_only_the_named_data_sets_are_asked(ingested, everything):
    found = find_in_codes(ingested.storage, ["N51H"], datasets=["taxi", "towns"])
    assert [part.dataset for part in found] == ["towns", "taxi"]  # by department
    assert ids(found) == by_dataset(everything, ["taxi", "towns"])
    assert {part.department for part in found} == {"planning", "traffic"}
    assert found[1].title == ingested.declarations["taxi"].title


def test_labels_are_of_the_declared_column(ingested):
    towns, taxi = find_in_codes(ingested.storage, ["N51H"], datasets=["taxi", "towns"])
    assert towns.labels(3) == towns.rows.column("name").slice(0, 3).to_pylist()
    assert len(taxi.labels(7)) == 7
    bare = Found("a", "b", "", "", is_confidential=False, rows=towns.rows)
    assert bare.labels(1) == [towns.rows.column("grid_code")[0].as_py()]


def test_mistakes_are_told(ingested, tmp_path):
    with pytest.raises(DatasetError, match="no data set nope, nosuch in"):
        find_in_codes(ingested.storage, ["N51H"], datasets=["nosuch", "taxi", "nope"])
    with pytest.raises(CodeError, match="N99"):
        find_in_codes(ingested.storage, ["N51H", "N99H"])
    with pytest.raises(DatasetError, match="run: gridcontainer ingest"):
        find_in_codes(Storage(str(tmp_path)), ["N51H"])
    with pytest.raises(CoordinateError, match="south is above north"):
        find_in_box(ingested.storage, (121.0, 31.5, 121.5, 31.0))
    with pytest.raises(
        DatasetError, match=r"no data set nope in .*; there are air_stations, bus_stops"
    ):
        count_by_cell(ingested.storage, "nope", 4)


# Boxes

LON = st.floats(120.8, 122.3)
LAT = st.floats(30.5, 32.0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(lon=LON, lat=LAT, width=st.floats(0, 1.2), height=st.floats(0, 1.2))
def test_boxes_find_what_brute_force_finds(ingested, everything, lon, lat, width, height):
    box = (lon, lat, lon + width, lat + height)
    names = ["towns", "bus_stops", "case_points", "districts"]
    found = find_in_box(ingested.storage, box, datasets=names)
    want = by_dataset(in_box(everything, *box), names)
    assert ids(found) == want


@settings(max_examples=25)
@given(
    place=st.integers(0, 10_000),
    far=st.sampled_from([0.0, 1e-9, 1e-4, 0.003, 0.1]),
    side=st.integers(0, 3),
)
def test_edges_of_a_box_belong_to_it(ingested, everything, place, far, side):
    """A row lies exactly on one edge of the box, or on all of a box without width."""
    row = everything.iloc[place % len(everything)]
    box = [row["lon"] - far, row["lat"] - far, row["lon"] + far, row["lat"] + far]
    box[side] = row["lon"] if side % 2 == 0 else row["lat"]
    (found,) = find_in_box(ingested.storage, tuple(box), datasets=[row["dataset"]])
    got = sorted(found.rows.column("object_id").to_pylist())
    assert row["object_id"] in got
    same = everything[everything["dataset"] == row["dataset"]]
    assert got == sorted(in_box(same, *box)["object_id"])


def test_boxes_on_edges_of_cells(ingested, everything):
    for level in range(1, 11):
        code = everything["finest"].iloc[level * 500][: LEVELS[level - 1].code_length]
        box = tuple(map(float, code_to_bounds(code)))
        found = find_in_box(ingested.storage, box)
        assert ids(found) == by_dataset(in_box(everything, *box), ingested.declarations)
    everywhere = find_in_box(ingested.storage, (-180.0, -80.0, 180.0, 80.0))
    assert ids(everywhere) == by_dataset(everything, ingested.declarations)
    elsewhere = find_in_box(ingested.storage, (170.0, -80.0, -170.0, 80.0))  # antimeridian
    assert not any(ids(elsewhere).values())


@pytest.mark.parametrize("level", [1, 2, 4, 8, 10])
def test_rows_are_counted_by_cell_most_first(ingested, everything, level):
    counts = count_by_cell(ingested.storage, "taxi", level)
    codes = everything["finest"][everything["dataset"] == "taxi"]
    assert counts == codes.str[: LEVELS[level - 1].code_length].value_counts().to_dict()
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_a_data_set_is_read_whole_or_by_columns(ingested, everything):
    whole = read_dataset(ingested.storage, "shops")
    assert whole.num_rows == (everything["dataset"] == "shops").sum()
    assert read_dataset(ingested.storage, "shops", ["cell"]).column_names == ["cell"]


@pytest.mark.parametrize("level", [1, 2, 5, 9])
def test_queries_are_exact_at_whatever_level_a_data_set_is_coded(
    spark, city, declare, tmp_path, level
):
    rng = np.random.default_rng(level)
    lon, lat = rng.normal(121.47, 2e-4, 400), rng.normal(31.23, 2e-4, 400)  # about 20 m
    frame = pd.DataFrame({"id": range(400), "lon": lon, "lat": lat})
    frame.to_csv(tmp_path / "places.csv", index=False)
    storage = Storage(str(tmp_path / "container"))
    declaration = declare(key=["id"], level=level)
    ingest_dataset(lambda: spark, declaration, city=city, sources=tmp_path, storage=storage)
    rows = read_dataset(storage, "places").to_pandas()
    rows["finest"] = lonlat_to_code(rows["lon"], rows["lat"], 10)
    assert set(rows["grid_code"].str.len()) == {LEVELS[level - 1].code_length}
    table = spark.read.format("delta").load(storage.dataset("planning", "places"))
    for asked in (1, 2, 4, 6, 7, 8, 9, 10):
        code = rows["finest"].iloc[asked][: LEVELS[asked - 1].code_length]
        (found,) = find_in_codes(storage, [code])
        want = sorted(rows["id"][rows["finest"].str.startswith(code)])
        assert sorted(found.rows.column("id").to_pylist()) == want
    for side in (0.0, 1e-7, 1e-5, 1e-4, 1e-3, 1.0):
        x, y = rows[["lon", "lat"]].iloc[7]
        box = (x, y - side, x + side, y)
        (found,) = find_in_box(storage, box)
        want = sorted(in_box(rows, *box)["id"])
        assert sorted(found.rows.column("id").to_pylist()) == want
        assert want
        in_spark = table.where(grid_box_filter(*box)).collect()
        assert sorted(row["id"] for row in in_spark) == want


# Files that need not be read


@pytest.fixture(scope="module")
def many_files(spark: SparkSession, tmp_path_factory) -> str:
    """20,000 rows over four partitions, each of several files, laid out as an ingest does."""
    path = str(tmp_path_factory.mktemp("many") / "table")
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(121.0, 122.0, 20_000), rng.uniform(31.0, 32.0, 20_000)
    points = spark.createDataFrame(pd.DataFrame({"lon": lon, "lat": lat}))
    code = grid_cell_code("cell", 8)
    rows = (
        points.withColumn("cell", grid_cell("lon", "lat", 8))
        .withColumn("grid_code", code)
        .withColumn("grid_prefix", F.substring("grid_code", 1, 6))
    )
    layout = Layout(prefix_level=2, files=14)
    replace_dataset(arrange(rows, layout=layout), path, layout=layout, properties={})
    return path


def files_read(frame: DataFrame) -> int:
    """What the scan itself says it read, once the frame was collected."""
    plan = frame._jdf.queryExecution().executedPlan()
    if plan.getClass().getSimpleName() == "AdaptiveSparkPlanExec":
        plan = plan.executedPlan()
    leaves = plan.collectLeaves()
    assert leaves.size() == 1
    return leaves.apply(0).metrics().apply("numFiles").value()


def collect(frame: DataFrame) -> pd.DataFrame:
    return pd.DataFrame([row.asDict() for row in frame.collect()], columns=frame.columns)


def same_rows(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    columns = ["cell", "lon", "lat"]
    return sorted(map(tuple, left[columns].to_numpy())) == sorted(
        map(tuple, right[columns].to_numpy())
    )


def test_the_table_has_files_to_skip(many_files):
    files = DeltaTable(many_files).get_add_actions(flatten=True)
    prefixes = files.column("partition.grid_prefix").to_pylist()
    assert len(set(prefixes)) == 4
    assert len(prefixes) >= 14


@pytest.mark.parametrize("level", range(1, 9))
def test_prefix_filter_equals_brute_force_and_reads_fewer_files(spark, many_files, level):
    table = spark.read.format("delta").load(many_files)
    whole = DeltaTable(many_files).to_pandas()
    total = len(DeltaTable(many_files).file_uris())
    length = LEVELS[level - 1].code_length
    codes = whole["grid_code"].iloc[[0, 11_000]].str[:length].tolist()
    frame = table.where(grid_prefix_filter(codes))
    found = collect(frame)
    assert same_rows(found, whole[whole["grid_code"].str.startswith(tuple(codes))])
    if level == 1:
        assert files_read(frame) == total  # all of Shanghai is in one cell
    else:
        most = {2: total - 1, 3: 8}.get(level, 4)
        assert files_read(frame) <= most


BOXES = {
    "small": (121.47, 31.23, 121.48, 31.24),
    "across partitions": (121.45, 31.45, 121.55, 31.55),
    "one partition": (121.0, 31.0, 121.4999, 31.4999),
    "thin": (121.2, 31.0, 121.201, 32.0),
    "nowhere": (10.0, 10.0, 11.0, 11.0),
}


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_box_filter_equals_brute_force_and_reads_fewer_files(spark, many_files, box):
    table = spark.read.format("delta").load(many_files)
    whole = DeltaTable(many_files).to_pandas()
    frame = table.where(grid_box_filter(*box))
    found = collect(frame)
    want = in_box(whole, *box)
    assert same_rows(found, want)
    assert len(want) > 0 or box == BOXES["nowhere"]
    assert files_read(frame) < len(DeltaTable(many_files).file_uris()) - 2


def test_without_a_partition_column_files_are_skipped_by_cell(spark, many_files):
    whole = DeltaTable(many_files).to_pandas()
    code = whole["grid_code"].iloc[5][:9]
    frame = spark.read.format("delta").load(many_files).where(grid_prefix_filter(code, prefix=None))
    assert same_rows(collect(frame), whole[whole["grid_code"].str.startswith(code)])
    assert files_read(frame) <= 2


def test_filters_on_real_layout(spark, ingested, everything):
    """On a table of the sample: rows of brute force, one partition of six."""
    table = spark.read.format("delta").load(ingested.path("bus_stops"))
    stops = everything[everything["dataset"] == "bus_stops"]
    frame = table.where(grid_prefix_filter("N51H263"))
    assert same_rows(collect(frame), in_codes(stops, ["N51H263"]))
    assert files_read(frame) == 1
    frame = table.where(grid_box_filter(121.40, 31.20, 121.45, 31.25))
    assert same_rows(collect(frame), in_box(stops, 121.40, 31.20, 121.45, 31.25))
    assert files_read(frame) == 1


def test_no_metrics_are_taken_for_granted(spark, many_files):
    """The measure itself: a predicate that hides the column reads every file."""
    table = spark.read.format("delta").load(many_files)
    code = lonlat_to_code(121.47, 31.23, 4)
    frame = table.where(F.substring("grid_code", 1, len(code)) == code)
    frame.collect()
    assert files_read(frame) == len(DeltaTable(many_files).file_uris())
    assert Path(many_files).is_dir()
