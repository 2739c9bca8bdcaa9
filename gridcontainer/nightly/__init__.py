"""The night: all that a city's container needs each night, as a graph that survives any end."""

from gridcontainer.nightly.job import (
    ALL_WELL,
    LOCKED,
    NOTHING_TRIED,
    SOME_FAILED,
    Request,
    preview_job,
    run_job,
)

__all__ = [
    "ALL_WELL",
    "LOCKED",
    "NOTHING_TRIED",
    "SOME_FAILED",
    "Request",
    "preview_job",
    "run_job",
]
