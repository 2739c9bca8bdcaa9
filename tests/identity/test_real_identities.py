"""The real sets of Shanghai: departments' own relations hold after linkage as they did before."""

from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession, functions as F

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.container.ingest import ingest_dataset
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
NAMES = ("metro_stations", "metro_stations_2026", "covid_addresses", "covid_geocodes")
STATIONS = "metro_stations_2026.station to metro_stations"
ADDRESSES = "covid_addresses.value to covid_geocodes"
pytestmark = pytest.mark.real_data


def test_declared_relations_resolve_before_and_after_linkage(
    spark: SparkSession, many_rows: None, real_data: Path, tmp_path: Path
):
    city = load_city(CONF / "city/shanghai.yaml")
    declared = load_declarations(CONF / "datasets", city)
    storage = IdentityStorage(Storage(str(tmp_path)))
    for declaration in declared:
        if declaration.dataset in NAMES:
            ingest_dataset(
                spark, declaration, city=city, sources=real_data, storage=storage.container
            )
    assert sum(one.run.rows_out for one in issue(spark, storage, declared)) > 29_000
    before = {one.mapping: one for one in relate(spark, storage, declared)}
    assert before[STATIONS].resolved == 408
    assert before[ADDRESSES].resolved == addresses_with_geocode(storage.container)

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
    assert {name: after[name].resolved for name in (STATIONS, ADDRESSES)} == {
        name: before[name].resolved for name in (STATIONS, ADDRESSES)
    }
    assert after["same_object"].pairs == 408
    one, other = (
        resolve_one(storage, f"{name}:人民广场").object for name in
        ("metro_stations", "metro_stations_2026")
    )  # fmt: skip
    assert one == other


def addresses_with_geocode(storage: Storage) -> int:
    """By another engine. The catalogue's 171,196 of 172,065 also count geocodes outside the city
    and rows that repeat, which an ingest sets aside."""
    addresses, geocodes = (
        DeltaTable(storage.dataset("health", name)).to_pyarrow_table(columns=[column])
        for name, column in (("covid_addresses", "value"), ("covid_geocodes", "address"))
    )
    with duckdb.connect() as engine:
        engine.register("addresses", addresses)
        engine.register("geocodes", geocodes)
        found = engine.execute(
            "SELECT count(*) FROM addresses WHERE value IN (SELECT address FROM geocodes)"
        ).fetchone()
    return int(found[0])
