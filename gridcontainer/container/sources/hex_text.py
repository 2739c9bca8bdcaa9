"""Bytes as hexadecimal digits, in Arrow columns."""

from typing import Any, Final, cast

import numpy as np
import pyarrow as pa

_DIGITS: Final = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype="<u2")


def to_hex(values: pa.Array) -> pa.Array:
    """Binary values as text of two digits a byte, lower case; null stays null.

    Returns:
        ``large_string`` where the offsets need it, else ``string``.
    """
    large = cast(Any, values).cast(pa.large_binary())
    offsets = np.frombuffer(large.buffers()[1], dtype=np.int64)[large.offset :][: len(large) + 1]
    if not len(large):
        return pa.array([], pa.string())
    data = large.buffers()[2]
    first, last = int(offsets[0]), int(offsets[-1])
    body = np.frombuffer(data, dtype=np.uint8)[first:last] if last > first else np.empty(0, "u1")
    digits = _DIGITS[body]
    ends = pa.py_buffer(np.ascontiguousarray((offsets - first) * 2))
    missing = large.is_null().to_numpy(zero_copy_only=False)
    valid = None
    if missing.any():
        valid = pa.array(~missing).buffers()[1]
    text = pa.Array.from_buffers(
        pa.large_string(), len(large), [valid, ends, pa.py_buffer(digits.tobytes())]
    )
    return text.cast(pa.string()) if len(digits) < 1 << 30 else text
