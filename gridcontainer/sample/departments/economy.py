"""Economy: firms with two positions each, and jobs by street under a code."""

from typing import Any

import numpy as np
import pandas as pd

from gridcontainer.sample.city import town_objects
from gridcontainer.sample.dataset import Dataset, csv_dataset
from gridcontainer.sample.declaration import Csv, Declaration, Geometry, Json, Relation
from gridcontainer.sample.dirt import MISSING, OUTSIDE, Table, clean_table, mark_repeats
from gridcontainer.sample.formats import json_bytes
from gridcontainer.sample.names import CITY, FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import in_datum, moved, outside_city
from gridcontainer.sample.world import World

FIRMS = 2_000  # at scale 1
SHOP_SHARE = 0.2  # firms that run a shop of the map
WRONG_SHARE = 0.08  # firms whose BD-09 position is wrong
TRADES = (
    "文化传媒",
    "信息科技",
    "国际贸易",
    "建筑工程",
    "企业管理咨询",
    "物流",
    "生物科技",
    "餐饮管理",
)
FORMS = ("有限公司", "股份有限公司")
NOWHERE = {"lat": -1, "lon": -1}  # what the geocoder gives for an unknown address
STREETS_SHARE = 0.92
ZONES = 3
BD09 = Geometry(kind="point", lon="bdLocation.lon", lat="bdLocation.lat", datum="bd09")
ENTERPRISES = Declaration(
    department="economy",
    dataset="enterprises",
    path="economy/enterprises.json",
    format="json",
    key=("eid",),
    geometry=Geometry(kind="point", lon="gdLocation.lon", lat="gdLocation.lat", datum="gcj02"),
    other_geometries=(BD09,),
    json=Json(
        rows="$[*]",
        columns={
            name: f"$[*].{name}"
            for name in (
                *("eid", "name", "foundDate", "regCap", "regCapType", "actualCap"),
                *("actualCapType", "businessCount", "businessId", "stockCustomer"),
                *("gdLocation.lon", "gdLocation.lat", "bdLocation.lon", "bdLocation.lat"),
            )
        },
    ),
    note="gdLocation is null where missing; a wrong bdLocation is (-1, -1) or in another province",
)
EMPLOYMENT = Declaration(
    department="economy",
    dataset="employment_by_street",
    path="economy/employment_by_street.csv",
    format="csv",
    key=("official_control_code_2023",),
    csv=Csv(
        columns=(
            *("district", "official_control_code_2023", "official_control_name_2023"),
            *("published_control_label", "control_type", "employment_nominal"),
            *("employment_rounding_lower", "employment_rounding_upper_exclusive"),
            *("rounding_increment_people", "bulletin_unit", "reference_date"),
        ),
    ),
    relations=(
        Relation(
            columns=("official_control_code_2023",), to="planning/towns", to_columns=("code",)
        ),
    ),
    note="functional zones have codes that no town has; some towns publish nothing",
)


def enterprises(world: World) -> Dataset:
    """Firms, some of them the shops of the map, with a GCJ-02 and a BD-09 position."""
    rng = world.generator(ENTERPRISES.name)
    firms = _firms(rng, world)
    count = len(firms)
    points = firms["lon"].to_numpy(), firms["lat"].to_numpy()
    by_gd = in_datum(moved(points, *rng.normal(0.0, 5.0, (2, count))), "gcj02")
    by_bd = in_datum(moved(points, *rng.normal(0.0, 5.0, (2, count))), "bd09")
    cells = pd.DataFrame(
        {
            "actualCap": rng.integers(0, 50, count) * 10,
            "actualCapType": "万人民币",
            "bdLocation": _locations(*by_bd, digits=12),
            "businessCount": rng.poisson(1.0, count),
            "businessId": [
                rng.bytes(16).hex() if known else None for known in rng.random(count) < 0.7
            ],
            "eid": [_uuid(rng.bytes(16).hex()) for _ in range(count)],
            "foundDate": _days(rng, count),
            "gdLocation": _locations(*by_gd, digits=6),
            "logoUrl": "",
            "name": firms["name"].to_numpy(),
            "regCap": rng.choice([0.5, 10, 50, 100, 500, 1000, 5000], count),
            "regCapType": "万人民币",
            "stockCustomer": rng.random(count) < 0.1,
        }
    )
    table, by_bd_reason = _with_faults(rng, clean_table(cells, firms))
    content = json_bytes(table.cells.to_dict("records"), indent=1)
    return Dataset(ENTERPRISES, table, {ENTERPRISES.path: content}, {"bdLocation": by_bd_reason})


