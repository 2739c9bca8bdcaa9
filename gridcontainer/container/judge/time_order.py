"""The order of records tells which of two instants a repeated local time is."""

import numpy as np
import numpy.typing as npt

from gridcontainer.grid.arrays import Bools, Int64s


def passes_by_order(local: Int64s, change: Int64s) -> tuple[Bools, Bools]:
    """Tell the first pass through a repeated hour from the second one.

    Records tell their pass where they are in order of time and step back once in each repeated
    hour, from inside it to inside it. If all other steps go forward, a step that stays (hourly
    records 01:00, 02:00, 02:00, 03:00) counts as the step back too. Records before and behind the
    hour must be there. Any other step back leaves all undecided: files in another order, or of
    several vehicles one after the other, tell nothing.

    Args:
        local: local times of records in the order of their file.
        change: number of the change whose repeated hour a record is in; -1 for others.

    Returns:
        Whether a record is decided, and whether it is of the second pass.
    """
    steps = np.diff(local)
    for back in (steps <= 0, steps < 0):
        inside = (change[:-1] == change[1:]) & (change[1:] >= 0)
        hours = change[1:][back]
        if back.any() and inside[back].all() and len(np.unique(hours)) == len(hours):
            return _passes(change, np.flatnonzero(back))
    none = np.zeros(len(local), bool)
    return none, none


def _passes(change: Int64s, back: npt.NDArray[np.intp]) -> tuple[Bools, Bools]:
    decided, second = (np.zeros(len(change), bool) for _ in range(2))
    for last_of_first in back:
        rows = np.flatnonzero(change == change[last_of_first])
        if rows[0] > 0 and rows[-1] < len(change) - 1:
            decided[rows] = True
            second[rows] = rows > last_of_first
    return decided, second
