"""Memory and processors that this process may use: the limits of its container, not of its host.

In a container the kernel stops a process that takes more than its cgroup allows, however much
memory the host has. Both versions of cgroups are asked; a missing or unreadable file is no limit.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CGROUPS: Final = Path("/sys/fs/cgroup")
OWN_GROUPS: Final = Path("/proc/self/cgroup")


def usable_memory(cgroups: Path = CGROUPS, own: Path = OWN_GROUPS) -> int:
    """Bytes of memory: the host's, or the least limit of this process's cgroups.

    Args:
        cgroups: where the cgroup file systems are mounted.
        own: the file that names the groups of this process.
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for folder in _folders(cgroups, own, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limits.extend(_numbers(folder / name)[:1])
    return min(limit for limit in limits if limit > 0)


def usable_processors(cgroups: Path = CGROUPS, own: Path = OWN_GROUPS) -> int:
    """Processors, at least 1: those that the process may run on, or the quota of its cgroups.

    A quota of one and a half processors is 2: a task more than processors costs less than an idle
    one.
    """
    limits = [len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else _all()]
    for folder in _folders(cgroups, own, "cpu"):
        quota = _numbers(folder / "cpu.max")  # "max 100000" is no limit
        if not quota:
            one, period = folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"
            quota = [*_numbers(one), *_numbers(period)]
        if len(quota) == 2 and min(quota) > 0:
            limits.append(math.ceil(quota[0] / quota[1]))
    return max(1, min(limits))


def _all() -> int:
    return os.cpu_count() or 1


def _folders(cgroups: Path, own: Path, controller: str) -> Iterator[Path]:
    """The groups of this process with all groups above them; of version 2, and of version 1.

    Inside a container the own group may be mounted as the root, so that its path is not found:
    then the root alone has the limit.
    """
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    yield cgroups
    yield cgroups / controller
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            root = cgroups
        elif controller in controllers.split(","):
            root = cgroups / controllers
            yield from _with_parents(cgroups / controller, path)
        else:
            continue
        yield from _with_parents(root, path)


def _with_parents(root: Path, path: str) -> Iterator[Path]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts) + 1):
        yield root.joinpath(*parts[:depth])


def _numbers(file: Path) -> list[int]:
    """The numbers that a file of a cgroup holds; none where it has a word or is not there."""
    try:
        return [int(word) for word in file.read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return []
