"""The real sets of Shanghai: departments' own relations hold after linkage as they did before."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.identity import (
    IdentityStorage,
    apply_links,
    issue,
    relate,
    replace_links,
    resolve_one,
)

CONF = Path(__file__).parents[2] / "conf"
NAMES = ("metro_stations", "metro_stations_2026", "districts", "street_controls")
STATIONS = "metro_stations_2026.station to metro_stations"
CONTROLS = "street_controls.district to districts"
pytestmark = [pytest.mark.real_data, pytest.mark.usefixtures("compiled")]


def test_declared_relations_resolve_before_and_after_linkage(
    spark: SparkSession, real_data: Path, tmp_path: Path
):
    city = load_city(CONF / "city/shanghai.yaml")
    declared = load_declarations(CONF / "datasets", city)
    storage = IdentityStorage(Storage(str(tmp_path)))
    for declaration in declared:
        if declaration.dataset in NAMES:
            ingest_dataset(
                lambda: spark, declaration, city=city, sources=real_data, storage=storage.container
            )
    issued = {one.dataset: one.run.rows_out for one in issue(spark, storage, declared)}
    assert issued == dict(zip(NAMES, (416, 408, 16, 113), strict=True))
    before = {one.mapping: one for one in relate(spark, storage, declared)}
    # As their declarations say: all resolve.
    assert (before[STATIONS].resolved, before[CONTROLS].resolved) == (408, 113)

    relations = spark.read.format("delta").load(storage.relations)
    links = relations.where(F.col("mapping") == STATIONS).select(
        "record_left",
        "record_right",
        F.lit(0.99).alias("probability"),
        F.lit(6.6).alias("weight"),
        F.lit("merge").alias("status"),
    )
    replace_links(spark, storage, "stations", links, "run")
    assert apply_links(spark, storage, "run").by_reason() == {"merged": 408}
    after = {one.mapping: one for one in relate(spark, storage, declared)}
    assert after.pop("same_object").pairs == 408
    assert after == {name: one for name, one in before.items() if name in after}
    one, other = (
        resolve_one(storage, f"{name}:人民广场").object for name in
        ("metro_stations", "metro_stations_2026")
    )  # fmt: skip
    assert one == other
