"""Trained models in the container: one for each linkage and way of comparing."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

from delta.tables import DeltaTable
from pyspark.sql import SparkSession, functions as F, types as T

from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.frames import append
from gridcontainer.linkage.declaration import Link
from gridcontainer.linkage.model import Settings

_SCHEMA: Final = T.StructType(
    [
        T.StructField("link", T.StringType(), False),
        T.StructField("compared", T.StringType(), False),
        T.StructField("model", T.StringType(), False),
        T.StructField("trained", T.TimestampType(), False),
        T.StructField("run_id", T.StringType(), False),
    ]
)


def find_model(spark: SparkSession, storage: Storage, link: Link) -> Settings | None:
    """The newest model of a linkage that compares as its declaration says; None without one.

    A model is kept from run to run, so that links do not change unless their records do.
    """
    path = _path(storage)
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    same = (F.col("link") == link.link) & (F.col("compared") == _fingerprint(link))
    models = spark.read.format("delta").load(path).where(same)
    newest = models.orderBy(F.desc("trained")).limit(1).collect()
    return Settings(json.loads(newest[0]["model"])) if newest else None


def keep_model(
    spark: SparkSession, storage: Storage, link: Link, settings: Settings, run_id: str
) -> None:
    """Append a model to those of the container."""
    row: dict[str, Any] = {
        "link": link.link,
        "compared": _fingerprint(link),
        "model": json.dumps(settings.splink, ensure_ascii=False),
        "trained": datetime.now(UTC),
        "run_id": run_id,
    }
    append(spark.createDataFrame([row], _SCHEMA), _path(storage))


def _path(storage: Storage) -> str:
    return f"{storage.root}/identity/models"


def _fingerprint(link: Link) -> str:
    """Changes when pairs are compared otherwise: not with title, threshold or what links do."""
    content = link.model_dump_json(exclude={"title", "expected_precision", "merges"})
    return hashlib.sha256(content.encode()).hexdigest()
