"""Issue identities, apply the links that there are, and renew the relations.

spark-submit --properties-file conf/spark-defaults.conf jobs/identity.py \
    --container URI [DATASET ...]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.identity import IdentityStorage, issue, load_mappings, relate
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="identity.py", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="DATASET", help="all with a class without")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--datasets", type=Path, default=Path("conf/datasets"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    parser.add_argument("--mappings", type=Path, default=Path("conf/mappings"))
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: identities and relations are as the data sets are; 2: a mistake."""
    options = parse(arguments)
    try:
        declared = load_declarations(options.datasets, load_city(options.city))
        mappings = load_mappings(options.mappings, [d.dataset for d in declared])
        spark = build_session("gridcontainer identity")
        storage = IdentityStorage(Storage(options.container))
        for one in issue(spark, storage, declared, options.names, report=print):
            counts = ", ".join(f"{count} {why}" for why, count in sorted(one.reasons.items()))
            run = one.run
            aside = f"{run.rows_in} in, {run.rows_out} out, {run.rows_quarantined} set aside"
            print(f"{one.dataset}: {aside}; {counts or 'unchanged'}")
            if one.warning is not None:
                print(f"warning: {one.warning}", file=sys.stderr)
        for related in relate(spark, storage, declared, mappings):
            print(f"{related.mapping}: {related.resolved} resolved, {related.pairs} pairs")
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
