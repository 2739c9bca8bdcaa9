"""The night killed with -9 at random moments and at chosen events, again and again, and compared.

    python -m benchmarks.kills --kills 100

Each round is two nights, the second on changed sources, from an empty container. The job is killed
(driver and Python, their process group) and started again until it has been killed often enough;
each round that came to its end must have left the same tables as one that was never killed.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kills_city import NIGHTS, ROOT, write_city
from benchmarks.kills_compare import begun_tasks, differences, ledger_faults
from benchmarks.kills_spark import prepare_command

KINDS = ("moment", "data", "commit", "ledger")
_LOOK_SECONDS = 0.004
_STUBBORN = 3  # kills in one task; then it may end before the next


@dataclass
class Tally:
    """What was done.

    Attributes:
        kills: by kind and by the task that was under way.
        starts: of the job.
        rounds: that came to their end and were compared.
        faults: what is not as it should be; empty if all is.
        unbroken: seconds of a night that was not killed, by night.
    """

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    starts: int = 0
    rounds: int = 0
    faults: list[str] = field(default_factory=list)
    unbroken: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Kills."""
        return sum(self.kills.values())


@dataclass(frozen=True)
class Job:
    """The night's job as a subprocess, in a process group of its own.

    Attributes:
        command: of ``spark-submit``, without the job's own arguments.
        city: folder of ``write_city``.
        log: file for what it says.
    """

    command: Sequence[str]
    city: Path
    log: Path

    def start(self, container: Path, number: int) -> "subprocess.Popen[bytes]":
        """Start a night, 1 or 2."""
        arguments = (
            *("--sources", self.city / f"sources-{number}", "--container", container),
            *("--config", self.city / "night.yaml", "--date", NIGHTS[number - 1]),
        )
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.command, *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True,
                env=os.environ | {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def run(self, container: Path, number: int) -> float:
        """Run a night to its end, and return its seconds."""
        began = time.perf_counter()
        code = self.start(container, number).wait()
        if code:
            raise RuntimeError(f"exit code {code}: {self.log.read_text()[-4000:]}")
        return time.perf_counter() - began


def kill_nights(folder: Path, kills: int, *, seed: int, tell: Callable[[str], None]) -> Tally:
    """Kill nights until there are enough kills and the last round has come to its end.

    Args:
        folder: empty; for the city, the containers and the log.
        kills: at least so many.
        seed: of all that is random.
        tell: is told what happens.
    """
    city = folder / "city"
    write_city(city)
    job = Job(prepare_command(folder), city, folder / "log.txt")
    tally, chance = Tally(), random.Random(seed)
    whole = folder / "unbroken"
    for number in (1, 2):
        tally.unbroken.append(job.run(whole, number))
        tell(f"unbroken night {number}: {tally.unbroken[-1]:.1f} s")
    tally.faults += [f"unbroken: {fault}" for fault in ledger_faults(whole)]
    while tally.total < kills:
        broken = folder / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        for number in (1, 2):
            # The first night may not use up all kills: the second merges into what is there.
            most = kills if number == 2 else max(kills // 2, tally.total + 1)
            _kill_night(job, broken, number, most, tally, chance, tell)
        tally.rounds += 1
        found = [*differences(whole, broken), *ledger_faults(broken)]
        tally.faults += [f"round {tally.rounds}: {fault}" for fault in found]
        tell(f"round {tally.rounds} compared: {len(found)} faults")
    return tally


def _kill_night(
    job: Job, container: Path, number: int, most: int, tally: Tally, chance: random.Random,
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    """Start a night and kill it, until it comes to its end, or there are enough kills."""
    in_task: Counter[str] = Counter()
    while True:
        process = job.start(container, number)
        tally.starts += 1
        kind = chance.choice(KINDS)
        if tally.total < most:
            happened = _wait_for(process, container, kind, chance, in_task)
        else:
            happened = process.wait() != process.returncode  # to its end
        if not happened:
            code = process.wait()
            if code == 0:
                return
            raise RuntimeError(f"exit code {code}: {job.log.read_text()[-4000:]}")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        task = _under_way(container)
        in_task[task] += 1
        tally.kills[kind, task] += 1
        tell(f"kill {tally.total} at {kind} in {task}")


def _wait_for(
    process: "subprocess.Popen[bytes]", container: Path, kind: str, chance: random.Random,
    in_task: Counter[str],
) -> bool:  # fmt: skip
    """Wait for an event that the file system shows; False where the job ended before it."""
    there = set(_events(container, "ledger"))
    looks = _looks(process)
    begun = next((True for _ in looks if set(_events(container, "ledger")) - there), False)
    if not begun:
        return False
    task = _under_way(container)
    if in_task[task] >= _STUBBORN:  # it must come further than it has done
        if not any(_under_way(container) != task for _ in looks):
            return False
        in_task[task] = 0
    if kind == "moment":
        until = time.perf_counter() + chance.uniform(0, 4)
        return any(time.perf_counter() > until for _ in looks)
    there, events = set(_events(container, kind)), chance.randint(1, 4)
    return any(len(set(_events(container, kind)) - there) >= events for _ in looks)


def _looks(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """A look every few milliseconds, while the job runs."""
    while process.poll() is None:
        yield
        time.sleep(_LOOK_SECONDS)


def _events(container: Path, kind: str) -> Iterator[str]:
    """Files that are signs of a kind of event: data of a table, its commits, those of ledgers."""
    for folder, _, names in os.walk(container):
        of_ledger = f"{os.sep}ops{os.sep}" in folder + os.sep
        if of_ledger != (kind == "ledger"):
            continue
        in_log = folder.endswith("_delta_log")
        ending = ".parquet" if kind == "data" else ".json"
        if in_log != (kind == "data"):
            yield from (
                f"{folder}/{n}" for n in names if n.endswith(ending) and not n.startswith(".")
            )


def _under_way(container: Path) -> str:
    """The tasks that the ledger of steps has as begun and not ended."""
    return begun_tasks(container) or "between tasks"


def main() -> int:
    """Exit code 0: all tables were as without kills."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    asked = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="gridcontainer-kills-") as folder:
        tally = kill_nights(
            Path(folder), asked.kills, seed=asked.seed, tell=lambda line: print(line, flush=True)
        )
    print(f"{tally.total} kills, {tally.starts} starts, {tally.rounds} rounds compared")
    for (kind, task), count in sorted(tally.kills.items()):
        print(f"  {count:4} at {kind} in {task}")
    for fault in tally.faults:
        print(f"FAULT {fault}")
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
