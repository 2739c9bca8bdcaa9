"""Find which records of different data sets are one object, and make them so.

spark-submit --properties-file conf/spark-defaults.conf jobs/link.py --container URI [LINKAGE ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.identity import IdentityStorage
from gridcontainer.linkage import link_all, load_links
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="link.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="LINKAGE", help="all of them without")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--retrain", action="store_true", help="learn the weights anew")
    parser.add_argument("--links", type=Path, default=Path("conf/links"))
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all linkages are done; 2: a mistake, those before it are done."""
    options = parse(arguments)
    storage = IdentityStorage(Storage(options.container))
    try:
        declared = load_declarations(options.datasets, load_city(options.city))
        links = load_links(options.links, {d.dataset for d in declared}, only=options.names)
        spark = build_session("gridcontainer link")
        for link, linked in link_all(spark, storage, links, declared, retrain=options.retrain):
            replaced = linked.replaced
            print(
                f"{link.link}: {replaced.links} links, {replaced.opened} new, {replaced.closed} "
                f"closed, {linked.seconds:.0f} s, run {linked.run_id}"
            )
            for warning in linked.warnings:
                print(f"warning: {warning}", file=sys.stderr)
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
