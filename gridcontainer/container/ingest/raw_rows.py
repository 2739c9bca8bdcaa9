"""What readers that are not of files, or are Spark's own, give beside the source's columns."""

from collections.abc import Mapping

import pyarrow as pa
from pyspark.sql import Column, functions as F

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.sources import source_schema
from gridcontainer.container.sources.records import FAULT, REPAIR, TEXT


def no_faults() -> list[Column]:
    """``_fault``, ``_text`` and ``_repair`` of rows that are as they should be."""
    return [F.lit(None).cast("string").alias(name) for name in (FAULT, TEXT, REPAIR)]


def stored_schema(names: Mapping[str, str], declaration: Declaration) -> pa.Schema:
    """The Arrow schema of raw rows whose columns have their stored names.

    Args:
        names: stored name of each source column, in their order.
        declaration: of the data set.
    """
    fields = source_schema(list(names), declaration)
    return pa.schema([field.with_name(names.get(field.name, field.name)) for field in fields])
