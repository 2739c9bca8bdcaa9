"""ingest, query and sample, as a person calls them."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from command import error, run
from deltalake import DeltaTable

from gridcontainer.container.query import find_in_box, find_in_codes
from gridcontainer.container.storage import Storage

CONF = Path(__file__).parents[2] / "conf"
DATASETS = ("air_stations", "elderly_care", "towns")


def ingest(*names: str, sources: Path, container: Path, datasets: Path = CONF / "sample") -> Result:
    return run(
        "ingest", *names, "--sources", sources, "--container", container,
        "--datasets", datasets, "--city", CONF / "city/shanghai.yaml",
    )  # fmt: skip


@pytest.fixture(scope="module")
def container(spark, sample, tmp_path_factory) -> tuple[Path, Result]:
    """Three data sets of three departments, and what was said as they went in."""
    folder = tmp_path_factory.mktemp("cli")
    return folder, ingest(*DATASETS, sources=sample.directory, container=folder)


def row_of(text: str, name: str) -> list[str]:
    """The cells of a printed table's line."""
    (line,) = (line for line in text.splitlines() if line.strip().startswith(name))
    return line.split()


def test_ingest_tells_rows_in_out_and_aside(container, sample):
    folder, said = container
    assert (said.exit_code, said.exception) == (0, None)
    counts = {file.declaration.path: file.counts for file in sample.files}
    folded = "".join(said.stdout.split())  # a long name is folded on a narrow terminal
    for name, path in (
        ("elderly_care", "civil_affairs/elderly_care.json"),
        ("towns", "planning/towns.json"),
        ("air_stations", "environment/stations.csv"),
    ):
        aside = sum(counts[path].bad.values())
        assert f"{counts[path].rows:,}{counts[path].valid:,}{aside:,}" in folded
        (table,) = folder.glob(f"datasets/*/{name}")
        assert len(DeltaTable(str(table)).to_pandas()) == counts[path].valid
    for reason, count in counts["civil_affairs/elderly_care.json"].bad.items():
        if count:
            (line,) = (
                text for text in said.stdout.splitlines() if "elderly" in text and reason in text
            )
            assert line.split()[-1] == f"{count:,}"


def test_ingest_again_says_unchanged(container, sample):
    folder, _ = container
    said = ingest("towns", sources=sample.directory, container=folder)
    assert said.exit_code == 0
    assert "unchanged" in said.stdout


def test_a_data_set_that_fails_is_told_and_the_others_go_in(spark, tmp_path):
    declared = tmp_path / "conf"
    declared.mkdir()
    text = (CONF / "sample/bus_stops.yaml").read_text(encoding="utf-8")
    for name in ("good", "bad"):
        changed = text.replace("bus_stops.txt", f"{name}.csv").replace(
            "dataset: bus_stops", f"dataset: {name}"
        )
        (declared / f"{name}.yaml").write_text(changed, encoding="utf-8")
    (tmp_path / "traffic").mkdir()
    stop = "XLID,ZDID,SZGJFX,ZDMC,SOURCE_LON,SOURCE_LAT\n1,2,0,上海站,121.47,31.23\n"
    (tmp_path / "traffic/good.csv").write_text(stop, encoding="utf-8")
    (tmp_path / "traffic/bad.csv").write_bytes(stop.encode("gb18030"))
    said = ingest(sources=tmp_path, container=tmp_path / "container", datasets=declared)
    assert said.exit_code == 1
    folded = " ".join(said.stdout.split())
    assert "bad failed: " in folded
    assert "cannot be read as utf-8" in folded
    assert "gb18030" in folded
    assert "Traceback" not in said.output
    assert [path.name for path in (tmp_path / "container/datasets/traffic").iterdir()] == ["good"]


def test_mistakes_of_ingest_are_one_line(tmp_path, sample):
    folder = tmp_path / "container"
    there = {"sources": sample.directory, "container": folder}
    assert "not declared in" in error(ingest("buss_stops", **there))
    assert "there are air_stations, bus_stops" in error(ingest("buss_stops", **there))
    nowhere = ingest(sources=tmp_path / "nowhere", container=folder)
    assert "name one with --sources, or make one with: gridcontainer sample" in error(nowhere)
    empty = ingest(**there, datasets=tmp_path)
    assert "holds no data set declarations" in error(empty)
    (tmp_path / "x.yaml").write_text("dataset: x\nformat: csv\n")
    assert "x.yaml: " in error(ingest(**there, datasets=tmp_path))
    assert not folder.exists()


# query


def lines_of(result: Result) -> list[dict]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_query_by_code_as_json_is_all_that_is_there(container):
    folder, _ = container
    rows = lines_of(run("query", "--container", folder, "--code", "N51H26", "--json"))
    found = find_in_codes(Storage(str(folder)), ["N51H26"])
    assert len(rows) == sum(part.rows.num_rows for part in found) > 50
    assert {row["dataset"] for row in rows} == set(DATASETS)
    assert {row["department"] for row in rows} == {"civil_affairs", "environment", "planning"}
    care = next(row for row in rows if row["dataset"] == "elderly_care")
    assert care["grid_code"].startswith("N51H26")
    assert care["agencyName"].startswith("澜港") or care["agencyName"]
    assert "geometry" not in rows[0]
    ids = [i for part in found for i in part.rows.column("object_id").to_pylist()]
    assert [row["object_id"] for row in rows] == ids


