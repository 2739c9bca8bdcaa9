"""Civil affairs: places that care for the elderly, in GCJ-02, numbers as text."""

import numpy as np
import pandas as pd

from gridcontainer.sample.dataset import Dataset
from gridcontainer.sample.declaration import Declaration, Geometry, Json
from gridcontainer.sample.dirt import Faults, PositionColumns, clean_table, soil
from gridcontainer.sample.formats import json_bytes
from gridcontainer.sample.names import CITY, FIRST, SECOND, distinct_names
from gridcontainer.sample.positions import Ints, in_datum
from gridcontainer.sample.world import World

FACILITIES = 3_800  # at scale 1
TYPES = {  # number of the type -> its share and how its places are called
    1: (0.18, "{city}{district}{stem}敬老院"),
    2: (0.04, "{city}{town}{stem}社区长者照护之家"),
    3: (0.16, "{city}{district}{town}{stem}老年人日间照护中心"),
    4: (0.41, "{city}{district}{town}{stem}助餐点"),
    5: (0.06, "{town}{stem}为老服务中心"),
    6: (0.09, "{city}{district}{town}{stem}综合为老服务中心"),
    7: (0.05, "{city}{stem}护理站"),
    8: (0.01, "{city}{stem}护理院"),
}
SIDES = ("", "东", "西", "新", "北")
DECLARATION = Declaration(
    department="civil_affairs",
    dataset="elderly_care",
    path="civil_affairs/elderly_care.json",
    format="json",
    key=("agencyType", "agencyName"),
    geometry=Geometry(kind="point", lon="longitude", lat="latitude", datum="gcj02"),
    json=Json(
        rows="$[*]",
        columns={
            name: f"$[*].{name}" for name in ("agencyType", "agencyName", "longitude", "latitude")
        },
    ),
    note="coordinates are text; missing ones are null or empty",
)
FAULTS = Faults(missing=0.0115, not_a_number=0.0008, outside=0.0008, repeated=0.0053, resent=0.001)


def elderly_care(world: World) -> Dataset:
    """Facilities of eight types; a name often says the town that it stands in."""
    rng = world.generator(DECLARATION.name)
    count = world.rows(FACILITIES, at_least=40)
    shares = np.array([share for share, _ in TYPES.values()])
    kind = rng.choice(list(TYPES), count, p=shares / shares.sum())
    points = world.city.sample(rng, count)
    lon, lat = in_datum(points, "gcj02")
    cells = pd.DataFrame(
        {
            "agencyType": kind,
            "agencyName": _names(rng, world, kind, world.city.town_of(points)),
            "longitude": [_text(value) for value in lon],
            "latitude": [_text(value) for value in lat],
        }
    )
    truth = pd.DataFrame(
        {
            "object_id": [f"facility-{number:06d}" for number in range(count)],
            "class": "elderly_care",
            "lon": points[0],
            "lat": points[1],
        }
    )
    position = PositionColumns(lon="longitude", lat="latitude", spell=_text, empty=("", None, None))
    clean = clean_table(cells, truth)
    table = soil(clean, FAULTS, rng, key=DECLARATION.key, position=position)
    content = json_bytes(table.cells.to_dict("records"), indent=2)
    return Dataset(DECLARATION, table, {DECLARATION.path: content})


def _names(
    rng: np.random.Generator,
    world: World,
    kind: Ints,
    town: Ints,
) -> list[str]:
    stems = {
        number: iter(distinct_names(rng, int((kind == number).sum()), FIRST, SECOND, SIDES))
        for number in TYPES
    }
    towns = world.city.towns["name"].tolist()
    districts = world.city.towns["district"].tolist()
    return [
        TYPES[number][1].format(
            city=CITY if rng.random() < 0.6 else CITY[:-1],
            district=world.city.districts[districts[place]],
            town=towns[place],
            stem=next(stems[number]),
        )
        for number, place in zip(kind.tolist(), town.tolist(), strict=True)
    ]


def _text(value: float) -> str:
    return repr(round(float(value), 6))
