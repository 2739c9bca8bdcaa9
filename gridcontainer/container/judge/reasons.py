"""Why a record cannot go into the container: one reason or none, never an exception."""

from typing import Final

import numpy as np
import pyarrow as pa

from gridcontainer.container.declaration import Extent
from gridcontainer.grid.arrays import Bools, Float64s

BROKEN: Final = "broken row"
TOTAL: Final = "total of other rows"
MISSING: Final = "missing position"
NOT_A_NUMBER: Final = "position is not a number"
ZERO: Final = "zero position"
SWAPPED: Final = "longitude and latitude swapped"
NOT_DEGREES: Final = "not degrees"
OUTSIDE: Final = "outside the city"
NO_CELL: Final = "no grid cell"
NO_TIME: Final = "missing time"
NOT_A_TIME: Final = "time cannot be read"
NO_KEY: Final = "missing key"
REPEATED: Final = "repeated key"
REPEATED_ROW: Final = "repeated row"


class Reasons:
    """The first thing that is wrong with each of n records.

    Reasons are given in the order in which they are asked: a record that has one keeps it.
    """

    def __init__(self, count: int) -> None:
        """No record has a reason yet.

        Args:
            count: number of records.
        """
        self._codes = np.zeros(count, np.int8)
        self._names: list[str | None] = [None]

    def give(self, reason: str, where: Bools) -> None:
        """Give a reason to the records that have none yet.

        Args:
            reason: text of the reason.
            where: (n,) records that it is true of.
        """
        self._names.append(reason)
        self._codes[where & (self._codes == 0)] = len(self._names) - 1

    def give_each(self, reasons: pa.Array) -> None:
        """Give reasons that are told record by record; null for none."""
        if reasons.null_count == len(reasons):
            return
        for reason in reasons.unique().to_pylist():
            if reason is not None:
                self.give(reason, np.asarray(reasons.to_pandas() == reason, bool))

    @property
    def is_sound(self) -> Bools:
        """Records without a reason."""
        sound: Bools = self._codes == 0
        return sound

    def to_arrow(self) -> pa.Array:
        """The reasons; null for none."""
        if not self._codes.any():
            return pa.nulls(len(self._codes), pa.string())
        return pa.array(self._names, pa.string()).take(pa.array(self._codes))


def give_position_reasons(
    reasons: Reasons,
    *,
    missing: Bools,
    read: tuple[Float64s, Float64s],
    placed: tuple[Float64s, Float64s],
    has_cell: Bools,
    extent: Extent,
    keeps_outside: bool,
) -> None:
    """Give the reasons that are about positions.

    A position is ``not degrees`` where it is off the Earth, as pixels and metres are.

    Args:
        reasons: reasons of n records.
        missing: (n,) records that have no position.
        read: (n,) longitudes and latitudes as they were read, in the source's datum.
        placed: (n,) longitudes and latitudes, WGS 84.
        has_cell: (n,) records that have a cell.
        extent: the city's box, WGS 84.
        keeps_outside: records outside the city stay.
    """
    (lon, lat), (x, y) = read, placed
    reasons.give(MISSING, missing)
    reasons.give(NOT_A_NUMBER, ~(np.isfinite(lon) & np.isfinite(lat)))
    reasons.give(ZERO, (lon == 0) & (lat == 0))
    inside = _within(x, y, extent)
    # Out of a datum's reach degrees stay as they are, or become NaN, which is in no range.
    off_earth = ~((x >= -180) & (x <= 180) & (y >= -90) & (y <= 90))
    swapped = ~inside & _within(lat, lon, extent)
    if keeps_outside:  # a place that could be meant as it stands is kept
        swapped &= off_earth
    reasons.give(SWAPPED, swapped)
    reasons.give(NOT_DEGREES, off_earth)
    if not keeps_outside:
        reasons.give(OUTSIDE, ~inside)
    reasons.give(NO_CELL, ~has_cell)


def _within(lon: Float64s, lat: Float64s, extent: Extent) -> Bools:
    in_longitude = (lon >= extent.west) & (lon <= extent.east)
    inside: Bools = in_longitude & (lat >= extent.south) & (lat <= extent.north)
    return inside
