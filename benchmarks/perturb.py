"""Copies of real records as another department would have them: the truth of a linkage is known.

Names change as the sources of Shanghai are seen to differ; positions err normally.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import opencc
import pandas as pd

METRES: Final = 60.0  # standard deviation of an error of position, east and north
_DEGREE_METRES: Final = 111_320.0
_TRADITIONAL: Final = opencc.OpenCC("s2t")
_GENERIC: Final = "小区"
_HABITS: Final[tuple[tuple[float, Callable[[str], str]], ...]] = (
    (0.34, lambda name: name),
    (0.12, lambda name: name.removesuffix(_GENERIC) if len(name) > 4 else name),
    (0.12, lambda name: name if name.endswith((_GENERIC, ")")) else name + _GENERIC),
    (0.12, lambda name: name.replace("(", "（").replace(")", "）").replace("号", "號")),
    (0.12, _TRADITIONAL.convert),
    (0.08, lambda name: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)),
    (0.05, lambda name: name if name.endswith(")") else f"{name}(公寓)"),
    (0.05, lambda name: f"{name[0]} {name[1:]}"),
)


def perturbed(records: pd.DataFrame, *, share: float = 0.8, seed: int = 2026) -> pd.DataFrame:
    """Some of the records as another department has them.

    Args:
        records: ``record_id``, ``name``, ``lon``, ``lat`` (degrees).
        share: of the records that the other department has too.
        seed: of all that is drawn.

    Returns:
        The same columns, and ``truth``: the record that it is a copy of.
    """
    rng = np.random.default_rng(seed)
    kept = records[rng.random(len(records)) < share].reset_index(drop=True)
    habits = rng.choice(len(_HABITS), len(kept), p=[chance for chance, _ in _HABITS])
    east, north = rng.normal(0, METRES / _DEGREE_METRES, (2, len(kept)))
    return pd.DataFrame(
        {
            "record_id": "copy-" + kept["record_id"],
            "name": [_HABITS[h][1](name) for h, name in zip(habits, kept["name"], strict=True)],
            "lon": kept["lon"] + east / np.cos(np.radians(kept["lat"])),
            "lat": kept["lat"] + north,
            "truth": kept["record_id"],
        }
    )


def other_cities(records: pd.DataFrame, rows: int, *, seed: int = 2026) -> pd.DataFrame:
    """Records of as many cities as are needed, each built like the given one.

    Each further city stands two degrees further and writes its names with other characters, one
    for one, so that names are as like each other within it as they are here. Digits, brackets and
    the ten commonest characters stay.
    """
    characters = pd.Series(list("".join(records["name"]))).value_counts()
    common = characters.index[characters.index.str.match(r"[\u4e00-\u9fff]")]
    swapped = common[10:].to_numpy()
    rng = np.random.default_rng(seed)
    cities = []
    for number in range(-(-rows // len(records))):
        mapping = dict(zip(swapped, rng.permutation(swapped), strict=True)) if number else {}
        table = str.maketrans(mapping)
        cities.append(
            pd.DataFrame(
                {
                    "record_id": records["record_id"] + f"-{number}",
                    "name": [name.translate(table) for name in records["name"]],
                    "lon": records["lon"] - 2.0 * (number % 20),
                    "lat": records["lat"] - 2.0 * (number // 20),
                }
            )
        )
    return pd.concat(cities, ignore_index=True).head(rows)
