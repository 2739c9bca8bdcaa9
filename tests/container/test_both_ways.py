"""An ingest in this process and one by Spark's tasks give the same rows, reasons and counts.

Files are cut into pieces of a few hundred bytes and tables into files of a few rows, so that keys
repeat across pieces, files and buckets.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from delivered import Deliveries
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import load_declarations
from gridcontainer.container.ingest import distributed, in_memory, tasks
from gridcontainer.container.ingest.dataset import SMALL_BYTES, Ingested, ingest_dataset
from gridcontainer.container.quarantine.replace import read_quarantined
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables import layout as layouts
from gridcontainer.errors import GridContainerError

CONF = Path(__file__).parents[2] / "conf"
REAL = ("bus_stops", "aqi_stations_2017", "towns", "shops")
COUNTS = ("rows_in", "rows_out", "rows_quarantined", "reasons", "mended", "inserted", "updated",
          "deleted", "kept")  # fmt: skip


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tasks, in_memory):
        monkeypatch.setattr(module, "PIECE_BYTES", 1_500)
    monkeypatch.setattr(layouts, "ROWS_PER_FILE", 30)
    monkeypatch.setattr(distributed, "KEY_BUCKETS", 3)  # each is a task


# A layout is chosen from a sample where the rows are not in memory.
OF_LAYOUT = ("grid_prefix", "event_month")


def table_of(path: str) -> list[dict[str, Any]]:
    """All rows of a table but where they lie, which run wrote them and when."""
    rows = pa.table(DeltaTable(path).to_pyarrow_table()).to_pylist()
    for row in rows:
        del row["run_id"]
        prefix = row.pop("grid_prefix", "")
        assert row.get("grid_code", "").startswith(prefix)
        month = row.pop("event_month", None)
        assert month is None or month == f"{row['event_time']:%Y-%m}"
        for name in ("valid_from", "valid_to"):
            if name in row:
                row[name] = row[name] is not None
    return sorted(rows, key=str)


def fields_of(path: str) -> list[tuple[str, str]]:
    fields = DeltaTable(path).schema().fields
    return [(field.name, str(field.type)) for field in fields if field.name not in OF_LAYOUT]


def quarantine_of(storage: Storage, dataset: str) -> list[dict[str, Any]]:
    rows = read_quarantined(storage, dataset).drop_columns(["run_id"]).to_pylist()
    return sorted(rows, key=lambda row: (row["source_file"], row["source_row"]))


def require_same(one: Ingested, other: Ingested, paths: tuple[str, str]) -> None:
    assert {name: getattr(one.run, name) for name in COUNTS} == {
        name: getattr(other.run, name) for name in COUNTS
    }
    assert one.notes == other.notes
    assert (one.table.rows, one.changed) == (other.table.rows, other.changed)
    assert table_of(paths[0]) == table_of(paths[1])
    assert fields_of(paths[0]) == fields_of(paths[1])


class BothWays:
    """Delivers the same to two containers: one in this process, one by Spark's tasks."""

    def __init__(self, folder: Path, city, spark: SparkSession) -> None:
        """Start with two empty containers."""
        self.at = [Deliveries(folder / name, city, {}) for name in ("here", "tasks")]
        for at in self.at:
            at.folder.mkdir()
        self.spark = spark

    def write(self, data: bytes, name: str) -> None:
        """Write a file to both."""
        for at in self.at:
            at.write(data, name)

    def ingest(self, **keys: Any) -> Ingested | str:
        """Ingest in both ways; the same must come of it."""
        done: list[Ingested | str] = []
        for at, small in zip(self.at, (SMALL_BYTES, 0), strict=True):
            try:
                done.append(at.ingest(small_bytes=small, session=lambda: self.spark, **keys))
            except GridContainerError as error:
                done.append(f"{type(error).__name__}: {error}".replace(str(at.folder), ""))
        one, other = done
        if isinstance(one, str) or isinstance(other, str):
            assert one == other
            return one
        require_same(one, other, (self.at[0].path, self.at[1].path))
        held = [quarantine_of(at.storage, "places") for at in self.at]
        assert held[0] == held[1]
        return one


@pytest.fixture
def both(tmp_path: Path, city, spark: SparkSession) -> BothWays:
    return BothWays(tmp_path, city, spark)


# Random deliveries

DIRT = ["", "-", "x", "0", "200", "1e999", "NaN", "121.4 E", "东经121.41", " 121.42 ", "\u3000"]
TIMES = ["2024-01-31 08:00:00", "2024-02-01 07:59:59", "2024-03-05T01:02:03Z", "", "never",
         "2024-04-01 24:00:00"]  # fmt: skip


