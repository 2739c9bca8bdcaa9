"""encode, decode, inspect: right, quick, and a mistake is one line."""

import subprocess
import sys
import time

import numpy as np
import pytest
from command import run

from gridcontainer.grid import (
    LEVELS,
    cell_to_center,
    code3d_to_bounds,
    code_to_bounds,
    code_to_cell,
    code_to_children,
    code_to_neighbors,
    lonlat_to_code,
    lonlat_to_code3d,
)
from gridcontainer.grid.datum import to_wgs84


def answer(*arguments: str, given: str | None = None) -> str:
    result = run(*arguments, given=given)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def mistake(*arguments: str, given: str | None = None) -> str:
    """The one line that is said of it."""
    result = run(*arguments, given=given)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def misuse(*arguments: str) -> str:
    """The last line, below the usage."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert lines[0].startswith("Usage: ")
    return lines[-1]


# encode


@pytest.mark.parametrize("level", range(1, 11))
@pytest.mark.parametrize("place", [(121.47, 31.23), (-121.47, -31.23), (0.0, 0.0), (-180.0, 80.0)])
def test_encode_is_the_grids_code(place, level):
    lon, lat = map(repr, place)
    assert answer("encode", "-l", str(level), lon, lat) == lonlat_to_code(*place, level) + "\n"


def test_encode_is_of_level_10_unless_told():
    assert answer("encode", "121.47", "31.23") == lonlat_to_code(121.47, 31.23, 10) + "\n"


@pytest.mark.parametrize("height", ["0", "12.5", "-12.5", "8848.86"])
def test_a_height_makes_it_3d(height):
    code = lonlat_to_code3d(121.47, 31.23, float(height), 7)
    assert answer("encode", "--level", "7", "121.47", "31.23", height) == code + "\n"


@pytest.mark.parametrize("datum", ["GCJ02", "bd09", "CGCS2000", "EPSG:3857"])
def test_encode_converts_other_datums(datum):
    place = (121.4745, 31.228) if "EPSG" not in datum else (13_522_000.5, 3_663_000.5)
    code = lonlat_to_code(*to_wgs84(*place, datum), 9)
    assert answer("encode", "-l", "9", "--datum", datum, *map(repr, place)) == code + "\n"
    assert datum == "CGCS2000" or code != answer("encode", "-l", "9", "121.4745", "31.228").strip()


def test_encode_reads_lines_and_prints_one_for_each():
    given = "121.47,31.23\n\n-3.5 -40 more words\nfoo\n121.47\t31.23\n200,3\n,\nnan,3\n"
    result = run("encode", "-l", "5", given=given)
    assert result.exit_code == 0
    here, there = lonlat_to_code(121.47, 31.23, 5), lonlat_to_code(-3.5, -40.0, 5)
    assert result.stdout.split("\n") == [here, "", there, "", here, "", "", "", ""]
    assert result.stderr == "5 lines have no level-5 cell\n"


def test_encode_of_lines_converts_each():
    given = "121.4745,31.228\n121.5,31.25\n"
    codes = [lonlat_to_code(*to_wgs84(*place, "GCJ02"), 8) for place in
             ((121.4745, 31.228), (121.5, 31.25))]  # fmt: skip
    assert answer("encode", "-l", "8", "--datum", "GCJ02", given=given).split() == codes


def test_encode_of_nothing_is_nothing():
    assert answer("encode", given="") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["181", "0"], "longitude outside"),
        (["121", "91"], "latitude outside"),
        (["nan", "0"], "missing or not finite"),
        (["inf", "0"], "missing or not finite"),
        (["0", "89"], "polar cap"),
        (["0", "0", "1e12"], "height"),
        (["--datum", "GCJ-02", "1", "2"], "datum 'GCJ-02' is unknown; known are WGS84"),
        (["--datum", "EPSG:9", "1", "2"], "not an EPSG code"),
    ],
)
def test_a_position_without_a_code_is_one_line(arguments, said):
    assert said in mistake("encode", *arguments)


def test_an_unknown_datum_of_lines_is_one_line():
    assert "datum 'GCJ-02' is unknown" in mistake("encode", "--datum", "GCJ-02", given="1,2\n3,4\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "b"], "'a' is not a valid float"),
        (["1"], "give LON LAT"),
        (["1", "2", "3", "4"], "give LON LAT"),
        (["-l", "11", "1", "2"], "not in the range 1<=x<=10"),
        (["--levle", "3", "1", "2"], "'--levle' is not a valid float"),
    ],
)
def test_misuse_of_encode_is_told(arguments, said):
    assert said in misuse("encode", *arguments)


# decode


@pytest.mark.parametrize("level", range(1, 11))
def test_decode_gives_back_the_bounds_of_every_code(level):
    codes = [lonlat_to_code(lon, lat, level) for lon, lat in ((121.47, 31.23), (-70.5, -33.25))]
    lines = answer("decode", codes[0].lower(), codes[1]).splitlines()
    for line, code in zip(lines, codes, strict=True):
        name, *bounds = line.split("\t")
        assert name == code
        assert tuple(map(float, bounds)) == code_to_bounds(code)


def test_decode_of_3d_codes_has_heights():
    code = lonlat_to_code3d(121.47, 31.23, -12.5, 6)
    name, *bounds = answer("decode", "--3d", code).strip().split("\t")
    assert name == code
    assert tuple(map(float, bounds)) == tuple(map(float, code3d_to_bounds(code)))
    assert len(bounds) == 6
    assert float(bounds[4]) <= -12.5 <= float(bounds[5])


def test_encode_and_decode_are_inverse():
    code = answer("encode", "-l", "7", "121.47", "31.23").strip()
    west, south, east, north = map(float, answer("decode", code).split("\t")[1:])
    assert west <= 121.47 < east
    assert south <= 31.23 < north
    assert answer("encode", "-l", "7", repr(west), repr(south)).strip() == code


@pytest.mark.parametrize(
    "code", ["N51", "", "N99H", "N51H2689", "X51H", "N51H 26", "Ｎ51H", "N51W"]
)
@pytest.mark.parametrize("command", ["decode", "inspect"])
def test_a_faulty_code_is_one_line(command, code):
    assert repr(code) in mistake(command, code)


def test_decode_needs_a_code():
    assert "Missing argument" in misuse("decode")


# inspect


@pytest.mark.parametrize("level", range(1, 11))
@pytest.mark.parametrize("place", [(121.47, 31.23), (-179.99, -0.01)])
def test_inspect_tells_all_of_a_code(place, level):
    code = lonlat_to_code(*place, level)
    lines = dict(line.split(maxsplit=1) for line in answer("inspect", code.lower()).splitlines()
                 if len(line.split(maxsplit=1)) == 2)  # fmt: skip
    cell, _ = code_to_cell(code)
    assert lines["code"] == code
    assert lines["level"] == f"{level} of 10"
    first, last = lines["integer"].split(", descendants to ")
    assert int(first) == cell
    if level < 10:
        youngest = code
        for _ in range(level, 10):
            youngest = code_to_children(youngest)[-1]
        assert int(first) < code_to_cell(youngest)[0] <= int(last)
    else:
        assert first == last
    west, south, east, north = code_to_bounds(code)
    assert lines["bounds"] == f"west {west!r}, south {south!r}, east {east!r}, north {north!r}"
    lon, lat = cell_to_center(cell, level)
    assert lines["centre"] == f"lon {lon!r}, lat {lat!r}"
    assert lines.get("ancestors", "").split() == [
        code[: upper.code_length] for upper in LEVELS[: level - 1]
    ]
    assert lines["neighbours"].split() == list(np.atleast_1d(code_to_neighbors(code)))


def test_inspect_gives_the_size_in_metres():
    lines = answer("inspect", lonlat_to_code(121.47, 0.0, 2)).splitlines()
    (size,) = (line for line in lines if line.startswith("size"))
    assert size == "size       55,659.22 m x 55,659.75 m, about"


# The command itself


def test_help_and_version_name_every_command():
    text = answer("--help")
    for command in ("encode", "decode", "inspect", "ingest", "query", "sample", "demo"):
        assert command in text
        assert answer(command, "--help").startswith("Usage: ")
    assert answer("--version").startswith("cli, version ") or "version" in answer("--version")


def test_an_unknown_command_is_told():
    assert "No such command 'encod'" in misuse("encod")


HEAVY = ("pyspark", "pandas", "pyarrow", "deltalake", "shapely", "pyproj", "pydantic", "sedona")
MAIN = "from gridcontainer.cli.main import main; main()"
CHECK = f"""
import sys
from gridcontainer.cli.main import cli
cli(sys.argv[1:], standalone_mode=False)
print([name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.parametrize(
    "arguments",
    ["encode 121.47 31.23", "encode 1 2 3", "encode --datum BD09 1 2", "decode N51H26",
     "inspect N51H26", "--help"],
)  # fmt: skip
def test_codes_load_nothing_heavy(arguments):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *arguments.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_encode_answers_within_a_second():
    """The best of five: a busy machine only ever adds to it."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "encode", "121.47", "31.23"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        seconds.append(time.perf_counter() - start)
    assert done.stdout == lonlat_to_code(121.47, 31.23, 10) + "\n"
    assert min(seconds) < 1.0
