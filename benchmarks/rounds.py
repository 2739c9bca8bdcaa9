"""Rounds in turn: each candidate is timed once a round, so that a busy machine is unfair to all."""

import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.progress import Progress
from rich.table import Table


def best_of(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int,
    before: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """The best seconds of each candidate, after one round that warms up and does not count.

    Args:
        candidates: what is timed, by name.
        rounds: number of rounds that count.
        before: what each round begins with, and is not timed.
    """
    best = dict.fromkeys(candidates, float("inf"))
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=(rounds + 1) * len(candidates))
        for number in range(rounds + 1):
            before()
            for name, run in candidates.items():
                progress.update(task, description=f"round {number}: {name}")
                start = time.perf_counter()
                run()
                if number:
                    best[name] = min(best[name], time.perf_counter() - start)
                progress.advance(task)
    return best


def print_values(title: str, values: Mapping[str, float], unit: str) -> None:
    """Print a table of a value for each name, in a unit."""
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column(unit, justify="right")
    for name, value in values.items():
        table.add_row(name, f"{value:.1f}")
    Console().print(table)