def test_query_by_several_codes_and_data_sets(container):
    folder, _ = container
    rows = lines_of(
        run("query", "--container", folder, "--code", "n51h26", "--code", "N51H25",
            "--dataset", "towns", "--json")
    )  # fmt: skip
    assert {row["dataset"] for row in rows} == {"towns"}
    assert {"N51H26", "N51H25"} <= {row["grid_code"][:6] for row in rows}  # and what reaches in


def test_query_by_box(container):
    folder, _ = container
    box = (121.3, 31.1, 121.6, 31.3)
    bbox = ",".join(map(str, box))
    rows = lines_of(run("query", "--container", folder, "--bbox", bbox, "--json"))
    found = find_in_box(Storage(str(folder)), box)
    assert len(rows) == sum(part.rows.num_rows for part in found) > 20
    points = [row for row in rows if row["dataset"] != "towns"]  # towns that reach in are there too
    assert all(121.3 <= row["lon"] <= 121.6 and 31.1 <= row["lat"] <= 31.3 for row in points)


def test_query_for_a_person_counts_by_data_set(container):
    folder, _ = container
    said = run("query", "--container", folder, "--code", "N51H26", "--rows", "2")
    assert said.exit_code == 0
    found = find_in_codes(Storage(str(folder)), ["N51H26"])
    for part in found:
        (line,) = (line for line in said.stdout.splitlines() if part.dataset in line)
        assert f" {part.rows.num_rows:,} " in line
        assert part.labels(2)[0][:4] in line
    total = sum(part.rows.num_rows for part in found)
    assert said.stdout.splitlines()[-1] == f"{total:,} rows of 3 departments"


def test_query_where_nothing_is(container):
    folder, _ = container
    said = run("query", "--container", folder, "--bbox", "10,10,11,11")
    assert said.exit_code == 0
    assert said.stdout.splitlines()[-1] == "0 rows of 0 departments"
    assert lines_of(run("query", "--container", folder, "--bbox", "10,10,11,11", "--json")) == []


def test_the_container_may_be_named_by_the_environment(container, monkeypatch):
    monkeypatch.setenv("GRIDCONTAINER_ROOT", str(container[0]))
    assert lines_of(run("query", "--code", "N51H26", "--dataset", "towns", "--json"))


def test_mistakes_of_query_are_one_line(container, tmp_path):
    folder, _ = container
    nope = run("query", "--container", folder, "--code", "N51H", "--dataset", "nope")
    assert "no data set nope" in error(nope)
    assert str(folder) in error(nope)
    empty = run("query", "--container", tmp_path, "--code", "N51H")
    assert "run: gridcontainer ingest" in error(empty)
    assert "'N51'" in error(run("query", "--container", folder, "--code", "N51"))
    upside = run("query", "--container", folder, "--bbox", "121.3,31.3,121.6,31.1")
    assert "south is above north" in error(upside)
    assert "longitude" in error(run("query", "--container", folder, "--bbox", "nan,1,2,3"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --code or --bbox or --polygon"),
        (["--code", "N51H", "--bbox", "1,2,3,4"], "give --code or --bbox or --polygon"),
        (["--bbox", "1,2,3"], "'1,2,3' is not WEST,SOUTH,EAST,NORTH"),
        (["--bbox", "a,b,c,d"], "is not WEST,SOUTH,EAST,NORTH"),
        (["--code", "N51H", "--rows", "many"], "'many' is not a valid integer"),
    ],
)
def test_misuse_of_query_is_told(arguments, said):
    result = run("query", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


# sample


def test_sample_writes_a_city_and_says_how_many_rows(tmp_path):
    said = run("sample", "--scale", "0.01", tmp_path / "city")
    assert said.exit_code == 0
    truth = json.loads((tmp_path / "city/truth/counts.json").read_text())
    assert f"{truth['rows']:,} rows in" in said.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scale", "0"], "0.0 is not in the range x>0"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
    ],
)
def test_misuse_of_sample_is_told(tmp_path, arguments, said):
    result = run("sample", *arguments, tmp_path / "city")
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "city").mkdir()
    (tmp_path / "city/planning").write_text("a file where a folder is wanted")
    result = run("sample", "--scale", "0.01", tmp_path / "city")
    assert result.exit_code == 2
    assert "cannot be written to" in result.stderr
    assert "Traceback" not in result.stderr


def test_of_a_confidential_data_set_only_the_number_of_rows_is_shown(spark, tmp_path):
    declared = tmp_path / "conf"
    declared.mkdir()
    text = (CONF / "sample/bus_stops.yaml").read_text(encoding="utf-8")
    (declared / "stops.yaml").write_text(f"{text}sensitivity: {{ZDMC: confidential}}\n", "utf-8")
    (tmp_path / "traffic").mkdir()
    stop = "XLID,ZDID,SZGJFX,ZDMC,SOURCE_LON,SOURCE_LAT\n1,2,0,上海站,121.47,31.23\n"
    (tmp_path / "traffic/bus_stops.txt").write_text(stop, encoding="utf-8")
    ingest(sources=tmp_path, container=tmp_path / "c", datasets=declared)
    asked = ("query", "--container", tmp_path / "c", "--code", "N51H")
    shown = run(*asked).stdout
    assert "confidential" in shown
    assert "1 rows of 1 departments" in shown
    assert "上海站" not in shown
    assert "N51H2" not in shown
    assert lines_of(run(*asked, "--json")) == []
    assert [row["ZDMC"] for row in lines_of(run(*asked, "--json", "--dataset", "bus_stops"))] == [
        "上海站"
    ]
