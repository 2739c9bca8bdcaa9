"""Errors of Spark told in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from gridcontainer.container.tables.frames import first_line
from gridcontainer.errors import StorageError


@contextmanager
def storage_errors(failed: str) -> Iterator[None]:
    """Tell an error of Spark as one of the tables.

    Args:
        failed: what could not be done.

    Raises:
        StorageError: instead of what Spark raises.
    """
    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise StorageError(
            f"{failed}: {first_line(error)}. Run again: what is done is not done twice"
        ) from error
