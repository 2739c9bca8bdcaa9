"""join, as a command and as a job: against counts by shapely, over data sets and files."""

import json
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import shapely
from command import error, run
from deltalake import DeltaTable

from gridcontainer.container.storage import Storage
from jobs import join as job

CONF = Path(__file__).parents[2] / "conf"
CITY = CONF / "city/shanghai.yaml"


@pytest.fixture(scope="module")
def conf() -> list[object]:
    return ["--datasets", CONF / "sample", "--city", CITY]


@pytest.fixture(scope="module")
def root(spark, sample, conf, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("joined")
    names = ["bus_stops", "towns", "elderly_care", "case_points"]
    done = run("ingest", *names, "--sources", sample.directory, *conf, "--container", root)
    assert done.exit_code == 0, done.output
    return root


def read(root: Path, dataset: str):
    paths = {name: path for _, name, path in Storage(str(root)).find_datasets()}
    return DeltaTable(paths[dataset]).to_pandas()


def inside(root: Path, dataset: str):
    """Rows of a data set by towns, True where shapely has them inside."""
    towns, rows = read(root, "towns"), read(root, dataset)
    shapes = shapely.from_wkb(towns["geometry"].to_numpy())
    points = shapely.points(rows["lon"], rows["lat"])
    return towns, rows, shapely.intersects(shapes[:, None], points)


def test_counts_by_the_label_of_the_right_side(root, conf) -> None:
    towns, _, meets = inside(root, "bus_stops")
    said = run("join", "bus_stops", "towns", *conf, "--container", root)
    assert said.exit_code == 0, said.output
    most = int(meets.sum(axis=1).argmax())
    assert towns["name"][most] in said.stdout
    assert f"{meets.sum():,} rows; " in said.stdout


def test_a_file_beside_a_data_set(root, conf, tmp_path) -> None:
    """A GeoJSON of two squares, one without any stop: anti and left keep what has no pair."""
    stops = read(root, "bus_stops")
    west, east = stops["lon"].quantile([0.3, 0.7]).tolist()
    south, north = stops["lat"].quantile([0.3, 0.7]).tolist()
    squares = {"middle": shapely.box(west, south, east, north), "sea": shapely.box(1, 1, 2, 2)}
    features = [
        {"type": "Feature", "properties": {"zone": name}, "geometry": json.loads(to_json)}
        for name, to_json in ((n, shapely.to_geojson(s)) for n, s in squares.items())
    ]
    file = tmp_path / "zones.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    within = stops["lon"].between(west, east) & stops["lat"].between(south, north)
    options = [*conf, "--container", root]
    said = run("join", "bus_stops", file, "--by", "zone", *options)
    assert f"{within.sum():,} rows; 1 of 1 groups" in said.stdout
    out = tmp_path / "outside.csv"
    assert run("join", "bus_stops", file, "--how", "anti", "--out", out, *options).exit_code == 0
    assert pyarrow.csv.read_csv(out).num_rows == len(stops) - within.sum()
    said = run("join", file, "bus_stops", "--how", "left", "--by", "zone", *options)
    assert f"{within.sum() + 1:,} rows; 2 of 2 groups" in said.stdout


def test_distances_are_measured_and_written(root, conf, tmp_path) -> None:
    out = tmp_path / "near.parquet"
    arguments = ["elderly_care", "bus_stops", "--container", str(root), "--out", str(out),
                 "--predicate", "nearest", "--k", "2", "--measure", "metres",
                 "--datasets", str(CONF / "sample"), "--city", str(CITY)]  # fmt: skip
    assert job.main(arguments) == 0
    found = pq.read_table(out)
    assert found.num_rows == 2 * len(read(root, "elderly_care"))
    assert found.column("metres").to_numpy().min() >= 0.0
    assert job.main(arguments) == 2, "what is there is not replaced"


def test_what_is_confidential_takes_part_and_is_left_out(root, conf, tmp_path) -> None:
    out = tmp_path / "cases.csv"
    said = run("join", "case_points", "towns", "--out", out, *conf, "--container", root)
    _, _, meets = inside(root, "case_points")
    columns = pyarrow.csv.read_csv(out)
    assert columns.num_rows == meets.sum()
    assert "left out as confidential" in said.stderr
    assert not {"lon", "lat", "cell", "grid_code"} & set(columns.column_names)


def test_explain_joins_nothing(root, conf) -> None:
    said = run("join", "bus_stops", "towns", "--explain", *conf, "--container", root)
    assert said.stdout.startswith("bands:")
    assert "stored cell" in said.stdout
    said = run("join", "towns", "towns", "--explain", *conf, "--container", root)
    assert said.stdout.startswith("covers:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bus_stops", "nothing"], "no data set nothing"),
        (["bus_stops", "zones.geojson"], "zones.geojson: there is no such file"),
        (["bus_stops", "towns", "--by", "colour"], "no column colour to count by"),
        (["bus_stops", "towns", "--distance", "5"], "within_distance takes distance"),
        (["bus_stops", "towns", "--out", "x.xlsx"], "must be one of .csv, .parquet"),
    ],
)
def test_mistakes_are_told_in_one_line(root, conf, arguments, message) -> None:
    assert message in error(run("join", *arguments, *conf, "--container", root))
