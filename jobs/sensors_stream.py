"""Read files of readings as they arrive in a folder, each line exactly once.

spark-submit --properties-file conf/spark-defaults.conf jobs/sensors_stream.py FOLDER SERIES \
    --container URI [--once] [--interval 10] [--files-per-batch 100]
"""

import argparse
import sys
from pathlib import Path

from gridcontainer.container.declaration import load_city
from gridcontainer.container.storage import Storage
from gridcontainer.errors import GridContainerError
from gridcontainer.sensors.accept import Accepted
from gridcontainer.sensors.declaration import load_all_series
from gridcontainer.sensors.stream import stream_series
from gridcontainer.spark.session import build_session


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The job's arguments."""
    parser = argparse.ArgumentParser(prog="sensors_stream.py", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the files arrive")
    parser.add_argument("series", help="whose sensors the lines are of")
    parser.add_argument("--container", required=True, help="root of the tables")
    parser.add_argument("--once", action="store_true", help="read what is there, and end")
    parser.add_argument("--interval", type=int, default=10, help="seconds between two looks")
    parser.add_argument("--files-per-batch", type=int, default=100, help="at most")
    parser.add_argument("--sensors", type=Path, default=Path("conf/sensors"))
    parser.add_argument("--city", type=Path, default=Path("conf/city/shanghai.yaml"))
    return parser.parse_args(arguments)


def report(batch: int, files: int, accepted: Accepted) -> None:
    """Print what became of a batch."""
    run = accepted.run
    print(
        f"batch {batch}: {files} files, {run.rows_in} lines, {accepted.received.added} new, "
        f"{run.rows_quarantined} set aside, {run.seconds:.1f} s",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0: all is read (with ``--once``); 2: a mistake."""
    options = parse(arguments)
    try:
        (series,) = load_all_series(options.sensors, only=[options.series])
        stream_series(
            build_session("gridcontainer sensors stream"),
            series,
            options.folder,
            zone=series.time_zone or load_city(options.city).time_zone,
            storage=Storage(options.container),
            once=options.once,
            interval_seconds=options.interval,
            files_per_batch=options.files_per_batch,
            report=report,
        )
    except GridContainerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
