"""Coordinates and numbers as people write them: drafted, ingested, and read as they were meant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from drafted import draft_and_ingest, draft_of
from hypothesis import HealthCheck, given, settings, strategies as st

from gridcontainer.container.judge.numbers import read_numbers

RNG = np.random.default_rng(3)
LON, LAT = RNG.uniform(121.0, 121.9, 40).round(4), RNG.uniform(30.8, 31.7, 40).round(4)
Way = Callable[[float, str], str]


def parts(degrees: float) -> tuple[int, int, float]:
    seconds = round(degrees * 3600, 2)
    return int(seconds // 3600), int(seconds // 60 % 60), round(seconds % 60, 2)


def dms(pattern: str) -> Way:
    def write(degrees: float, axis: str) -> str:
        d, m, s = parts(degrees)
        letter, name = ("E", "东经") if axis == "lon" else ("N", "北纬")
        return pattern.format(d=d, m=m, s=s, letter=letter, name=name)

    return write


def ddmm(degrees: float, axis: str) -> str:
    minutes = round(degrees % 1 * 60, 6)
    return f"{int(degrees)}{minutes:09.6f}"


def ddmmss(degrees: float, axis: str) -> str:
    d, m, s = parts(degrees)
    return f"{d}{m:02d}{s:05.2f}"


WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
WAYS: dict[str, Way] = {
    "plain": lambda v, axis: str(v),
    "comma": lambda v, axis: str(v).replace(".", ","),
    "full width": lambda v, axis: str(v).translate(WIDE),
    "degree sign": lambda v, axis: f"{v}°",
    "letters": lambda v, axis: f"{v}{'E' if axis == 'lon' else 'N'}",
    "letters before": lambda v, axis: f"{'E' if axis == 'lon' else 'N'} {v}",
    "Chinese letters": lambda v, axis: f"{'东经' if axis == 'lon' else '北纬'}{v}度",
    "apostrophe": lambda v, axis: f"'{v}",
    "white space": lambda v, axis: f"\u3000{v}\u00a0",
    "signs": dms("{d}°{m}'{s}\"{letter}"),
    "Chinese signs": dms("{name}{d}度{m}分{s}秒"),
    "primes": dms("{d}°{m}′{s}″"),
    "blanks": dms("{d} {m} {s}"),
    "colons": dms("{d}:{m}:{s}"),
    "hyphens": dms("{d}-{m}-{s}"),
    "ddmm": ddmm,
    "ddmmss": ddmmss,
    "microdegrees": lambda v, axis: str(round(v * 1e6)),
    "tenths of a microdegree": lambda v, axis: str(round(v * 1e7)),
    "hundred thousandths": lambda v, axis: str(round(v * 1e5)),
    "ten thousandths": lambda v, axis: str(round(v * 1e4)),
    "seconds": lambda v, axis: str(round(v * 3600, 2)),
    "milliseconds": lambda v, axis: str(round(v * 3.6e6)),
}


def check(found: Any, tolerance: float = 2e-6) -> None:
    assert len(found.rows) == len(LON)
    assert found.rows["lon"].to_numpy() == pytest.approx(LON, abs=tolerance)
    assert found.rows["lat"].to_numpy() == pytest.approx(LAT, abs=tolerance)


@pytest.mark.parametrize("names", [("lon", "lat"), ("经度", "纬度")])
@pytest.mark.parametrize("way", WAYS)
def test_coordinates_in_two_columns(tmp_path: Path, way: str, names: tuple[str, str]) -> None:
    lon = [WAYS[way](value, "lon") for value in LON.tolist()]
    lat = [WAYS[way](value, "lat") for value in LAT.tolist()]
    frame = pd.DataFrame({"id": range(len(LON)), names[0]: lon, names[1]: lat})
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    check(draft_and_ingest(tmp_path / "rows.csv"))


@pytest.mark.parametrize("way", ["comma", "signs", "Chinese signs", "letters"])
def test_coordinates_in_columns_of_any_name(tmp_path: Path, way: str) -> None:
    lon = [WAYS[way](value, "lon") for value in LON.tolist()]
    lat = [WAYS[way](value, "lat") for value in LAT.tolist()]
    frame = pd.DataFrame({"id": range(len(LON)), "p": lat, "q": lon})
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    check(draft_and_ingest(tmp_path / "rows.csv"))


@pytest.mark.parametrize("order", ["lat_lon", "lon_lat"])
@pytest.mark.parametrize("mark", [",", ", ", " ", ";", "|", "/"])
@pytest.mark.parametrize("way", ["plain", "letters", "signs", "full width", "comma"])
def test_both_coordinates_in_one_column(tmp_path: Path, way: str, mark: str, order: str) -> None:
    if way == "comma" and mark == ",":
        pytest.skip("three commas in a row tell nothing")
    pairs = []
    for lon, lat in zip(LON.tolist(), LAT.tolist(), strict=True):
        both = [WAYS[way](lat, "lat"), WAYS[way](lon, "lon")]
        pairs.append(mark.join(both if order == "lat_lon" else both[::-1]))
    frame = pd.DataFrame({"id": range(len(LON)), "place": pairs})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.declaration.position.in_one_column
    check(found)


def test_few_rows_in_minutes_are_asked(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,lon,lat\n1,12128.2083,3114.0200\n2,12129.1,3113.5\n")
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.rows["lon"].tolist() == pytest.approx([121.470138, 121.485], abs=1e-6)
    assert "ask" in found.warned


@pytest.mark.parametrize("share", [0.2, 0.7, 0.99])
def test_a_low_share_in_the_city_is_told(tmp_path: Path, share: float) -> None:
    inside = np.arange(200) < 200 * share
    frame = pd.DataFrame({"id": range(200)})
    frame["lon"] = np.where(inside, 121.4, 116.4) + np.arange(200) * 1e-4
    frame["lat"] = np.where(inside, 31.2, 39.9) + np.arange(200) * 1e-4
    frame.to_csv(tmp_path / "rows.csv", index=False)
    draft = draft_of(tmp_path / "rows.csv")
    told = [w for w in draft.warnings if w.startswith(f"only {share:.1%} of lon, lat lie in")]
    assert len(told) == (share < 0.9)


NUMBERS: dict[str, tuple[list[str], list[float], dict[str, Any]]] = {
    "thousands": (["1,234", "12,345,678", "99"], [1234, 12345678, 99], {"thousands": ","}),
    "thousands and cents": (["1,234.50", "7.25"], [1234.5, 7.25], {"thousands": ","}),
    "European": (
        ["1.234,50", "12.345.678,9"],
        [1234.5, 12345678.9],
        {"thousands": ".", "decimal": ","},
    ),
    "decimal comma": (["1,5", "22,75"], [1.5, 22.75], {"decimal": ","}),
    "thousands by blanks": (["1 234", "12 345 678"], [1234, 12345678], {"thousands": " "}),
    "multiples": (["3.5万", "1.2亿", "300"], [35000, 1.2e8, 300], {"multiples": True}),
    "yuan": (["￥50", "¥1,200"], [50, 1200], {"signs": ["¥"], "thousands": ","}),
    "yuan behind": (["50元", "12.5元"], [50, 12.5], {"signs": ["元"]}),
    "ten thousands of yuan": (
        ["3.5万元", "12万元"],
        [35000, 120000],
        {"multiples": True, "signs": ["元"]},
    ),
    "full width": (["１２３", "４．５"], [123, 4.5], {}),
    "percent": (["50%", "12.5%"], [0.5, 0.125], {"percent": "fraction"}),
    "brackets": (["(50)", "12"], [-50, 12], {"brackets": "negative"}),
    "dollars": (["$1,234.50", "$7"], [1234.5, 7], {"signs": ["$"], "thousands": ","}),
    "metres": (["12 m", "7.5 m"], [12, 7.5], {"signs": ["m"]}),
    "apostrophes": (["'12", "'7.5"], [12, 7.5], {}),
}


@pytest.mark.parametrize("way", NUMBERS)
def test_numbers_in_text(tmp_path: Path, way: str) -> None:
    texts, values, keys = NUMBERS[way]
    frame = pd.DataFrame({"id": range(12), "lon": LON[:12], "lat": LAT[:12]})
    frame["amount"] = [texts[n % len(texts)] for n in range(12)]
    frame.to_csv(tmp_path / "rows.csv", index=False, sep="\t")
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert found.draft.content["numbers"] == {"amount": keys}
    form = found.declaration.numbers["amount"]
    read = read_numbers(pa.array(texts), form).values
    assert read == pytest.approx(values)


def test_a_comma_that_may_be_either_is_asked(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(12), "lon": LON[:12], "lat": LAT[:12], "amount": "1,234"})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    assert any("it could be decimal: ," in w for w in draft_of(tmp_path / "rows.csv").warnings)


@pytest.mark.parametrize("texts", [["5路", "7路"], ["1号", "2号"], ["12,5,7", "1,2"], ["A1", "B2"]])
def test_names_with_numbers_are_no_numbers(tmp_path: Path, texts: list[str]) -> None:
    frame = pd.DataFrame({"id": range(2), "lon": LON[:2], "lat": LAT[:2], "what": texts})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    assert "numbers" not in draft_of(tmp_path / "rows.csv").content


def test_several_units_have_no_format(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(2), "lon": LON[:2], "lat": LAT[:2], "pay": ["￥50", "$7"]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    draft = draft_of(tmp_path / "rows.csv")
    assert "numbers" not in draft.content
    assert any("several units" in warning for warning in draft.warnings)


@pytest.mark.parametrize("word", ["N/A", "无", "暂无", "#N/A", "////"])
def test_texts_that_mean_missing(tmp_path: Path, word: str) -> None:
    frame = pd.DataFrame(
        {"id": range(20), "lon": LON[:20].astype(str), "lat": LAT[:20].astype(str)}
    )
    frame["pm25"] = ["7.5", "8", word, "9"] * 5
    frame.loc[3, ["lon", "lat"]] = word
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = draft_and_ingest(tmp_path / "rows.csv")
    assert word in found.declaration.missing
    assert len(found.rows) == 19


def test_a_number_that_may_mean_missing_is_asked(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(20), "lon": LON[:20], "lat": LAT[:20]})
    frame["pm25"] = ["7.5", "8", "-9999", "9"] * 5
    frame.to_csv(tmp_path / "rows.csv", index=False)
    draft = draft_of(tmp_path / "rows.csv")
    assert "missing" not in draft.content
    assert any("pm25 is -9999 in 5 rows" in warning for warning in draft.warnings)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    way=st.sampled_from(sorted(WAYS)),
    places=st.lists(
        st.tuples(st.integers(1_210_000, 1_219_000), st.integers(308_000, 317_000)),
        min_size=12,
        max_size=30,
        unique=True,
    ),
)
def test_a_drafted_position_is_where_it_was_written(
    tmp_path: Path, way: str, places: list[tuple[int, int]]
) -> None:
    """Each writing reads as it was meant, or the draft has doubts of its own."""
    lon, lat = (np.array(axis) / 1e4 for axis in zip(*places, strict=True))
    frame = pd.DataFrame({"id": range(len(places))})
    frame["lon"] = [WAYS[way](value, "lon") for value in lon.tolist()]
    frame["lat"] = [WAYS[way](value, "lat") for value in lat.tolist()]
    frame.to_csv(tmp_path / "rows.csv", index=False, sep=";")
    found = draft_and_ingest(tmp_path / "rows.csv")
    near = len(found.rows) == len(places) and np.allclose(found.rows["lon"], lon, atol=2e-6)
    assert near or "it could be" in found.warned


@pytest.mark.parametrize("text", ["1e2147483648", "1e-2147483649", "1e99999999999999999999"])
def test_a_number_beyond_all_numbers_ends_no_process(tmp_path: Path, text: str) -> None:
    """A reader in C that counts exponents in 32 bits reads memory that is not its own."""
    path = tmp_path / "huge.csv"
    lines = ["lon,lat,n", *(f"121.4{i},31.2{i},{i}" for i in range(9)), f"121.4,31.2,{text}"]
    path.write_text("\n".join(lines) + "\n")
    assert draft_of(path).content["position"] == {"lon": "lon", "lat": "lat"}
