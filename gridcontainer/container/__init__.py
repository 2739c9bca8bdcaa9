"""Datasets, ingest, layout, query, runs and quarantine: the Delta tables of a city.

The rooms, each with a door (its ``__init__``) that says what may be used from outside; what a door
leaves out needs Spark, or is the room's own. No door imports Spark.

    ingest/       a dataset into the container
    inference/    a declaration drafted from a new file
    catalogue/    what the container holds, described for people
    export/       tables as files for others
    quarantine/   records that could not go in as they came
    query/        questions, answered without Spark; frames with it
    tables/       Delta tables: logs, rows, schemas, layout, commits
    judge/        raw records to position, time, cell, and one reason or none
    sources/      files to raw records
    declaration/  what a department declares, and the city's profile

Beside them stand ``Storage`` (where files and tables lie; everything of a container is opened
through it), ``runs`` (the run ledger), ``column_names`` and ``column_lookup`` (both names of each
column), ``sensitivity`` (who may see what), and the jobs ``compact`` and ``join``.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridcontainer.container.storage import Storage

__all__ = ["Storage"]


def __getattr__(name: str) -> Any:
    if name != "Storage":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # When it is asked for: the command line reads declarations without Arrow.
    from gridcontainer.container.storage import Storage  # noqa: PLC0415

    return Storage
