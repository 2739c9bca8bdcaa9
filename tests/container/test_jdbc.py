"""Tables of a database, against what was put into it: Derby, which Spark brings along."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from deltalake import DeltaTable
from pydantic import ValidationError
from pyspark.sql import SparkSession

from gridcontainer.container.declaration import Declaration, Source
from gridcontainer.container.ingest import database
from gridcontainer.container.ingest.database import database_fingerprint, open_database, read_jdbc
from gridcontainer.container.ingest.dataset import ingest_dataset
from gridcontainer.container.storage import Storage
from gridcontainer.errors import SourceError

STOPS = [  # id, name, lon, lat, opened, seen, fare, mark
    (3, "人民广场", 121.47, 31.23, "2020-05-17", "2020-05-17 08:30:00", "4.50", "0aff"),
    (1, "O'Hare; 南", 121.5, None, None, None, None, None),
    (2, "", 0.0, 0.0, "1999-12-31", "1999-12-31 23:59:59.5", "-1.00", "00"),
]
SHAPES = [(1, "POLYGON ((121 31, 121.1 31, 121.1 31.1, 121 31))"), (2, "POLYGON ((")]


@pytest.fixture(scope="module")
def url(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database in a folder, made with the driver itself and not with Spark."""
    folder = tmp_path_factory.mktemp("derby")
    jvm = spark.sparkContext._jvm
    jvm.java.lang.System.setProperty("derby.stream.error.file", str(folder / "derby.log"))
    jvm.java.lang.Class.forName("org.apache.derby.jdbc.EmbeddedDriver")
    url = f"jdbc:derby:{folder / 'city'}"
    connection = jvm.java.sql.DriverManager.getConnection(f"{url};create=true")
    statement = connection.createStatement()
    statement.execute(
        'CREATE TABLE stops ("id" INT, "name" VARCHAR(40), "lon" DOUBLE, "lat" DOUBLE, '
        '"opened" DATE, "seen" TIMESTAMP, "fare" DECIMAL(8,2), "mark" VARCHAR(8) FOR BIT DATA)'
    )
    for row in STOPS:
        values = ["NULL" if v is None else str(v) for v in row]
        texts = [v.replace("'", "''") for v in values]
        quoted = [f"'{t}'" if i in (1, 4, 5) and row[i] is not None else t
                  for i, t in enumerate(texts)]  # fmt: skip
        quoted[7] = "NULL" if row[7] is None else f"X'{row[7]}'"
        statement.execute(f"INSERT INTO stops VALUES ({', '.join(quoted)})")
    statement.execute('CREATE TABLE areas ("id" INT, "shape" VARCHAR(200))')
    for number, wkt in SHAPES:
        statement.execute(f"INSERT INTO areas VALUES ({number}, '{wkt}')")
    yield url
    connection.close()


def declared(url: str, **keys: object) -> Declaration:
    database = {"url": url} | (keys.pop("database", None) or {"table": "stops"})
    given = {
        "dataset": "places",
        "department": "planning",
        "title": "Places",
        "kind": "points",
        "position": {"lon": "lon", "lat": "lat"},
        "key": ["id"],
        "source": {"format": "jdbc", "database": database},
    }
    return Declaration.model_validate(given | keys)


def test_every_value_comes_as_text(spark, url):
    rows = read_jdbc(spark, declared(url).source).collect()
    found = {row["id"]: tuple(row) for row in rows}
    assert found == {
        "3": ("3", "人民广场", "121.47", "31.23", "2020-05-17", "2020-05-17 08:30:00",
              "4.50", "0aff"),
        "1": ("1", "O'Hare; 南", "121.5", None, None, None, None, None),
        "2": ("2", "", "0.0", "0.0", "1999-12-31", "1999-12-31 23:59:59.5", "-1.00", "00"),
    }  # fmt: skip


def test_rows_are_numbered_by_key_or_declared_order_and_know_their_table(spark, url):
    source, raw = open_database(spark, declared(url))
    assert raw.columns == source.schema.names
    rows = sorted(raw.collect(), key=lambda row: row["_row"])
    assert [(row["_row"], row["id"]) for row in rows] == [(1, "1"), (2, "2"), (3, "3")]
    assert {row["_file"] for row in rows} == {f"{url}#stops"}
    assert [row["_fault"] for row in rows] == [None] * 3
    by_name = {"query": 'SELECT * FROM stops WHERE "id" > 1', "order": ["name"]}
    _, raw = open_database(spark, declared(url, database=by_name))
    found = {row["_row"]: row["name"] for row in raw.collect()}
    assert found == {1: "", 2: "人民广场"}


def test_few_rows_and_many_come_in_alike(spark, url, city, tmp_path, monkeypatch):
    contents = []
    for most in (10, 0):  # rows that are judged in this process; the others by Spark's tasks
        monkeypatch.setattr(database, "SMALL_ROWS", most)
        storage = Storage(str(tmp_path / f"container{most}"))
        declaration = declared(url)
        run = ingest_dataset(
            lambda: spark, declaration, city=city, sources=tmp_path, storage=storage
        ).run
        path = storage.dataset(declaration.department, declaration.dataset)
        rows = DeltaTable(path).to_pandas().drop(columns="run_id").sort_values("id")
        contents.append((run.rows_in, run.rows_out, run.reasons, rows.to_dict("records")))
    assert contents[0] == contents[1]
    assert contents[0][:2] == (3, 1)  # one without a latitude, one at 0, 0


