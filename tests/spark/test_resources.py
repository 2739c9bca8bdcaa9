"""Memory and processors by made-up cgroup files, as kernels and container engines write them."""

import os
from pathlib import Path

import pytest

from gridcontainer.spark.resources import usable_memory, usable_processors

GIB = 1 << 30
HOST = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
LEAST = HOST // 4  # below what this machine has


def write(root: Path, files: dict[str, str]) -> tuple[Path, Path]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "cgroup", root / "self"


MEMORY = {
    "version 2 in a container": ({"cgroup/memory.max": f"{LEAST}\n", "self": "0::/\n"}, LEAST),
    "version 2 on the host": (
        {"cgroup/a/b/memory.max": "max\n", "cgroup/a/memory.max": f"{LEAST}\n",
         "self": "0::/a/b\n"},
        LEAST,
    ),
    "version 2 of the group itself": (
        {"cgroup/a/b/memory.max": f"{LEAST}\n", "cgroup/a/memory.max": "max\n",
         "self": "0::/a/b\n"},
        LEAST,
    ),
    "version 1": (
        {"cgroup/memory/memory.limit_in_bytes": f"{LEAST}\n", "self": "5:memory:/docker/x\n"},
        LEAST,
    ),
    "version 1 on the host": (
        {"cgroup/memory/docker/x/memory.limit_in_bytes": f"{LEAST}\n",
         "cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
         "self": "5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n"},
        LEAST,
    ),
    "version 1 without a limit": (
        {"cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "self": ""}, HOST
    ),
    "no cgroups": ({}, HOST),
    "a limit above the host": ({"cgroup/memory.max": f"{HOST * 2}\n", "self": "0::/\n"}, HOST),
    "nonsense": ({"cgroup/memory.max": "?\n", "self": "x\n"}, HOST),
}  # fmt: skip


@pytest.mark.parametrize("kind", MEMORY)
def test_memory_is_that_of_the_container(tmp_path: Path, kind: str) -> None:
    files, expected = MEMORY[kind]
    assert usable_memory(*write(tmp_path, files)) == expected


PROCESSORS = {
    "version 2": ({"cgroup/cpu.max": "300000 100000\n", "self": "0::/\n"}, 3),
    "version 2, a part": ({"cgroup/cpu.max": "150000 100000\n", "self": "0::/\n"}, 2),
    "version 2, little": ({"cgroup/cpu.max": "10000 100000\n", "self": "0::/\n"}, 1),
    "version 2, no limit": ({"cgroup/cpu.max": "max 100000\n", "self": "0::/\n"}, 16),
    "version 2, of the group above": (
        {"cgroup/a/cpu.max": "200000 100000\n", "cgroup/a/b/cpu.max": "max 100000\n",
         "self": "0::/a/b\n"}, 2,
    ),
    "version 1": (
        {"cgroup/cpu/cpu.cfs_quota_us": "400000\n", "cgroup/cpu/cpu.cfs_period_us": "100000\n",
         "self": ""}, 4,
    ),
    "version 1, both controllers in one folder": (
        {"cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "50000\n",
         "cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "10000\n",
         "self": "3:cpu,cpuacct:/x\n"}, 5,
    ),
    "version 1, no limit": (
        {"cgroup/cpu/cpu.cfs_quota_us": "-1\n", "cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 16
    ),
    "no cgroups": ({}, 16),
    "more than there are": ({"cgroup/cpu.max": "9900000 100000\n", "self": "0::/\n"}, 16),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROCESSORS)
def test_processors_are_those_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    files, expected = PROCESSORS[kind]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert usable_processors(*write(tmp_path, files)) == expected


def test_a_process_that_is_bound_to_processors_uses_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert usable_processors(*write(tmp_path, {})) == 2
