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
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.kills_city import NIGHTS, ROOT, write_city
from benchmarks.kills_compare import begun_tasks, differences, ledger_faults
from benchmarks.kills_spark import prepare_command

KINDS = ("moment", "data", "commit", "ledger")
_LOOK_SECONDS = 0.006
_CHAINS = 2
_STUBBORN = 3  # kills in one task; then it may end before the next


@dataclass
class Tally:
    """What was done.

    Attributes:
        kills: by kind and by the task that was under way.
        starts: of the job.
        rounds: that came to their end and were compared.
        faults: what is not as it should be; empty if all is.
    """

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    starts: int = 0
    rounds: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Kills."""
        return sum(self.kills.values())

    def add(self, other: "Tally") -> None:
        """Count what another chain did too."""
        self.kills += other.kills
        self.starts += other.starts
        self.rounds += other.rounds
        self.faults += other.faults


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


def kill_nights(
    folder: Path, kills: int, *, seed: int, tell: Callable[[str], None], with_links: bool = False,
    steps: Collection[str] = (),
) -> Tally:  # fmt: skip
    """Kill nights until there are enough kills and the last round has come to its end.

    Two chains of nights run side by side: a start keeps one core busy, and there are two.

    Args:
        folder: empty; for the city, the containers and the log.
        kills: at least so many.
        seed: of all that is random.
        tell: is told what happens.
        with_links: the nights link and relate too.
        steps: in which the nights are killed; in all where empty.
    """
    city = folder / "city"
    write_city(city, with_links=with_links)
    job = Job(prepare_command(folder), city, folder / "log.txt")
    whole = folder / "unbroken"
    seconds = [job.run(whole, number) for number in (1, 2)]
    tell(f"unbroken nights: {seconds[0]:.1f} s and {seconds[1]:.1f} s")
    reach = sum(seconds) / 20  # of ten tasks each
    chains = [
        _Chain(
            job,
            folder / f"broken-{number}",
            whole,
            random.Random(seed + number),
            reach,
            steps,
            tell,
        )
        for number in range(_CHAINS)
    ]
    with ThreadPoolExecutor(_CHAINS) as pool:
        list(pool.map(lambda chain: chain.run(-(-kills // _CHAINS)), chains))
    tally = Tally(faults=[f"unbroken: {fault}" for fault in ledger_faults(whole)])
    for chain in chains:
        tally.add(chain.tally)
    return tally


class _Chain:
    """Rounds of two nights in one container, killed again and again."""

    def __init__(
        self, job: Job, container: Path, whole: Path, chance: random.Random, reach: float,
        steps: Collection[str], tell: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._job, self._container, self._whole = job, container, whole
        self._chance, self._reach, self._steps, self._tell = chance, reach, steps, tell
        self.tally = Tally()

    def run(self, kills: int) -> None:
        """Go round until there are enough kills; what stops it is a fault."""
        try:
            self._go_round(kills)
        except Exception as error:
            self.tally.faults.append(f"{self._container.name} stopped: {error!r}")
            self._tell(self.tally.faults[-1])

    def _go_round(self, kills: int) -> None:
        while self.tally.total < kills:
            shutil.rmtree(self._container, ignore_errors=True)
            # The first night may not use up all kills: the second merges into what is there.
            self._kill_night(1, max(kills // 2, self.tally.total + 1))
            self._kill_night(2, kills)
            found = [*differences(self._whole, self._container), *ledger_faults(self._container)]
            self.tally.rounds += 1
            self.tally.faults += found
            self._tell(f"{self._container.name} compared: {len(found)} faults")

    def _kill_night(self, number: int, most: int) -> None:
        """Start a night and kill it, until it comes to its end."""
        in_task: Counter[str] = Counter()
        while True:
            process = self._job.start(self._container, number)
            self.tally.starts += 1
            kind = self._chance.choice(KINDS)
            if self.tally.total >= most or not self._wait_for(process, kind, in_task):
                if code := process.wait():
                    raise RuntimeError(f"exit code {code}: {self._job.log.read_text()[-4000:]}")
                return
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            task = self._under_way()
            in_task[task] += 1
            self.tally.kills[kind, task] += 1
            self._tell(f"{self._container.name}: kill {self.tally.total} at {kind} in {task}")

    def _wait_for(
        self, process: "subprocess.Popen[bytes]", kind: str, in_task: Counter[str]
    ) -> bool:
        """Wait for an event that the file system shows; False where the job ended before it."""
        looks, seen = _looks(process), set(_events(self._container, "ledger"))
        if not any(set(_events(self._container, "ledger")) - seen for _ in looks):
            return False
        task = self._under_way()
        # It must come further than it has done, and to a step in which it is to be killed.
        while in_task[task] >= _STUBBORN or not self._is_wanted(task):
            seen = set(_events(self._container, "ledger"))
            if not any(set(_events(self._container, "ledger")) - seen for _ in looks):
                return False
            task = self._under_way()
        if kind == "moment":
            until = time.perf_counter() + self._chance.uniform(0, self._reach)
            return any(time.perf_counter() > until for _ in looks)
        there, events = set(_events(self._container, kind)), self._chance.randint(1, 4)
        return any(len(set(_events(self._container, kind)) - there) >= events for _ in looks)

    def _is_wanted(self, tasks: str) -> bool:
        begun = {task.split()[0] for task in tasks.split(", ") if task}
        return not self._steps or not begun.isdisjoint(self._steps)

    def _under_way(self) -> str:
        """The tasks that the ledger of steps has as begun and not ended."""
        return begun_tasks(self._container) or "between tasks"


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


def main() -> int:
    """Exit code 0: all tables were as without kills."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--with-links", action="store_true", help="nights that link and relate too")
    parser.add_argument("--in", dest="steps", nargs="+", default=(), metavar="STEP",
                        help="kill in these steps only, as link and relate")  # fmt: skip
    asked = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="gridcontainer-kills-") as folder:
        tally = kill_nights(
            Path(folder), asked.kills, seed=asked.seed, with_links=asked.with_links,
            steps=asked.steps,
            tell=lambda line: print(line, flush=True),
        )  # fmt: skip
    print(f"{tally.total} kills, {tally.starts} starts, {tally.rounds} rounds compared")
    for (kind, task), count in sorted(tally.kills.items()):
        print(f"  {count:4} at {kind} in {task}")
    for fault in tally.faults:
        print(f"FAULT {fault}")
    print(f"{time.perf_counter() - began:.0f} s")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
