"""Bring the indicators of the panel up to date with their sources.

spark-submit --properties-file conf/spark-defaults.conf jobs/panel.py --container URI [NAME ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.panel import build_panel, load_indicators
from gridcontainer.panel.build import LAND
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="panel.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="INDICATOR", help="all of them without")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--full", action="store_true", help="compute all anew")
    parser.add_argument("--land", default=LAND, help="data set of the city's land")
    parser.add_argument("--panel", type=Path, default=Path("conf/panel"))
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all are up to date; 1: some failed, the others are; 2: nothing was tried."""
    options = parse(arguments)
    try:
        city = load_city(options.city)
        declared = load_declarations(options.datasets, city)
        known = {declaration.dataset for declaration in declared}
        indicators = load_indicators(options.panel, known, only=options.names)
        outcome = build_panel(
            build_session("gridcontainer panel"), Storage(options.container), indicators,
            city=city, declarations=declared, land=options.land, full=options.full,
        )  # fmt: skip
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in outcome.lines():
        print(line)
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
