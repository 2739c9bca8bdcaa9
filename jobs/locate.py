"""Place the rows of data sets without positions on the grid, by key or by address.

spark-submit --properties-file conf/spark-defaults.conf jobs/locate.py --container URI [DATASET ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.addresses.book import load_address_book
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import locate_datasets
from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="locate.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="DATASET", help="all of the address book")
    parser.add_argument("--container", required=True, help="root of the tables")
    parser.add_argument("--addresses", type=Path, default=Path("conf/addresses/shanghai.yaml"))
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all rows are placed or say why not; 2: a mistake or a failure."""
    options = parse(arguments)
    try:
        profile = load_city(options.city)
        declared = {d.dataset: d for d in load_declarations(options.datasets, profile)}
        book = load_address_book(options.addresses)
        spark = build_session("gridcontainer locate")
        city = City(spark, Storage(options.container), profile, declared, book)
        for located in locate_datasets(city, options.names):
            run = located.run
            print(
                f"{run.dataset}: {run.rows_in} rows, {run.rows_out} placed {located.methods}, "
                f"{run.rows_quarantined} not placed {run.reasons or ''}"
            )
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
