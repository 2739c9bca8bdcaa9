"""Join two data sets of a container, or a data set and a file, by where their rows are.

spark-submit --properties-file conf/spark-defaults.conf jobs/join.py LEFT RIGHT \
    --container URI --out RESULT.parquet [--predicate within_distance --distance 300] [--how anti]
"""

import argparse
import sys
from pathlib import Path
from typing import get_args

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.join import join_sides, open_side, unused_rows, write_joined
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.spark.join import How, Predicate
from gridcontainer.spark.session import build_session

_MOST_TOLD = 20


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="join.py", description=__doc__.splitlines()[0])
    parser.add_argument("left", help="a data set, or a file")
    parser.add_argument("right", help="a data set, or a file")
    parser.add_argument("--container", required=True, help="root of the tables")
    parser.add_argument("--out", type=Path, required=True, help=".parquet (a folder) or .csv")
    parser.add_argument("--overwrite", action="store_true", help="replace what --out names")
    parser.add_argument("--predicate", choices=get_args(Predicate), default="intersects")
    parser.add_argument("--how", choices=get_args(How), default="inner")
    parser.add_argument("--distance", type=float, help="metres, with within_distance")
    parser.add_argument("--k", type=int, default=1, help="neighbours, with nearest")
    parser.add_argument("--measure", help="add a column: metres, or shared square metres")
    parser.add_argument("--with-confidential", action="store_true", help="these columns too")
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: the result is written; 2: a mistake."""
    options = parse(arguments)
    try:
        declared = {
            d.dataset: d for d in load_declarations(options.datasets, load_city(options.city))
        }
        spark = build_session("gridcontainer join")
        left, right = (
            open_side(
                spark, Storage(options.container), given, declared,
                with_confidential=options.with_confidential,
            )
            for given in (options.left, options.right)
        )  # fmt: skip
        joined = join_sides(
            left, right, options.predicate, options.how, distance=options.distance, k=options.k,
            measure=options.measure,
        )  # fmt: skip
        print(joined.plan.explain())
        for note in (*left.notes, *right.notes, *unused_rows(joined, most=_MOST_TOLD)):
            print(note, file=sys.stderr)
        write_joined(joined.frame, options.out, overwrite=options.overwrite)
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written to {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
