"""Bring the cells of the city up to date with all that the container has.

spark-submit --properties-file conf/spark-defaults.conf jobs/reconstruct.py \
    --container URI [SOURCE ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.reconstruction import load_reconstruction, reconstruct
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="reconstruct.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="SOURCE", help="all without")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--whole", action="store_true", help="make all cells anew")
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    parser.add_argument("--reconstruction", type=Path, default=Path("conf/reconstruction.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all is up to date; 1: a source failed, the others are; 2: nothing was tried."""
    options = parse(arguments)
    try:
        datasets = load_declarations(options.datasets, load_city(options.city))
        declared = load_reconstruction(options.reconstruction, {d.dataset for d in datasets})
        spark = build_session("gridcontainer reconstruct")
        outcome = reconstruct(
            spark, Storage(options.container), declared, declarations=datasets,
            only=options.names, whole=options.whole,
        )  # fmt: skip
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for done in outcome.results:
        print(f"{done.source}: {done.way}, {done.rows} rows, {done.cells} cells written")
        for warning in done.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    for name, failure in outcome.failures.items():
        print(f"{name}: failed: {failure}", file=sys.stderr)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
