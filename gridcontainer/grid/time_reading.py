"""Times as people hand them over, to numpy's microseconds of UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridcontainer.errors import CoordinateError

Times = NDArray[np.datetime64]

_ISO: Final = re.compile(
    r"(?P<local>\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d+)?)?)?)?)?)?)"
    r"(?P<zone>(Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?))?",
    re.ASCII,
)
_NOT_A_TIME = np.datetime64("NaT", "us")


def read_times(times: ArrayLike) -> tuple[Times, tuple[int, ...]]:
    """Flat ``datetime64[us]``, and the shape of the times.

    Args:
        times: ``datetime64`` (UTC), ``datetime`` (UTC where it names no zone), or ISO 8601 text
            from ``1999`` to ``1999-01-08T09:10:11.123456+08:00`` (UTC where it names no zone).

    Returns:
        NaT for what is missing or is no such text; digits below a microsecond are cut.

    Raises:
        CoordinateError: the values are neither times nor text.
    """
    array = np.asarray(times)
    if array.dtype.kind == "M":
        return array.astype("datetime64[us]").reshape(-1), array.shape
    if array.size and array.dtype.kind not in "UOT":
        raise CoordinateError(f"times are datetime64, datetime or ISO 8601 text, not {array.dtype}")
    values = [_read(value) for value in array.reshape(-1).tolist()]
    return np.array(values, dtype="datetime64[us]"), array.shape


def _read(value: Any) -> np.datetime64:
    if value is None or value != value:  # noqa: PLR0124 - NaT and NaN are not themselves
        return _NOT_A_TIME
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date | np.datetime64):
        moment: np.datetime64 = np.datetime64(value).astype("datetime64[us]")
        return moment
    if isinstance(value, str):
        return _read_text(value.strip().upper())
    raise CoordinateError(f"times are datetime64, datetime or ISO 8601 text, not {value!r}")


def _read_text(text: str) -> np.datetime64:
    parts = _ISO.fullmatch(text)
    if parts is None or (parts["zone"] and len(parts["local"]) <= len("1999-01-08")):
        return _NOT_A_TIME
    try:
        local: np.datetime64 = np.datetime64(parts["local"]).astype("datetime64[us]")
    except ValueError:  # month 13, 30 February, hour 24, second 60
        return _NOT_A_TIME
    if not parts["sign"]:
        return local
    ahead = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"] or 0))
    moment: np.datetime64 = local - np.timedelta64(-ahead if parts["sign"] == "-" else ahead)
    return moment
