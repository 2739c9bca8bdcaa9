"""Compare the package with the exact oracle of the tests on very many positions.

Random positions and hard ones (corners of cells of every level and the doubles next to them, the
equator, Greenwich, the antimeridian, 88 degrees and the poles) are encoded at all ten levels by
the package and, in rational arithmetic, by ``tests/grid/exact.py``. Codes must be equal, code and
position must give the same integer, and the edges of the level-10 cell must be the nearest doubles.

    python scripts/check_exact.py                     # 10 million positions
    python scripts/check_exact.py --points 100000
"""

import argparse
import importlib
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from gridcontainer.grid import (
    LEVELS,
    cell_to_bounds,
    code_to_cell,
    lonlat_to_cell,
    lonlat_to_code,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "grid"))
exact = importlib.import_module("exact")
points = importlib.import_module("points")

CHUNK = 50_000
EXAMPLES = 10  # differences shown

Task = tuple[int, int, int]  # seed, number of the chunk, positions in it


def main() -> int:
    """Run the check; 1 where anything differs."""
    options = _parse()
    console, start = Console(), time.perf_counter()
    tasks = list(_tasks(options.seed, options.points))
    found: list[str] = []
    with multiprocessing.Pool(options.processes) as pool:
        results = pool.imap_unordered(check, tasks)
        for differences in track(results, "checking", total=len(tasks), console=console):
            found += differences
    seconds = time.perf_counter() - start
    console.print(
        f"{options.points} positions at {len(LEVELS)} levels, seed {options.seed}: "
        f"{len(found)} differences, {seconds:.0f} s"
    )
    for difference in found[:EXAMPLES]:
        console.print(difference, markup=False, highlight=False, soft_wrap=True)
    return 1 if found else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--points", type=int, default=10_000_000, help="positions to compare")
    parser.add_argument("--seed", type=int, default=39409, help="other seed, other positions")
    parser.add_argument("--processes", type=int, default=2, help="worker processes")
    options = parser.parse_args()
    if options.points < 1 or options.processes < 1:
        parser.error("--points and --processes are 1 or more")
    return options


def _tasks(seed: int, count: int) -> Iterator[Task]:
    """Chunks have a seed each, so that the positions don't depend on the number of processes."""
    for number, start in enumerate(range(0, count, CHUNK)):
        yield seed, number, min(CHUNK, count - start)


def check(task: Task) -> list[str]:
    """Differences between the package and the oracle on one chunk, in words."""
    seed, number, count = task
    lon, lat = points.make_points(np.random.default_rng([seed, number]), count)
    wanted = np.array([exact.encode(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)])
    polar = np.abs(lat) >= 88
    differences = []
    for level in LEVELS:
        want = wanted.astype(f"U{level.code_length}")
        if level.number > 2:
            want[polar] = ""
        got = lonlat_to_code(lon, lat, level.number, on_invalid="mark")
        for at in np.flatnonzero(got != want):
            differences.append(
                _say(lon[at], lat[at], level.number, got[at].item(), want[at].item())
            )
    return differences + _compare_cells(lon[~polar], lat[~polar], wanted[~polar])


def _compare_cells(
    lon: NDArray[np.float64], lat: NDArray[np.float64], codes: NDArray[np.str_]
) -> list[str]:
    """Integers and edges at level 10."""
    cells, (read, _) = lonlat_to_cell(lon, lat, 10), code_to_cell(codes)
    got = np.stack(cell_to_bounds(cells, 10), axis=1)
    want = np.array([exact.code_to_bounds(code) for code in codes.tolist()]).reshape(-1, 4)
    bad = np.flatnonzero((cells != read) | (got != want).any(axis=1))
    return [
        _say(
            lon[at],
            lat[at],
            10,
            [cells[at].item(), *got[at].tolist()],
            [read[at].item(), *want[at].tolist()],
        )
        for at in bad
    ]


def _say(lon: float, lat: float, level: int, got: object, want: object) -> str:
    return f"lon={float(lon)!r} lat={float(lat)!r} level {level}: package {got!r}, exact {want!r}"


if __name__ == "__main__":
    sys.exit(main())
