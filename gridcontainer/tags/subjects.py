"""What a requested tag is on, where that is, and what speaks against the request."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession, Window, functions as F
from pyspark.sql.pandas.functions import pandas_udf

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import read_current
from gridcontainer.grid import code_to_cell, code_to_center, is_valid_code
from gridcontainer.tags.tables import CELL, OBJECT

_PLACE: Final = "cell long, grid_code string, grid_level byte, lon double, lat double"
_OBJECTS: Final = f"dataset string, object_id string, {_PLACE}"
_PLACE_COLUMNS: Final = ("cell", "grid_code", "grid_level", "lon", "lat")
_UDF: Final[Any] = pandas_udf  # its types know no plain function


def find_subjects(requests: DataFrame, objects: DataFrame) -> DataFrame:
    """Add the subject of each request, and where it is.

    Args:
        requests: n rows.
        objects: of ``read_objects``.

    Returns:
        n rows with ``subject_kind``, ``subject`` (the object's identity, or the cell's code) and
        ``is_found``; ``cell``, ``grid_code``, ``grid_level``, ``lon`` and ``lat``, null for an
        object without a position and for what was not found.
    """
    there = objects.withColumn("is_object", F.lit(True))
    of_code = _UDF(_places_of, _PLACE)(F.upper("code"))
    both = requests.withColumn("place", of_code).join(there, ["dataset", "object_id"], how="left")
    is_cell = F.col("code").isNotNull()
    place = (
        F.when(is_cell, F.col(f"place.{name}")).otherwise(F.col(name)).alias(name)
        for name in _PLACE_COLUMNS
    )
    found = F.when(is_cell, F.col("place.cell").isNotNull()).otherwise(
        F.coalesce("is_object", F.lit(False))
    )
    return both.select(
        *(F.col(name) for name in requests.columns),
        F.when(is_cell, CELL).otherwise(OBJECT).alias("subject_kind"),
        F.when(is_cell, F.upper("code")).otherwise(F.col("object_id")).alias("subject"),
        found.alias("is_found"),
        *place,
    )


def judge(requests: DataFrame, *, classes: Sequence[str], issuers: Sequence[str]) -> DataFrame:
    """Add ``reason``: null for a request that can be met, else why it cannot.

    Args:
        requests: of ``find_subjects``.
        classes: of tags that the city has.
        issuers: departments of the city.
    """
    has_object, has_code = F.col("object_id").isNotNull(), F.col("code").isNotNull()
    is_lost = ~F.col("is_found")
    reason = (
        F.when(F.col("fault").isNotNull(), F.col("fault"))
        .when(~_is_one_of("tag_class", classes), "unknown class")
        .when(~_is_one_of("issuer", issuers), "unknown issuer")
        .when(has_object == has_code, "names not one subject")
        .when(is_lost & has_code, "unreadable code")
        .when(is_lost, "unknown object")
    )
    same = Window.partitionBy("issuer", "subject", "tag_class", reason.isNull())
    place = F.row_number().over(same.orderBy("source_file", "source_row"))
    judged = requests.withColumn("place", place).withColumn("reason", reason)
    repeated = F.when((F.col("place") > 1) & F.col("reason").isNull(), "repeated request")
    return judged.withColumn("reason", F.coalesce("reason", repeated)).drop("place")


def read_objects(spark: SparkSession, storage: Storage, datasets: Sequence[str]) -> DataFrame:
    """Identity and place of the rows of data sets; of one that is not there, none.

    Args:
        spark: the session.
        storage: the container.
        datasets: names.

    Raises:
        DatasetError: data sets are named, and the container has none at all.
    """
    objects = spark.createDataFrame([], _OBJECTS)
    there = storage.find_datasets() if datasets else []
    for _, name, path in there:
        if name not in datasets:
            continue
        rows = read_current(spark, path)
        if "object_id" not in rows.columns:
            continue
        missing = [column for column in _PLACE_COLUMNS if column not in rows.columns]
        placed = rows.withColumns(dict.fromkeys(missing, F.lit(None)))
        objects = objects.unionByName(
            placed.select(F.lit(name).alias("dataset"), "object_id", *_PLACE_COLUMNS)
        )
    return objects


def _is_one_of(name: str, known: Sequence[str]) -> Column:
    return F.coalesce(F.col(name).isin(*known), F.lit(False)) if known else F.lit(False)


def _places_of(codes: pd.Series) -> pd.DataFrame:
    """Where cells are; all null for what is no code of a cell."""
    texts = codes.fillna("").astype(str).to_numpy()
    valid = is_valid_code(texts)
    cells, levels = code_to_cell(texts[valid])
    lon, lat = code_to_center(texts[valid])
    places = pd.DataFrame(
        {
            "cell": pd.array(cells, dtype="Int64"),  # not float64, which has no such numbers
            "grid_code": texts[valid],
            "grid_level": pd.array(levels, dtype="Int8"),
            "lon": lon,
            "lat": lat,
        },
        index=np.flatnonzero(valid),
    )
    return places.reindex(range(len(texts)))
