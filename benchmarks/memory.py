"""Memory of this process and all that it started, looked at while something runs."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SHARE = re.compile(r"^Pss: +(\d+) kB", re.MULTILINE)


@contextmanager
def peak_memory(seconds: float = 2.0) -> Iterator[list[int]]:
    """A list of one number: the most bytes in memory so far, by a look each ``seconds``."""
    peak, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(seconds):
            peak[0] = max(peak[0], _bytes_of(os.getpid()))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _bytes_of(root: int) -> int:
    """Resident bytes of a process and its descendants; pages that several share count once."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            parent = int(stat.rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        found = _SHARE.search(_read(Path(f"/proc/{process}/smaps_rollup")))
        total += int(found[1]) << 10 if found else 0
        waiting += children.get(process, [])
    return total


def _read(path: Path) -> str:
    """A file of a process; empty where the process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""
