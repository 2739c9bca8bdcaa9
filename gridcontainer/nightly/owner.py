"""Processes, so named that a later one with the same number is not taken for them."""

import os
import socket
from pathlib import Path


def this_machine() -> str:
    """Host, boot and space of process numbers: only there a number means the same process."""
    parts = [socket.gethostname()]
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        parts += [boot.read_text().strip(), os.readlink("/proc/self/ns/pid")]
    return " ".join(parts)


def name_process(pid: int) -> str:
    """Number and start of a process that runs here."""
    return f"{pid} {_started(pid) or ''}".strip()


def is_alive(process: str) -> bool:
    """Whether a process of ``name_process`` still runs; one that is not reaped does not."""
    pid, _, started = process.partition(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # of another user: it runs
    if not Path("/proc/self/stat").exists():
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str | None:
    """Clock ticks from the machine's start to the process's; None where it has ended."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = said.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]
