"""warm-up: all that the first start of Spark would have to fetch and prepare."""

import tempfile
from pathlib import Path

import click
from pyspark.sql import SparkSession
from rich.console import Console

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.ingest.batch import ingest_datasets
from gridcontainer.container.storage import Storage
from gridcontainer.errors import SparkSetupError
from gridcontainer.sample import write_sample
from gridcontainer.spark.class_archive import ARCHIVE, write_archive
from gridcontainer.spark.session import build_session, java_options_setting

_TYPICAL = ("elderly_care", "towns")  # points and shapes
_SCALE = 0.02


@click.command("warm-up")
def warm_up_command() -> None:
    """Fetch Spark's jars, and keep its classes so that every later start is quicker.

    For Spark in this process, not on a cluster. Once for each environment, and again after Java or
    Spark is replaced; `make` does it when it makes the environment.
    """
    console = Console()
    city = load_city(Path("conf/city/shanghai.yaml"))
    declared = load_declarations(Path("conf/sample"), city, only=_TYPICAL)

    def ingest_typical(spark: SparkSession) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_sample(folder / "sources", scale=_SCALE)
            outcome = ingest_datasets(
                lambda: spark,
                declared,
                city=city,
                sources=folder / "sources",
                storage=Storage(str(folder / "container")),
                small_bytes=0,  # Spark is what is to be warmed
            )
        for failure in outcome.failures.values():
            raise SparkSetupError(f"Spark starts but does not work: {failure}")

    with console.status("starting Spark as it is the first time (about a minute)"):
        size = write_archive(
            lambda options: build_session("gridcontainer warm-up", java_options_setting(options)),
            ingest_typical,
        )
    console.print(f"Spark's classes are kept in {ARCHIVE} ({size / 1e6:.0f} MB)", soft_wrap=True)
