"""Which columns are longitude and latitude: by name and by value, in either order."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from gridcontainer.container.declaration import Extent
from gridcontainer.container.inference.columns import Columns
from gridcontainer.container.inference.findings import Notes
from gridcontainer.container.inference.names import is_latitude_name, is_longitude_name, named_pairs
from gridcontainer.grid.arrays import Bools, Float64s

_REACH: Final = 0.02  # degrees; a datum's shift moves a city's points no farther
LOW_SHARE: Final = 0.9  # of the positions in the city; below it a person is warned
_ENOUGH: Final = 0.5  # share of filled rows in the city, where the names say nothing
_CHINA: Final = Extent(west=72.0, south=3.0, east=136.0, north=54.5)
WORLD: Final = Extent(west=-180.0, south=-90.0, east=180.0, north=90.0)


@dataclass(frozen=True)
class Located:
    """Where the rows of a sample are, by one pair of columns or one column of shapes.

    Attributes:
        keys: of the declaration's ``position``.
        lon: of each row, degrees in the file's own datum; NaN where there is none.
        lat: likewise.
        inside: rows in the city's extent, widened by 0.02 degrees.
        shape: what most rows are: ``point``, ``line`` or ``area``.
        all_points: no row is anything else.
        crs: CRS that the file says, or None; ``lon`` and ``lat`` are then converted from it.
    """

    keys: dict[str, Any]
    lon: Float64s
    lat: Float64s
    inside: Bools
    shape: str = "point"
    all_points: bool = True
    crs: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that hold the position."""
        parts = [self.keys[part] for part in ("lon", "lat", "geometry") if part in self.keys]
        return list(dict.fromkeys(parts))

    @property
    def name(self) -> str:
        """The columns, for people."""
        return ", ".join(self.columns)


def within(lon: Float64s, lat: Float64s, extent: Extent, reach: float = _REACH) -> Bools:
    """Which positions are in an extent, its edges widened by ``reach`` degrees."""
    with np.errstate(invalid="ignore"):
        inside: Bools = (lon >= extent.west - reach) & (lon <= extent.east + reach)
        return inside & (lat >= extent.south - reach) & (lat <= extent.north + reach)


def say_low(name: str, share: float) -> str:
    """What a person is told of positions of which few lie in the city."""
    hint = "another city's file?" if share < 0.5 else "see them"
    return (
        f"only {share:.1%} of {name} lie in the city: the others would be quarantined, {hint} "
        "(outside_city: keep takes them all)"
    )


def find_pairs(
    frame: pd.DataFrame, columns: Columns, extent: Extent, notes: Notes
) -> list[Located]:
    """All pairs of columns that are longitude and latitude, the likeliest first.

    A pair counts if its names say so and its values are degrees of the country (or at least of
    the Earth), or if half of its rows are in the city with three decimals or more.
    """
    pairs = _candidates(frame, columns, extent)
    found: list[tuple[float, Located]] = []
    for a, b in pairs:
        pair = _judge(frame, columns, (a, b), extent, notes)
        if pair is not None:
            found.append(pair)
    found.sort(key=lambda item: -item[0])
    taken: set[str] = set()
    chosen = []
    for _, located in found:
        if not taken & set(located.columns):
            taken |= set(located.columns)
            chosen.append(located)
            _say(located, columns, extent, notes)
    return chosen


def _candidates(frame: pd.DataFrame, columns: Columns, extent: Extent) -> list[tuple[str, str]]:
    """Columns of numbers named as the two axes with one stem, and those whose values fit them."""
    numbers = [name for name in frame.columns if name in columns.numbers]
    pairs = named_pairs(numbers)
    named = {name for pair in pairs for name in pair}
    fine = [name for name in numbers if name not in named and _is_fine(frame[name])]
    east = [name for name in fine if _share(columns.numbers[name], extent.west, extent.east)]
    north = [name for name in fine if _share(columns.numbers[name], extent.south, extent.north)]
    return pairs + [(lon, lat) for lon in east for lat in north if lon != lat]


def _share(values: Float64s, low: float, high: float) -> bool:
    """Whether enough of a column's values are in a range, its edges widened."""
    finite = values[np.isfinite(values)]
    inside = (finite >= low - _REACH) & (finite <= high + _REACH)
    return len(finite) > 0 and float(inside.mean()) >= _ENOUGH


