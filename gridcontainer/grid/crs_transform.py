"""The way of a coordinate reference system (CRS) to WGS 84, by PROJ, and how good it is.

PROJ *guesses* where it knows no transformation between two datums: its "ballpark" operation leaves
longitude and latitude as they are, which is some hundred metres off for Beijing 1954 or Xian 1980.
Such a guess is never taken unless the caller accepts it.
"""

import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from gridcontainer.errors import CoordinateError
from gridcontainer.grid.arrays import Bools, Float64s
from gridcontainer.grid.crs import WGS84, is_cgcs2000, is_like_wgs84, read_crs

if TYPE_CHECKING:
    from pyproj import Transformer

Extent = tuple[float, float, float, float]  # west, south, east, north; degrees, WGS 84
Pair = tuple[Float64s, Float64s]

WORLD: Final[Extent] = (-180.0, -90.0, 180.0, 90.0)
_NEAR: Final = 1e-6  # degrees; an edge of an area is written with two decimals
_REMEDY: Final = (
    "Convert the source to WGS 84 or CGCS2000 with the parameters of the city's survey office, or "
    "take the guess by accept_ballpark: true"
)


class Operation(NamedTuple):
    """One transformation to WGS 84 that PROJ can compute.

    Attributes:
        transformer: the transformation, x (longitude) first.
        accuracy: metres; infinite where the register does not say.
        area: degrees within which it holds.
    """

    transformer: "Transformer"
    accuracy: float
    area: Extent


def find_guess(datum: str, extent: Extent | None) -> str | None:
    """Why the transformation of a CRS to WGS 84 is only a guess, and what to do; None if it is not.

    Args:
        datum: the CRS.
        extent: area of the data; the CRS's own area of use where None.

    Raises:
        CoordinateError: PROJ does not know the CRS, or no way from it to WGS 84.
    """
    crs = read_crs(datum)
    if is_cgcs2000(crs):
        return None
    name, geodetic = crs.name, crs.geodetic_crs
    where = extent or (crs.area_of_use.bounds if crs.area_of_use else WORLD)
    group = _group(datum, where, allow_ballpark=False)
    if not group.transformers:
        of = "" if geodetic is None or geodetic.name == name else f" (of {geodetic.name})"
        return (
            f"PROJ knows no transformation of {name}{of} to WGS 84 for this area, and its guess "
            f"(accuracy unknown) may be some hundred metres off. {_REMEDY}"
        )
    found = [_operation(transformer) for transformer in group.transformers]
    holding = [operation for operation in found if _contains(operation.area, where)]
    best = (holding or found)[0]
    if not holding:
        west, south, east, north = best.area
        return (
            f"the transformation of {name} to WGS 84 ({_metres(best.accuracy)}) holds only for "
            f"{west:g} to {east:g} E, {south:g} to {north:g} N, not for this whole area. {_REMEDY}"
        )
    if not group.best_available:
        grids = [grid.short_name for op in group.unavailable_operations for grid in op.grids]
        return (
            f"the best transformation of {name} to WGS 84 needs the grid {grids[0]}, which is not "
            f"installed; without it the accuracy is {_metres(best.accuracy)}. Install the grid "
            "(projsync of PROJ), or take what there is by accept_ballpark: true"
        )
    return None


def crs_conversion(
    datum: str, *, to: bool, accept_ballpark: bool = False, extent: Extent | None = None
) -> Callable[[Float64s, Float64s], Pair]:
    """The conversion of flat arrays to WGS 84, or from it.

    Each position is converted by the most accurate operation that holds where it lies; one where
    none holds becomes NaN. Where guesses are accepted, all positions are converted by the one
    operation that PROJ thinks best for the extent.

    Args:
        datum: the CRS.
        to: to WGS 84, or from it.
        accept_ballpark: whether PROJ may guess.
        extent: area for which guesses are made.

    Raises:
        CoordinateError: PROJ does not know the CRS, or can only guess and may not.
    """
    if is_like_wgs84(datum):
        return lambda lon, lat: (lon, lat)
    operations = _operations(datum, accept_ballpark, extent)
    if not operations:
        guess = find_guess(datum, extent) or f"PROJ knows no way from {datum} to WGS 84"
        raise CoordinateError(f"datum {datum[:60]!r}: {guess}")
    direction = "FORWARD" if to else "INVERSE"

    def convert(x: Float64s, y: Float64s) -> Pair:
        out = (np.full(len(x), np.nan), np.full(len(x), np.nan))
        left = np.arange(len(x))
        for operation in operations:
            first, second = operation.transformer.transform(x[left], y[left], direction=direction)
            places = (first, second) if to else (x[left], y[left])
            good = np.isfinite(first) & np.isfinite(second) & _inside(operation.area, *places)
            out[0][left[good]], out[1][left[good]] = first[good], second[good]
            left = left[~good]
            if not len(left):
                break
        return out

    return convert


@cache
def _operations(datum: str, accept_ballpark: bool, extent: Extent | None) -> tuple[Operation, ...]:
    from pyproj import Transformer  # noqa: PLC0415

    crs = read_crs(datum)
    if is_cgcs2000(crs) and crs.geodetic_crs is not None:
        to_degrees = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
        return (Operation(to_degrees, 1.0, WORLD),)
    if accept_ballpark:
        best = _group(datum, extent, allow_ballpark=True).transformers
        return tuple(Operation(transformer, np.inf, WORLD) for transformer in best[:1])
    group = _group(datum, None, allow_ballpark=False)
    return tuple(sorted(map(_operation, group.transformers), key=lambda op: op.accuracy))


def _group(datum: str, extent: Extent | None, *, allow_ballpark: bool) -> Any:
    from pyproj.aoi import AreaOfInterest  # noqa: PLC0415
    from pyproj.exceptions import ProjError  # noqa: PLC0415
    from pyproj.transformer import TransformerGroup  # noqa: PLC0415

    crs = read_crs(datum)
    area: Any = None if extent is None else AreaOfInterest(*extent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a grid is missing is told by find_guess
        try:
            if not (crs.is_geographic or crs.is_projected):
                raise ProjError("a plane, a height or a geocentric system")
            return TransformerGroup(
                crs, WGS84, always_xy=True, area_of_interest=area,
                allow_ballpark=allow_ballpark,
            )  # fmt: skip
        except ProjError as error:
            raise CoordinateError(
                f"the CRS {crs.name!r} has no way to WGS 84 that PROJ knows; declare the "
                "datum that the coordinates are in"
            ) from error


def _operation(transformer: "Transformer") -> Operation:
    accuracy = transformer.accuracy
    area = transformer.area_of_use
    known = np.inf if accuracy is None or accuracy < 0 else float(accuracy)
    return Operation(transformer, known, WORLD if area is None else area.bounds)


def _metres(accuracy: float) -> str:
    return f"{accuracy:g} m" if np.isfinite(accuracy) else "accuracy unknown"


def _contains(area: Extent, inner: Extent) -> bool:
    corners = np.array([inner[0], inner[2]]), np.array([inner[1], inner[3]])
    return bool(_inside(area, *corners).all())


def _inside(area: Extent, lon: Float64s, lat: Float64s) -> Bools:
    """Whether positions lie in an area; one whose west is above its east crosses 180 degrees."""
    west, south, east, north = area
    if area == WORLD:
        return np.ones(len(lon), dtype=np.bool_)
    after, before = lon >= west - _NEAR, lon <= east + _NEAR
    across = (after & before) if west <= east else (after | before)
    return across & (lat >= south - _NEAR) & (lat <= north + _NEAR)