def test_a_split_read_has_the_same_rows(spark, url):
    split = {"column": '"id"', "low": "1", "high": "3", "parts": 2}
    rows = read_jdbc(spark, declared(url, database={"table": "stops", "split": split}).source)
    assert rows.rdd.getNumPartitions() == 2
    assert sorted(row["id"] for row in rows.collect()) == ["1", "2", "3"]


def test_shapes_are_read_and_bad_ones_are_faults(spark, url):
    position = {"geometry": "shape", "geometry_format": "wkt"}
    declaration = declared(url, kind="polygons", position=position, database={"table": "areas"})
    _, raw = open_database(spark, declaration)
    first, second = sorted(raw.collect(), key=lambda row: row["_row"])
    assert shapely.from_wkb(bytes(first["_geometry"])).equals(shapely.from_wkt(SHAPES[0][1]))
    assert second["_fault"].startswith("shape cannot be read: ")


def test_the_fingerprint_changes_with_the_rows_and_with_nothing_else(spark, url):
    def fingerprint(**database: str) -> str:
        return database_fingerprint(spark, declared(url, database=database).source)

    all_rows = fingerprint(table="stops")
    assert all_rows == fingerprint(query='SELECT * FROM stops ORDER BY "name"')
    assert all_rows != fingerprint(query='SELECT * FROM stops WHERE "id" > 1')
    twice = fingerprint(query="SELECT * FROM stops UNION ALL SELECT * FROM stops")
    assert all_rows != twice
    version = 'SELECT max("opened") AS v FROM stops'
    assert "2020" in fingerprint(table="stops", version=version)


FAULTY = {
    "no such table": ({"table": "stations"}, r"STATIONS.* are url, table"),
    "bad SQL": ({"query": "SELEC 1"}, "cannot be read: .*are url, table or query"),
    "no such driver": ({"table": "stops", "driver": "com.none.Driver"}, r"into spark\.jars"),
    "unset variable": ({"table": "stops", "user_variable": "NOT_SET_HERE"}, "NOT_SET_HERE; set it"),
    "no such order": ({"table": "stops", "order": ["nr"]}, r"no column nr in .*database.order"),
}


@pytest.mark.parametrize(("database", "said"), FAULTY.values(), ids=FAULTY)
def test_a_mistake_is_told_in_one_line(spark, url, database, said):
    with pytest.raises(SourceError, match=said) as caught:
        open_database(spark, declared(url, database=database))
    assert "\n" not in str(caught.value)


def test_no_such_database_and_no_driver_for_the_url(spark, url, tmp_path):
    with pytest.raises(SourceError, match="does the database run"):
        read_jdbc(spark, declared(f"jdbc:derby:{tmp_path / 'none'}").source)
    with pytest.raises(SourceError, match=r"spark\.jars"):
        read_jdbc(spark, declared("jdbc:nothing://here/city").source)


def test_the_secret_comes_from_the_environment_only(spark, url, monkeypatch):
    monkeypatch.setenv("CITY_USER", "APP")  # Derby's schema of the table is its owner's name
    monkeypatch.setenv("CITY_SECRET", "s3cret")
    variables = {"user_variable": "CITY_USER", "password_variable": "CITY_SECRET"}
    source = declared(url, database={"table": "stops"} | variables).source
    assert read_jdbc(spark, source).count() == 3
    monkeypatch.setenv("CITY_USER", "reader")
    with pytest.raises(SourceError, match=r"Schema 'READER'.*user and password right") as caught:
        read_jdbc(spark, source)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ({"url": "jdbc:postgresql://h/d?password=x", "table": "t"}, "name environment variables"),
        ({"url": "jdbc:mysql://me:x@h/d", "table": "t"}, "name environment variables"),
        ({"url": "postgresql://h/d", "table": "t"}, "begins with jdbc:"),
        ({"url": "jdbc:x:y"}, "table or query"),
        ({"url": "jdbc:x:y", "table": "t", "query": "q"}, "table or query"),
        ({"url": "jdbc:x:y", "table": "t", "password_variable": "s3 cret!"}, "not the secret"),
    ],
)
def test_faulty_databases_are_refused(database, said):
    with pytest.raises(ValidationError, match=said):
        Source.model_validate({"format": "jdbc", "database": database})


def test_path_and_database_exclude_each_other_and_rows_need_an_order(tmp_path: Path):
    for source in ({"format": "csv"}, {"format": "jdbc"}, {"format": "jdbc", "path": "a.csv"}):
        with pytest.raises(ValidationError, match=r"every format but jdbc|what jdbc needs"):
            Source.model_validate(source)
    with pytest.raises(ValidationError, match="need to be numbered"):
        declared("jdbc:x:y", key=[])
