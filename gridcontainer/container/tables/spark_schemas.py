"""The same schemas as Spark has them."""

from typing import Final

from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from gridcontainer.container.tables import schemas

QUARANTINE_SCHEMA: Final[StructType] = from_arrow_schema(schemas.QUARANTINE)
RUNS_SCHEMA: Final[StructType] = from_arrow_schema(schemas.RUNS)
