"""A few small data sets that go through all steps of a night, in two versions of their sources."""

import random
import shutil
from pathlib import Path

from gridcontainer.sample import write_sample

ROOT = Path(__file__).parents[1]
SCALE = 0.03
NIGHTS = ("2026-11-01", "2026-11-02")  # one for each version of the sources
_TAKEN = ("communities", "community_listings", "air_stations", "towns")
_FILES = {
    "housing/communities_gbk_bd09.csv": "gb18030",
    "housing/communities_wgs84.csv": "gb18030",
    "environment/stations.csv": "utf-8",
    "environment/aqi.csv": "utf-8",
    "planning/towns.json": "utf-8",
}
_THE_SAME = ("environment/stations.csv", "planning/towns.json")
_AQI = """
dataset: aqi_hours
department: environment
title: Air quality index of each station by hour (made up)
kind: table
source: {path: environment/aqi.csv, format: csv}
time: {columns: [TIME], format: "yyyy/M/d H:mm"}
key: [TIME, SITEID]
"""
_SERIES = """
series: aqi_hours
title: Air quality index of each station by hour (made up)
dataset: aqi_hours
station: SITEID
missing: ["/"]
interval_seconds: 3600
place: {dataset: air_stations, key: SITEID}
measures: [{column: AQI, quantity: aqi, unit: "1", valid: [0, 500]}]
"""
_PANEL = """
panel: housing
department: housing
source: {dataset: community_listings, value: price_cny_per_m2}
levels: [2, 3]
indicators:
  communities_listed: {title: Communities with a price, unit: community}
  house_price: {title: Listing price, unit: CNY/m2, aggregate: mean}
"""
_NIGHT = f"""
title: A city to be killed
city: {ROOT}/conf/city/shanghai.yaml
datasets: datasets
sensors: sensors
panel: panel
steps:
  - {{step: ingest}}
  - {{step: sensors, after: [ingest]}}
  - {{step: identity, after: [ingest]}}
  - {{step: reconstruct, after: [identity, sensors]}}
  - {{step: panel, after: [ingest]}}
  - {{step: catalogue, after: [ingest]}}
  - {{step: retention, after: [reconstruct, panel, catalogue]}}
"""
_LINKS = """
links: links
steps:
  - {step: link, after: [identity]}
  - {step: relate, after: [link]}
"""


def write_city(folder: Path, *, with_links: bool) -> None:
    """Make ``night.yaml`` with its declarations, and ``sources-1`` and ``sources-2``.

    Args:
        folder: for all of it.
        with_links: its night links and relates too, which takes as long as all the rest.
    """
    for name in ("datasets", "links", "panel", "sensors"):
        (folder / name).mkdir(parents=True)
    for name in _TAKEN:
        shutil.copy(ROOT / f"conf/sample/{name}.yaml", folder / "datasets")
    shutil.copy(ROOT / "conf/sample/links/communities.yaml", folder / "links")
    (folder / "datasets/aqi_hours.yaml").write_text(_AQI, encoding="utf-8")
    (folder / "sensors/aqi_hours.yaml").write_text(_SERIES, encoding="utf-8")
    (folder / "panel/housing.yaml").write_text(_PANEL, encoding="utf-8")
    night = _NIGHT.replace("steps:\n", _LINKS.lstrip()) if with_links else _NIGHT
    (folder / "night.yaml").write_text(night, encoding="utf-8")
    write_sample(folder / "sample", scale=SCALE)
    for path, encoding in _FILES.items():
        lines = (folder / "sample" / path).read_text(encoding=encoding).splitlines()
        _write(folder / "sources-1" / path, lines, encoding)
        _write(folder / "sources-2" / path, _changed(path, lines), encoding)
    shutil.rmtree(folder / "sample")


def _write(path: Path, lines: list[str], encoding: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def _changed(path: str, lines: list[str]) -> list[str]:
    """One row in twenty is gone, one in twenty has another last value; some sets stay."""
    if path in _THE_SAME:
        return lines
    chance = random.Random(path)
    kept = [lines[0]]
    for line in lines[1:]:
        drawn = chance.random()
        if drawn < 0.05:
            continue
        kept.append(_with_other_number(line) if drawn < 0.1 else line)
    return kept


def _with_other_number(line: str) -> str:
    """The first number with a decimal point or, of readings, the third value, a little greater."""
    cells = line.split(",")
    for place, cell in enumerate(cells):
        plain = cell.strip('"')
        if place and plain.replace(".", "", 1).isdigit():
            cells[place] = cell.replace(plain, f"{float(plain) * 1.00001 + 0.0001:.6f}")
            break
    return ",".join(cells)
