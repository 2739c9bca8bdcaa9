"""Ingest declared data sets into the container.

spark-submit --properties-file conf/spark-defaults.conf jobs/ingest.py \
    --sources DIR --container URI [DATASET ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.catalogue.catalogue import renew_catalogue
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.ingest.dataset import SMALL_BYTES
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="ingest.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="DATASET", help="all declared ones without")
    parser.add_argument("--sources", type=Path, required=True, help="folder of the source files")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--small", type=int, default=SMALL_BYTES >> 20, metavar="MIB",
                        help="size up to which a source is read without Spark")  # fmt: skip
    parser.add_argument("--accept-removal", action="store_true",
                        help="agree to what the deliveries take away, once")  # fmt: skip
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all went in; 1: a data set failed, the others went in; 2: nothing was tried."""
    options = parse(arguments)
    try:
        city = load_city(options.city)
        wanted = load_declarations(options.datasets, city, only=options.names)
        declared = load_declarations(options.datasets, city) if options.names else wanted
        spark = build_session("gridcontainer ingest")
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    storage = Storage(options.container)
    outcome = ingest_datasets(
        lambda: spark,
        wanted,
        city=city,
        sources=options.sources,
        storage=storage,
        small_bytes=options.small << 20,
        accepts_removal=options.accept_removal,
    )
    for line in outcome.lines():
        print(line)
    for empty in outcome.emptied(wanted):
        print(empty, file=sys.stderr)
    if outcome.has_changes and (failure := renew_catalogue(storage, declared)):
        print(failure, file=sys.stderr)
    return 0 if outcome.is_well(wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