def random_rows(chance: random.Random, count: int) -> Iterator[dict[str, str]]:
    for i in range(count):
        id = str(chance.randrange(count)) if chance.random() < 0.3 else f"k{i}"
        row = {
            "id": chance.choice(["", "-", id]) if chance.random() < 0.1 else id,
            "lon": f"{121 + chance.random():.5f}",
            "lat": f"{31 + chance.random() / 2:.5f}",
            "t": chance.choice(TIMES),
            "name": chance.choice(["外滩", "a,b", 'say "x"', "two\nlines", "", "=1+1"]),
            "order": str(i % 5),
        }
        if chance.random() < 0.15:
            row[chance.choice(["lon", "lat"])] = chance.choice(DIRT)
        yield row


def to_csv(rows: list[dict[str, str]], chance: random.Random) -> bytes:
    lines = [",".join(rows[0])]
    for row in rows:
        texts = ('"' + text.replace('"', '""') + '"' if set(text) & set('",\n') else text
                 for text in row.values())  # fmt: skip
        line = ",".join(texts)
        lines.append(line + ",more" if chance.random() < 0.03 else line)
    data = ("\n".join(lines) + "\n").encode()
    at = chance.randrange(60, len(data)) if chance.random() < 0.5 else len(data)
    return data[:at] + (b"\xff" if at < len(data) else b"") + data[at:]


def to_json_lines(rows: list[dict[str, str]], chance: random.Random) -> bytes:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    for broken in ("[]", "{", '"x"'):
        lines.insert(chance.randrange(len(lines)), broken)
    return ("\n".join(lines) + "\n").encode()


def to_parquet(rows: list[dict[str, str]], chance: random.Random) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink, row_group_size=chance.randrange(5, 20))
    return bytes(sink.getvalue())


WRITERS = {"csv": to_csv, "jsonlines": to_json_lines, "parquet": to_parquet}
REPAIRS = [
    {"reason": "missing position", "set": {"lon": "'121.5'", "lat": "'31.1'"}},
    {"reason": "missing key", "set": {"id": "concat('new', name)"}, "where": "name = '外滩'"},
]


def random_declaration(chance: random.Random) -> dict[str, Any]:
    keys: dict[str, Any] = {"kind": chance.choice(["points", "events", "table"])}
    if keys["kind"] == "events":
        keys["time"] = {"columns": ["t"]}
    if chance.random() < 0.7:
        keys["key"] = chance.choice([["id"], ["id", "order"]])
        keys["absent"] = chance.choice(["keep", "delete"])
        keys["keep"] = chance.choice([None, "first", "last"])
        keys["history"] = chance.random() < 0.3
    if keys["kind"] != "table" and chance.random() < 0.4:
        keys["mend"] = REPAIRS if "key" in keys else REPAIRS[:1]
    return keys


def changed(rows: list[dict[str, str]], chance: random.Random, share: float):
    """Some rows updated, some gone, some come."""
    kept = [
        row | {"name": "changed"} if chance.random() < share else row
        for row in rows
        if chance.random() > share / 2
    ]
    return kept + list(random_rows(chance, int(len(rows) * share) + 1))


# Seeds whose declarations differ most: without a key, events, tables, history, rules, each format.
@pytest.mark.parametrize("seed", [0, 3, 4, 5, 7, 8])
def test_random_deliveries_give_the_same_in_both_ways(both, seed):
    chance = random.Random(seed)
    form = list(WRITERS)[seed % 3]
    keys = random_declaration(chance)
    keys["source"] = {"path": "d_*", "format": form, "most_broken": 1}
    rows = list(random_rows(chance, chance.randrange(30, 80)))
    for share in (0.0, chance.choice([0.1, 0.1, 0.9])):
        rows = changed(rows, chance, share) if share else rows
        half = len(rows) // 2
        for name, part in (("d_1", rows[:half]), ("d_2", rows[half:])):
            both.write(WRITERS[form](part, chance), name)
        both.ingest(**keys)


@pytest.mark.parametrize("seed", [6, 13])
def test_first_deliveries_are_partitioned_alike_in_both_ways(both, seed, monkeypatch):
    """With few rows a file, tables get partitions, of months too."""
    monkeypatch.setattr(layouts, "ROWS_PER_FILE", 8)
    chance = random.Random(seed)
    keys = random_declaration(chance)
    keys["source"] = {"path": "d_*", "format": "csv", "most_broken": 1}
    both.write(WRITERS["csv"](list(random_rows(chance, 60)), chance), "d_1")
    both.ingest(**keys)
    found = [set(DeltaTable(at.path).metadata().partition_columns) for at in both.at]
    assert found[0] == found[1] <= {"grid_prefix", "event_month"}
    assert ("event_month" in found[0]) == (keys["kind"] == "events")


