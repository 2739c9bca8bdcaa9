"""Run all that a city's container needs each night; what is done is not repeated.

spark-submit --properties-file conf/spark-defaults.conf jobs/nightly.py \
    --sources DIR --container URI [--config conf/nightly.yaml]
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from gridcontainer.errors import GridContainerError
from gridcontainer.nightly import Request, preview_job, run_job


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(
        prog="nightly.py",
        description=__doc__.splitlines()[0],
        epilog="Exit codes: 0 all is done; 1 something failed, the others are done; 2 nothing was "
        "tried; 75 another run works on the container: try later; 143 stopped by SIGTERM.",
    )
    parser.add_argument("--sources", type=Path, required=True, help="folder of the source files")
    parser.add_argument("--container", required=True, help="root of the tables: a path or a URI")
    parser.add_argument("--config", type=Path, default=Path("conf/nightly.yaml"))
    parser.add_argument("--date", type=date.fromisoformat, default=date.today(), help="YYYY-MM-DD")
    parser.add_argument("--only", action="append", default=[], metavar="STEP")
    parser.add_argument("--from", dest="since", metavar="STEP", help="it and those after it")
    parser.add_argument("--again", action="store_true", help="do again what is done")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit codes as ``--help`` says."""
    asked = parse(arguments)
    request = Request(
        asked.config, asked.sources, asked.container, asked.date, asked.only, asked.since,
        asked.again,
    )  # fmt: skip
    if not asked.dry_run:
        return run_job(request, tell=lambda line: print(line, flush=True), warn=_warn)
    try:
        for verdict in preview_job(request):
            does = "run " if verdict.runs else "keep"
            print(f"{does}  {verdict.task.step} {verdict.task.name}: {verdict.why}")
    except GridContainerError as error:
        _warn(f"error: {error}")
        return 2
    return 0


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
