"""What is made of a table, brought up to date after a change, against all of it made anew."""

import argparse
import sys
from collections.abc import Callable, Mapping

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, functions as F
from rich.console import Console
from rich.table import Table

SHARE = 0.01  # of the rows
Change = Callable[[DeltaTable], None]
Seconds = Mapping[str, tuple[float, float]]


def parse(described: str) -> argparse.Namespace:
    """The arguments of a benchmark: ``rows``, ``container`` and ``folder``."""
    parser = argparse.ArgumentParser(description=described.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--container", default="var/demo", help="of real objects: make demo")
    parser.add_argument("--folder", help="for the tables; a temporary one where missing")
    return parser.parse_args()


def measure_changes(
    table: DeltaTable,
    changes: Mapping[str, Change],
    bring: Callable[[bool], float],
    result: Callable[[], DataFrame],
) -> Seconds:
    """Seconds by change, of following it and of making all anew; both results must be equal.

    Args:
        table: of the source; its changes stay.
        changes: by name, made one after the other.
        bring: makes the result, all of it anew or by the change feed; returns its seconds.
        result: reads it.

    Raises:
        SystemExit: the two results differ.
    """
    bring(True)
    found = {}
    for name, change in changes.items():
        change(table)
        ours = bring(False)
        after = result().localCheckpoint()
        found[name] = (ours, bring(True))
        print(f"{name}: {ours:.1f} s, made anew {found[name][1]:.1f} s", file=sys.stderr)
        whole = result()
        differing = after.exceptAll(whole).count() + whole.exceptAll(after).count()
        if differing:
            raise SystemExit(f"{name}: {differing} rows differ from those made anew")
    return found


def everywhere() -> Mapping[str, Change]:
    """A hundredth of the rows, drawn from all of them, is new, corrected, or gone."""

    def chosen(seed: int) -> Column:
        drawn = F.pmod(F.xxhash64("vehicle", "measured", "source_file", F.lit(seed)), F.lit(10_000))
        return drawn < int(10_000 * SHARE)

    def add(table: DeltaTable) -> None:
        append(table, table.toDF().where(chosen(1)))

    def correct(table: DeltaTable) -> None:
        table.update(chosen(2), {"speed": F.col("speed") + 1.5})

    def delete(table: DeltaTable) -> None:
        table.delete(chosen(3))

    return {"new": add, "corrected": correct, "gone": delete}


def in_one_place(table: DeltaTable) -> None:
    """A hundredth that lies together, as the rows of one town: half corrected, half gone."""
    ends = table.toDF().approxQuantile("cell", [0.50, 0.50 + SHARE / 2, 0.50 + SHARE], 0.0005)
    low, middle, high = (int(end) for end in ends)
    table.update(F.col("cell").between(low, middle), {"speed": F.col("speed") + 1.5})
    table.delete(F.col("cell").between(middle + 1, high))


def append(table: DeltaTable, rows: DataFrame) -> None:
    """Rows of another file of the source."""
    path = table.detail().collect()[0]["location"]
    new = rows.withColumn("source_file", F.lit("new.parquet"))
    new.write.format("delta").mode("append").save(path)


def print_shares(title: str, made: str, seconds: Seconds) -> None:
    """The table that a person reads."""
    table = Table(title=title, title_justify="left")
    for name in ("change", f"touched {made}", "made anew", "share"):
        table.add_column(name, justify="left" if name == "change" else "right")
    for name, (ours, whole) in seconds.items():
        table.add_row(name, f"{ours:.1f} s", f"{whole:.1f} s", f"{ours / whole:.1%}")
    Console().print(table)


def shares(seconds: Seconds) -> dict[str, float]:
    """``NAME_share`` of each change."""
    return {f"{name}_share": ours / whole for name, (ours, whole) in seconds.items()}