def employment_by_street(world: World) -> Dataset:
    """Workers by the code of the town, rounded as each district's bulletin rounds."""
    rng = world.generator(EMPLOYMENT.name)
    towns = world.city.towns
    listed = np.sort(rng.permutation(len(towns))[: round(len(towns) * STREETS_SHARE)])
    streets = towns.iloc[listed].reset_index(drop=True)
    zones = pd.DataFrame({"district": rng.integers(0, len(world.city.districts), ZONES)})
    zones["code"] = [
        str(world.city.district_code(int(district)) * 1_000_000 + (501 + number) * 1000)
        for number, district in enumerate(zones["district"])
    ]
    stems = distinct_names(rng, ZONES, FIRST, SECOND)
    zones["name"] = [f"{stem}经济技术开发区" for stem in stems]
    zones["kind"] = "开发区"
    rows = pd.concat([streets, zones], ignore_index=True)
    cells = _employment_cells(rng, world, rows)
    truth = town_objects(world.city).iloc[listed]
    blank = pd.DataFrame({"object_id": [None] * ZONES, "class": [None] * ZONES})
    table = clean_table(cells, pd.concat([truth, blank], ignore_index=True))
    return csv_dataset(EMPLOYMENT, table)


def _employment_cells(rng: np.random.Generator, world: World, rows: pd.DataFrame) -> pd.DataFrame:
    step_of_district = rng.choice([1, 100, 1000], len(world.city.districts))
    step = step_of_district[rows["district"].to_numpy(dtype=np.int64)]
    exact = rng.lognormal(10.3, 0.8, len(rows)).astype(np.int64)
    nominal = np.maximum(exact // step * step, step)
    types = {"街道": "street", "镇": "town", "乡": "town", "开发区": "functional_zone"}
    half = step // 2
    return pd.DataFrame(
        {
            "district": [world.city.districts[number] for number in rows["district"]],
            "official_control_code_2023": rows["code"],
            "official_control_name_2023": rows["name"],
            "published_control_label": rows["name"],
            "control_type": rows["kind"].map(types),
            "employment_nominal": nominal.astype(str),
            "employment_rounding_lower": (nominal - half).astype(str),
            "employment_rounding_upper_exclusive": (nominal + half).astype(str),
            "rounding_increment_people": step.astype(str),
            "bulletin_unit": "persons",
            "reference_date": "2023-12-31",
        }
    )


def _firms(rng: np.random.Generator, world: World) -> pd.DataFrame:
    count = world.rows(FIRMS, at_least=40)
    shops = min(round(count * SHOP_SHARE), len(world.shops))
    picked = world.shops.iloc[rng.permutation(len(world.shops))[:shops]]
    points = picked["lon"].to_numpy(), picked["lat"].to_numpy()
    homes = np.array(world.city.districts)[world.city.district_of(points)]
    own = count - shops
    lon, lat = world.city.sample(rng, own)
    stems = distinct_names(rng, own, FIRST, SECOND, TRADES, FORMS)
    run = pd.DataFrame(
        {
            "object_id": picked["object_id"].to_numpy(),
            "class": "shop",
            "name": [
                f"{CITY}{home}{name}" for home, name in zip(homes, picked["name"], strict=True)
            ],
            "lon": points[0],
            "lat": points[1],
        }
    )
    other = pd.DataFrame(
        {
            "object_id": [f"firm-{number:06d}" for number in range(own)],
            "class": "firm",
            "name": [f"{CITY[:-1]}{stem}" for stem in stems],
            "lon": lon,
            "lat": lat,
        }
    )
    firms = pd.concat([run, other], ignore_index=True)
    return firms.iloc[rng.permutation(count)].reset_index(drop=True)


def _with_faults(rng: np.random.Generator, table: Table) -> tuple[Table, "pd.Series[Any]"]:
    """Wrong BD-09 positions, a few missing GCJ-02 ones and a few firms twice.

    Returns:
        The table, its reasons by gdLocation, and the reason of each row by bdLocation.
    """
    order = rng.permutation(table.rows)
    wrong = order[: max(2, round(table.rows * WRONG_SHARE))]
    silent = order[len(wrong) : len(wrong) + max(1, table.rows // 250)]
    again = order[-max(1, table.rows // 200) :]
    cells, truth = table.cells.copy(), table.truth.copy()
    far = pd.Series(_locations(*outside_city(rng, len(wrong)), digits=12), index=wrong)
    far.iloc[::2] = [NOWHERE] * len(far.iloc[::2])
    cells.loc[wrong, "bdLocation"] = far
    cells.loc[silent, "gdLocation"] = None
    truth.loc[silent, "reason"] = MISSING
    by_bd = truth.assign(reason=None)
    by_bd.loc[wrong, "reason"] = OUTSIDE
    cells = pd.concat([cells, cells.loc[again]], ignore_index=True)
    tables = [
        mark_repeats(
            Table(cells, pd.concat([part, part.loc[again]], ignore_index=True)), ENTERPRISES.key
        )
        for part in (truth, by_bd)
    ]
    return tables[0], tables[1].truth["reason"]


def _locations(
    lon: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    lat: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    *,
    digits: int,
) -> list[dict[str, float]]:
    return [
        {"lat": round(y, digits), "lon": round(x, digits)}
        for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
    ]


def _uuid(digits: str) -> str:
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def _days(rng: np.random.Generator, count: int) -> list[str]:
    """Founding days from 1990 to 2023."""
    days = np.datetime64("1990-01-01") + rng.integers(0, 34 * 365, count)
    return [str(day) for day in days]