# Kinds that chance does not draw


def test_a_rule_for_repeated_keys_gives_the_same_in_both_ways(both):
    """The second row of a key gets another one, which a third row has already."""
    rule = {"reason": "repeated key", "set": {"id": "concat(id, '-2')"}}
    rows = [f"{i % 20},121.4{i:02d},31.2{i:02d},n{i}" for i in range(50)]
    rows += ["3-2,121.49,31.29,own", "7,121.4077,31.2077,x"]
    both.write("\n".join(["id,lon,lat,name", *rows, ""]).encode(), "d_1")
    result = both.ingest(key=["id"], mend=[rule], source={"path": "d_*"})
    assert not isinstance(result, str)
    assert result.run.mended["repeated key"] == 19


def test_shapes_and_their_repairs_are_the_same_in_both_ways(both):
    ring = "{0} 31.2,{1} 31.2,{1} 31.3,{0} 31.3"
    good, open_ring = f"POLYGON(({ring},{{0}} 31.2))", f"POLYGON(({ring}))"
    crossed = "POLYGON(({0} 31.2,{1} 31.3,{1} 31.2,{0} 31.3,{0} 31.2))"
    shapes = [good, open_ring, crossed, "POLYGON EMPTY", "CIRCULARSTRING(0 0,1 1,2 0)", "x", ""]
    rows = [
        f'{i % 37},"{shapes[i % 7].format(121 + i / 100, 121.01 + i / 100)}"' for i in range(70)
    ]
    both.write("\n".join(["id,g", *rows, ""]).encode(), "d_1")
    position = {"geometry": "g", "geometry_format": "wkt"}
    result = both.ingest(kind="polygons", key=["id"], position=position, source={"path": "d_*"})
    assert not isinstance(result, str)
    assert result.run.mended["repaired shape"] > 5


def test_refusals_are_the_same_in_both_ways(both):
    keys = {"key": ["id"], "absent": "delete", "source": {"path": "d_*"}}
    lines = [f"{i},121.4,31.2,n" for i in range(40)]
    both.write("\n".join(["id,lon,lat,name", *lines, ""]).encode(), "d_1")
    both.ingest(**keys)
    for text in ("id,lon,lat,name\n", "id,lon,lat,name\n" + "\n".join(lines[:20]),
                 "\n".join(["id,lon,lat", *(line[:-2] for line in lines)])):  # fmt: skip
        both.write(text.encode(), "d_1")
        refused = both.ingest(**keys)
        assert isinstance(refused, str), text
        assert refused.startswith("DeliveryError")
    assert len(both.at[1].rows()) == 40


@pytest.mark.parametrize("absent", ["keep", "delete"])
def test_a_column_of_another_type_is_the_same_in_both_ways(both, absent):
    keys = {"key": ["id"], "absent": absent, "source": {"path": "d_1", "format": "parquet"}}

    def deliver(value: pa.Array) -> Ingested | str:
        rows = pa.table(
            {"id": list(range(9)), "lon": [121.4] * 9, "lat": [31.2] * 9, "value": value}
        )
        sink = pa.BufferOutputStream()
        pq.write_table(rows, sink)
        both.write(bytes(sink.getvalue()), "d_1")
        return both.ingest(**keys)

    deliver(pa.array(range(9), pa.int32()))
    kept = deliver(pa.array([*range(8), 100], pa.int64()))
    assert not isinstance(kept, str)
    assert kept.run.updated == 1
    lost = deliver(pa.array([*map(str, range(8)), "x"]))
    assert isinstance(lost, str) == (absent == "keep")


# Real datasets


@pytest.mark.real_data
@pytest.mark.parametrize("name", REAL)
def test_real_datasets_give_the_same_in_both_ways(
    name, city, spark, real_data, tmp_path, monkeypatch
):
    for module in (tasks, in_memory):
        monkeypatch.setattr(module, "PIECE_BYTES", 400_000)
    monkeypatch.setattr(layouts, "ROWS_PER_FILE", 2_000)
    (declaration,) = load_declarations(CONF / "datasets", city, only=[name])
    storages = [Storage(str(tmp_path / way)) for way in ("here", "tasks")]
    one, other = (
        ingest_dataset(
            lambda: spark, declaration, city=city, sources=real_data, storage=storage,
            small_bytes=small,
        )
        for storage, small in zip(storages, (SMALL_BYTES, 0), strict=True)
    )  # fmt: skip
    paths = [storage.dataset(declaration.department, name) for storage in storages]
    require_same(one, other, (paths[0], paths[1]))
    assert quarantine_of(storages[0], name) == quarantine_of(storages[1], name)
