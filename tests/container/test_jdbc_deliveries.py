"""A database that delivers again behaves as a file with the same values does."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from delivered import Deliveries
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import CityProfile
from gridcontainer.container.ingest import database
from gridcontainer.errors import GridContainerError

pytestmark = pytest.mark.spark
COLUMNS = {"id": "INT", "lon": "DOUBLE", "lat": "DOUBLE", "name": "VARCHAR(20)"}
KEYS = {"key": ["id"], "absent": "delete"}
NUMBERS = itertools.count(1)


@dataclass
class Database:
    """An in-memory database of Derby, which Spark brings along; one table is delivered."""

    url: str
    statement: Any

    def put(self, columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """Make the table anew."""
        with contextlib.suppress(Py4JJavaError):  # there is none yet
            self.statement.execute("DROP TABLE places")
        kinds = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        self.statement.execute(f"CREATE TABLE places ({kinds})")
        for row in rows:
            values = ", ".join("NULL" if v is None else repr(v) for v in row)
            self.statement.execute(f"INSERT INTO places VALUES ({values})")


@pytest.fixture(scope="module")
def derby(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    jvm = spark.sparkContext._jvm
    log = tmp_path_factory.mktemp("derby") / "derby.log"
    jvm.java.lang.System.setProperty("derby.stream.error.file", str(log))
    jvm.java.lang.Class.forName("org.apache.derby.jdbc.EmbeddedDriver")
    url = f"jdbc:derby:memory:deliveries{next(NUMBERS)}"
    connection = jvm.java.sql.DriverManager.getConnection(f"{url};create=true")
    yield Database(url, connection.createStatement())
    connection.close()


class Both:
    """The same deliveries from a database and from a CSV file, into two containers."""

    def __init__(self, spark: SparkSession, derby: Database, city: CityProfile, folder: Path):
        self.spark, self.derby = spark, derby
        (folder / "jdbc").mkdir()
        (folder / "csv").mkdir()
        source = {"format": "jdbc", "database": {"url": derby.url, "table": "places"}}
        self.sides = (
            Deliveries(folder / "jdbc", city, KEYS | {"source": source}),
            Deliveries(folder / "csv", city, KEYS),
        )

    def deliver(self, columns: dict[str, str], rows: Sequence[Sequence[Any]], **keys: Any) -> Any:
        """Deliver to both; returns what both say: an error, or counts and rows."""
        self.derby.put(columns, rows)
        lines = [",".join("" if v is None else str(v) for v in row) for row in rows]
        self.sides[1].write("\n".join([",".join(columns), *lines, ""]))
        of_database, of_file = (self._ingest(at, **keys) for at in self.sides)
        assert of_database == of_file
        return of_database

    def _ingest(self, at: Deliveries, **keys: Any) -> Any:
        before = at.state()
        try:
            run = at.ingest(session=lambda: self.spark, **keys).run
        except GridContainerError as error:
            assert at.state() == before
            return type(error).__name__, str(error).split(" in ")[0]
        rows = at.rows().drop(columns=["run_id", "source_file", "source_row"])
        rows = rows[sorted(rows.columns)].sort_values("object_id").astype(object)
        told = (run.inserted, run.updated, run.deleted, run.rows_quarantined)
        return told, rows.where(rows.notna(), None).to_dict("records")


@pytest.fixture(params=[10_000, 0], ids=["in this process", "in tasks"])
def both(
    request: pytest.FixtureRequest, spark: SparkSession, derby: Database, city: CityProfile,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> Both:  # fmt: skip
    monkeypatch.setattr(database, "SMALL_ROWS", request.param)
    return Both(spark, derby, city, tmp_path)


def rows(count: int, **changed: Callable[[int], Any]) -> list[list[Any]]:
    row: dict[str, Callable[[int], Any]] = {
        "id": lambda i: i,
        "lon": lambda i: 121.4 + i / 64,
        "lat": lambda i: 31.25,
        "name": lambda i: f"n{i}",
    }
    return [[value(i) for value in (row | changed).values()] for i in range(count)]


def test_a_column_that_vanishes_is_refused_until_a_person_agrees(both: Both):
    both.deliver(COLUMNS, rows(5))
    without = {name: kind for name, kind in COLUMNS.items() if name != "name"}
    fewer = [row[:3] for row in rows(5)]
    error, said = both.deliver(without, fewer)
    assert (error, said.split(";")[0]) == (
        "DeliveryError", "places: the delivery has no column name any more",
    )  # fmt: skip
    told, _ = both.deliver(without, fewer, accepts=True)
    assert told[2] == 0


@pytest.mark.parametrize("column", ["id", "lon"])
def test_a_declared_column_that_vanishes_is_told_by_its_name(both: Both, column: str):
    both.deliver(COLUMNS, rows(5))
    renamed = {("other" if name == column else name): kind for name, kind in COLUMNS.items()}
    error, said = both.deliver(renamed, rows(5))
    assert error == "SourceError"
    assert f"no column {column}" in said


def test_most_removed_holds(both: Both):
    both.deliver(COLUMNS, rows(10))
    error, said = both.deliver(COLUMNS, rows(4))
    assert (error, said.split(",")[0]) == ("DeliveryError", "places: would remove 6 of 10 rows")
    error, said = both.deliver(COLUMNS, [])
    assert error == "DeliveryError"
    assert said.startswith("places: the delivery lacks 10 of 10 records, ")
    told, left = both.deliver(COLUMNS, rows(8))
    assert (told[2], len(left)) == (2, 8)
    told, left = both.deliver(COLUMNS, rows(4), accepts=True)
    assert (told[2], len(left)) == (4, 4)


@pytest.mark.parametrize(
    ("kinds", "changed", "updated", "quarantined"),
    [
        ({"id": "VARCHAR(9)"}, {"id": str}, 0, 0),  # the same texts: nothing changed
        ({"id": "BIGINT", "name": "CHAR(20)"}, {}, 0, 0),
        ({"name": "INT"}, {"name": lambda i: 100 + i}, 5, 0),
        (
            {"lon": "VARCHAR(20)"},
            {"lon": lambda i: "east" if i == 0 else str(121.4 + i / 64)},
            0,
            1,
        ),
        ({"lat": "INT"}, {"lat": lambda i: 31}, 5, 0),
    ],
)
def test_a_column_of_another_type_is_judged_by_its_texts(
    both: Both, kinds: dict, changed: dict, updated: int, quarantined: int
):
    both.deliver(COLUMNS, rows(5))
    told, _ = both.deliver(COLUMNS | kinds, rows(5, **changed))
    assert (told[1], told[3]) == (updated, quarantined)