def _is_fine(column: "pd.Series[Any]") -> bool:
    """Whether most values have three decimals: pixels, prices and temperatures have not."""
    texts = column.dropna().iloc[:2000].str.strip()
    return len(texts) > 0 and float(texts.str.contains(r"\.\d{3,}$").mean()) >= 0.5


def _is_named(lon: str, lat: str) -> bool:
    return is_longitude_name(lon) and is_latitude_name(lat)


def _judge(
    frame: pd.DataFrame,
    columns: Columns,
    pair: tuple[str, str],
    extent: Extent,
    notes: Notes,
) -> tuple[float, Located] | None:
    a, b = (columns.numbers[name] for name in pair)
    filled = int((np.isfinite(a) & np.isfinite(b)).sum())
    named = _is_named(*pair) or _is_named(*pair[::-1])
    if not filled:
        return None
    in_city = within(a, b, extent).sum() / filled, within(b, a, extent).sum() / filled
    if max(in_city) >= (0.0001 if named else _ENOUGH):
        straight = in_city[0] >= in_city[1]
    elif named:
        country = within(a, b, _CHINA).sum(), within(b, a, _CHINA).sum()
        world = within(a, b, WORLD, 0.0).sum(), within(b, a, WORLD, 0.0).sum()
        straight = country[0] >= country[1] if any(country) else _is_named(*pair)
        if max(world) < 0.5 * filled:
            like = _unit(a, b)
            notes.warn(
                f"{pair[0]}, {pair[1]} are named as degrees and look like {like}: no position"
            )
            return None
    else:
        return None
    lon, lat = pair if straight else pair[::-1]
    x, y = columns.numbers[lon], columns.numbers[lat]
    located = Located({"lon": lon, "lat": lat}, x, y, within(x, y, extent))
    return float(max(in_city)) + named + filled / len(frame) / 10.0, located


def warn_of_plane(columns: Columns, notes: Notes) -> None:
    """Say of columns such as X and Y, where no position was found, that they are no degrees."""
    by_axis = {axis: [n for n in columns.numbers if n.strip().lower() == axis] for axis in "xy"}
    for x, y in zip(by_axis["x"], by_axis["y"], strict=False):
        a, b = columns.numbers[x], columns.numbers[y]
        filled = int((np.isfinite(a) & np.isfinite(b)).sum())
        if filled and within(a, b, WORLD, 0.0).sum() < 0.5 * filled:
            notes.warn(
                f"{x}, {y} look like {_unit(a, b)}, not degrees: metres need their EPSG number as "
                "datum; pixels of a drawing are no position"
            )


def _unit(x: Float64s, y: Float64s) -> str:
    """Pixels or metres: a plane's metres are hundreds of thousands."""
    size = np.nanmedian(np.abs(np.concatenate([x, y])))
    return "pixels" if size < 20_000.0 else "metres of a projection"


def _say(located: Located, columns: Columns, extent: Extent, notes: Notes) -> None:
    lon, lat = located.columns
    filled = np.isfinite(located.lon) & np.isfinite(located.lat)
    rows = int(filled.sum())
    swapped = within(located.lat, located.lon, extent).sum() / rows
    share = located.inside.sum() / rows
    evidence = f"{share:.1%} of {rows:,} rows in the city; {swapped:.1%} in the other order"
    names = _is_named(lon, lat)
    evidence += "; the names say so" if names else "; the names do not say so"
    sure = share > 0.5 and (names or share > 0.9)
    notes.add("position", f"lon {lon}, lat {lat}", evidence, "high" if sure else "low")
    if _is_named(lat, lon):
        notes.warn(f"the names are swapped: {lon} holds longitudes and {lat} latitudes")
    if share < LOW_SHARE:
        notes.warn(say_low(f"{lon}, {lat}", share))
    empty = len(filled) - rows
    zero = int(((located.lon == 0.0) & (located.lat == 0.0)).sum())
    if empty or zero:
        notes.warn(f"{lon}, {lat}: {empty:,} rows without a number, {zero:,} rows at (0,0)")
