"""Short ways to read times in tests."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from gridcontainer.container.declaration import Time
from gridcontainer.container.judge.reasons import NOT_A_TIME
from gridcontainer.container.judge.time import TimeReader, Times

BLANK = "yyyy-MM-dd HH:mm:ss"
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(*columns, form=None, zone="Asia/Shanghai", missing=("-",), in_order=True, **keys) -> Times:
    arrays = [c if isinstance(c, pa.Array | pa.ChunkedArray) else pa.array(c) for c in columns]
    names = [f"c{number}" for number in range(len(arrays))]
    time = Time.model_validate({"columns": names, "format": form} | keys)
    return TimeReader.create(time, zone, missing).read(arrays, in_order=in_order)


def one(text: str, form: str | None, zone: str = "Asia/Shanghai", **keys) -> str:
    """The instant of one text as ISO 8601, or why there is none."""
    times = read([text], form=form, zone=zone, **keys)
    (instant,) = times.event_time.to_pylist()
    if instant is None:
        assert times.reason.to_pylist() == [NOT_A_TIME]
        return times.detail.to_pylist()[0]
    assert times.reason.to_pylist() == times.detail.to_pylist() == [None]
    return instant.isoformat().removesuffix("+00:00")
