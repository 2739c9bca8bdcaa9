"""Small data sets as tables of a container, written by another engine than Spark."""

import itertools
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import DataFrame, SparkSession

from gridcontainer.container.declaration import Declaration
from gridcontainer.container.storage import Storage
from gridcontainer.grid import lonlat_to_cell
from gridcontainer.grid.code import cell_to_code
from gridcontainer.identity import (
    IdentityStorage,
    Issued,
    Replaced,
    Settled,
    apply_links,
    issue,
    replace_links,
)
from gridcontainer.identity.object_ids import record_id_of

CLASSES = {"homes": "community", "flats": "community", "houses": "community", "shops": "shop"}
NUMBERS = itertools.count(1)


@dataclass
class City:
    """A container of a test's own.

    A data set is a mapping from its key, ``name``, to a position.
    """

    spark: SparkSession
    root: Path
    runs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def storage(self) -> IdentityStorage:
        return IdentityStorage(Storage(str(self.root)))

    def write(
        self, dataset: str, places: Mapping[str, tuple[float, float]] | Sequence[dict[str, Any]],
        *, key: str = "name", confidential: bool = False,
    ) -> None:  # fmt: skip
        """Make the places those that the data set has; or rows of columns of its own."""
        rows = (
            [{"name": name, "lon": lon, "lat": lat} for name, (lon, lat) in places.items()]
            if isinstance(places, Mapping)
            else list(places)
        )
        table = pa.Table.from_pylist(
            [self._row(dataset, row, number, key) for number, row in enumerate(rows)],
            schema=self._schema(rows),
        )
        path = self.root / "datasets/housing" / dataset
        shutil.rmtree(path, ignore_errors=True)
        write_deltalake(str(path), table, partition_by=["grid_prefix"])
        # delta-rs writes no properties of others: they go into the log by hand.
        log = path / "_delta_log/00000000000000000000.json"
        properties = {
            "gridcontainer.key": key,
            "gridcontainer.label": "name",
            "gridcontainer.level": "8",
            "gridcontainer.confidential": str(confidential),
        }
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            if "metaData" in action:
                action["metaData"]["configuration"] |= properties
        log.write_text("\n".join(map(json.dumps, actions)))

    def _row(self, dataset: str, row: dict[str, Any], number: int, key: str) -> dict[str, Any]:
        cell = int(lonlat_to_cell(row["lon"], row["lat"], 8))
        code = str(cell_to_code(cell, 8))
        own = {
            "object_id": record_id_of(dataset, [row[name] for name in key.split(",") if name]),
            "cell": cell, "grid_code": code, "grid_level": 8, "grid_prefix": code[:4],
            "source_file": "test", "source_row": number, "run_id": "test",
        }  # fmt: skip
        return own | row

    def _schema(self, rows: Sequence[dict[str, Any]]) -> pa.Schema:
        own = {
            "object_id": pa.string(), "cell": pa.int64(), "grid_code": pa.string(),
            "grid_level": pa.int8(), "grid_prefix": pa.string(), "lon": pa.float64(),
            "lat": pa.float64(), "source_file": pa.string(), "source_row": pa.int64(),
            "run_id": pa.string(),
        }  # fmt: skip
        others = {name: pa.string() for row in rows for name in row if name not in own}
        if "geometry" in others:
            others["geometry"] = pa.binary()
        return pa.schema(own | others)

    @property
    def declarations(self) -> list[Declaration]:
        return [
            Declaration.model_validate(
                {
                    "dataset": name, "department": "housing", "title": name, "kind": "points",
                    "source": {"path": "x.csv", "format": "csv"}, "key": ["name"],
                    "position": {"lon": "lon", "lat": "lat"}, "object_class": object_class,
                }
            )
            for name, object_class in CLASSES.items()
        ]  # fmt: skip

    def issue(self) -> dict[str, Issued]:
        done = issue(self.spark, self.storage, self.declarations)
        return {one.dataset: one for one in done}

    def edges(self, *edges: tuple[str, str, float] | tuple[str, str, float, str]) -> DataFrame:
        """Links between records by their references, with a probability and perhaps a status."""
        rows = [
            (
                record(left), record(right), probability, probability * 10,
                [("name", "exact", probability * 10)], *(status or ["merge"]),
            )
            for left, right, probability, *status in edges
        ]  # fmt: skip
        schema = (
            "record_left string, record_right string, probability double, weight double, "
            "evidence array<struct<comparison:string,level:string,weight:double>>, status string"
        )
        return self.spark.createDataFrame(rows, schema)

    def link(self, *edges: Any, link: str = "names", **options: Any) -> tuple[Replaced, Settled]:
        """A run of a linkage that finds these links, with its run id ``run-N``."""
        run_id = f"run-{next(self.runs)}"
        replaced = replace_links(
            self.spark, self.storage, link, self.edges(*edges), run_id, **options
        )
        return replaced, apply_links(self.spark, self.storage, run_id)

    def table(self, name: str) -> pd.DataFrame:
        """A table of identities as another engine reads it, closed rows too."""
        return DeltaTable(f"{self.root}/identity/{name}").to_pandas()

    def versions(self) -> dict[str, int]:
        """The version of each table of identities."""
        logs = sorted(self.root.glob("identity/*/_delta_log"))
        return {log.parent.name: DeltaTable(str(log.parent)).version() for log in logs}

    def state(self) -> dict[str, dict[str, Any]]:
        """What holds now: the object of each key, and status and place of each object."""
        keys, objects = self.table("keys"), self.table("objects")
        keys, objects = keys[keys.valid_to.isna()], objects[objects.valid_to.isna()]
        assert keys.record_id.is_unique
        assert objects.object_id.is_unique
        of_keys = keys[["record_id", "object_id", "method", "weight", "probability"]]
        of_objects = objects[["object_id", "status", "merged_into", "name", "grid_code"]]
        return {
            "keys": {row[0]: json.dumps(row[1:]) for row in of_keys.values.tolist()},
            "objects": {row[0]: json.dumps(row[1:]) for row in of_objects.values.tolist()},
        }

    def groups(self) -> set[frozenset[str]]:
        """The keys of each object that has several, as ``DATASET:KEY``."""
        keys = self.table("keys")
        keys = keys[keys.valid_to.isna()]
        names = keys.dataset + ":" + keys.business_key.map(lambda text: json.loads(text)["name"])
        groups = names.groupby(keys.object_id).agg(frozenset)
        return {group for group in groups if len(group) > 1}

    def copy(self, to: Path) -> "City":
        shutil.copytree(self.root, to)
        return City(self.spark, to)


def record(reference: str) -> str:
    """The id of the record ``DATASET:KEY``."""
    dataset, _, key = reference.partition(":")
    return record_id_of(dataset, [key])


HOMES = {"red": (121.40, 31.20), "green": (121.41, 31.21), "blue": (121.42, 31.22)}
FLATS = {"red": (121.4001, 31.2001), "green": (121.4101, 31.21), "grey": (121.43, 31.23)}
HOUSES = {"red": (121.4002, 31.2), "blue": (121.4201, 31.2201)}
