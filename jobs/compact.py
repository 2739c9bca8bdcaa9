"""Write small or disordered files of the data sets anew: few, healthy, in the order of cells.

spark-submit --properties-file conf/spark-defaults.conf jobs/compact.py \
    --container URI [--dry-run] [DATASET ...]
"""

import argparse
import sys

from gridcontainer.container.compact import compact_datasets
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="compact.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="DATASET", help="all of them without")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all is in order; 2: a mistake, or somebody else was writing."""
    options = parse(arguments)
    storage = Storage(options.container)
    try:
        spark = build_session("gridcontainer compact")
        plans = compact_datasets(spark, storage, only=options.names, dry_run=options.dry_run)
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for name, plan in plans.items():
        now, then = plan.files
        parts = f"{len(plan.chosen)} of {len(plan.partitions)} partitions"
        print(f"{name}: {parts} written anew, {now} files -> about {then}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
