"""Columns under two names: told once, kept in the table, understood everywhere."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from click.testing import Result
from command import run
from deltalake import DeltaTable
from hypothesis import given, strategies as st

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.column_names import (
    COLUMNS_PROPERTY,
    OWN_COLUMNS,
    renamed_columns,
    say_renamed,
    stored_names,
    to_property,
)
from gridcontainer.container.declaration import CityProfile, Declaration, load_city
from gridcontainer.container.declaration.expression import Expression
from gridcontainer.container.declaration.rules import MendingRule
from gridcontainer.container.ingest import release_rows
from gridcontainer.container.ingest.dataset import Ingested, ingest_dataset
from gridcontainer.container.query.confidential import hidden_columns
from gridcontainer.container.query.open_table import column_names_of, open_tables
from gridcontainer.container.sensitivity import find_sensitivity
from gridcontainer.container.storage import Storage
from gridcontainer.errors import ColumnError, IdentityError, SourceError
from gridcontainer.identity.confidential import find_hidden
from gridcontainer.identity.references import read_reference

CITY = Path(__file__).parents[2] / "conf/city/shanghai.yaml"
SOURCE = ["shop id", "lon", "lat", "ZIP CODE", "a", "A"]
STORED = ["shop_id", "source_lon", "source_lat", "ZIP_CODE", "a", "A_2"]


def names_of(columns: list[str], *more: str) -> ColumnNames:
    """Names as a table of these source columns has them."""
    stored = stored_names(columns)
    return ColumnNames.of(
        [*more, *stored.values()], {COLUMNS_PROPERTY: to_property(renamed_columns(stored))}
    )


NAMES = names_of(SOURCE, "cell", "lon", "lat")


@pytest.mark.parametrize("kind", ["as the source has it", "as it is stored"])
def test_either_name_finds_the_column(kind):
    names = SOURCE if kind == "as the source has it" else STORED
    found = [NAMES.find(name) for name in names]
    own = {"lon", "lat"}  # the container's own columns in what is asked of a table
    assert found == [
        name if name in own else stored for name, stored in zip(names, STORED, strict=True)
    ]
    assert [NAMES.find_of_source(name) for name in names] == [[stored] for stored in STORED]


def test_an_unknown_name_gives_near_ones_in_both_spellings():
    with pytest.raises(ColumnError, match=r"shops has no column zipcode; near names are ZIP_CODE "
                       r"\('ZIP CODE' in the source\)"):  # fmt: skip
        NAMES.resolve("zipcode", "shops")
    with pytest.raises(ColumnError, match="it has cell, lon, lat, shop_id"):
        NAMES.resolve("qqqq", "shops")


def test_a_name_that_means_two_columns_is_refused():
    names = names_of(["a b", "a_b"])
    assert names.renamed == {"a b": "a_b", "a_b": "a_b_2"}
    for ask in (
        names.find,
        lambda name: names.rename(Expression(name)),
        lambda name: names.rename(Expression(f"length({name}) > 1")),
    ):
        with pytest.raises(ColumnError, match="'a_b' means two columns"):
            ask("a_b")
    assert (names.find("a b"), names.find("a_b_2")) == ("a_b", "a_b_2")
    unchanged = Expression("a_b_2 > 'a_b'")
    assert names.rename(unchanged) == unchanged
    assert names.find_of_source("a_b") == ["a_b_2"]  # a declaration speaks of the source


def test_expressions_are_over_either_name():
    said = "`ZIP CODE` = '`ZIP CODE`' AND ZIP_CODE > 1 AND A < a AND lon > 1"
    stored = "`ZIP_CODE` = '`ZIP CODE`' AND ZIP_CODE > 1 AND `A_2` < a AND lon > 1"
    assert NAMES.rename(Expression(said)) == Expression(stored)
    of_source = names_of(["lon"])  # the container has no own one
    assert of_source.rename(Expression("lon > 1")) == Expression("`source_lon` > 1")


def test_a_table_that_does_not_say_its_renames_is_guessed():
    old = ColumnNames.of(["lon", "source_lon", "ZIP_CODE", "a", "A_2"], {})
    assert old.find_of_source("ZIP CODE") == ["ZIP_CODE"] == [old.find("ZIP CODE")]
    assert old.find_of_source("lon") == ["source_lon"]
    assert old.find_of_source("A") == ["A_2"]


def test_the_sentence_is_bounded():
    assert say_renamed("shops", {"ZIP CODE": "ZIP_CODE"}) == (
        "shops: column 'ZIP CODE' is stored as ZIP_CODE; either name may be used"
    )
    many = say_renamed("shops", {f"a {i}": f"a_{i}" for i in range(1000)})
    assert "'a 4' as a_4, and 995 more" in many
    assert len(say_renamed("shops", {"a " * 1000: "a_" * 1000})) < 250


LETTERS = st.text(st.sampled_from("aAb_ 2`"), max_size=4)


@given(st.lists(LETTERS | st.sampled_from(["lon", "cell"]), unique=True, max_size=8))
def test_both_names_lead_to_one_column(columns):
    stored = stored_names(columns)
    names = names_of(columns)
    for column in columns:
        assert names.find_of_source(column) == [stored[column]]
        for name in (column, stored[column]):
            try:
                assert names.find(name) in stored.values()
            except ColumnError:
                assert {name} & {*columns} & {*stored.values()}
                assert stored[name] != name
    back = {name: column for column, name in stored.items()}
    for name in stored.values():
        if name not in columns:  # else the source's own column is meant
            keyed = declared(key=[name])
            assert keyed.over_source(stored).key == [back[name]]


@dataclass
class Shops:
    """A container with one dataset, filled without Spark."""

    folder: Path
    city: CityProfile

    @property
    def storage(self) -> Storage:
        return Storage(str(self.folder / "container"))

    def ingest(self, declaration: Declaration) -> Ingested:
        def no_session() -> Any:
            raise AssertionError("a small source needs no Spark")

        return ingest_dataset(
            no_session, declaration, city=self.city, sources=self.folder, storage=self.storage
        )

    def properties(self) -> dict[str, str]:
        return dict(DeltaTable(self.storage.dataset("trade", "shops")).metadata().configuration)


def declared(**keys: Any) -> Declaration:
    """A declaration of points over the source's names."""
    said = {
        "dataset": "shops", "department": "trade", "title": "Shops", "kind": "points",
        "source": {"path": "shops.csv", "format": "csv"}, "datum": "WGS84",
        "position": {"lon": "lon", "lat": "lat"},
    }  # fmt: skip
    return Declaration.model_validate(said | keys)


@pytest.fixture
def shops(tmp_path) -> Shops:
    rows = [
        "shop id,lon,lat,ZIP CODE,a,A",
        "1,121.47,31.23,200001,x,X",
        "2,121.48,31.24,200002,y,Y",
    ]
    (tmp_path / "shops.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return Shops(tmp_path, load_city(CITY))


def test_an_ingest_tells_renames_once_and_keeps_them(shops):
    first = shops.ingest(declared())
    assert first.notes == (
        "shops: columns are stored under other names: 'shop id' as shop_id, 'lon' as source_lon, "
        "'lat' as source_lat, 'ZIP CODE' as ZIP_CODE, 'A' as A_2; either name may be used",
    )
    assert json.loads(shops.properties()[COLUMNS_PROPERTY]) == {
        source: stored for source, stored in zip(SOURCE, STORED, strict=True) if source != stored
    }
    assert shops.ingest(declared()).notes == ()
    source = shops.folder / "shops.csv"
    source.write_text(source.read_text().replace("200002", "200003"))
    assert shops.ingest(declared()).notes == ()
    source.write_text(source.read_text().replace(",A\n", ",b c\n"))
    assert shops.ingest(declared(most_removed=1)).notes[0] == (
        "shops: column 'b c' is stored as b_c; either name may be used"
    )


def test_a_declaration_may_use_stored_names(shops):
    """The same table, whatever names the declaration uses."""
    over = {
        "key": (["shop id"], ["shop_id"]),
        "position": ({"lon": "lon", "lat": "lat"}, {"lon": "source_lon", "lat": "source_lat"}),
        "label": ("ZIP CODE", "ZIP_CODE"),
        "units": ({"ZIP CODE": "1"}, {"ZIP_CODE": "1"}),
        "sensitivity": ({"lon": "confidential"}, {"source_lon": "confidential"}),
    }
    tables, hidden = [], []
    for which in (0, 1):
        declaration = declared(**{key: both[which] for key, both in over.items()})
        shops.ingest(declaration)
        (table,) = open_tables(shops.storage, ["shops"])
        rows = DeltaTable(table.path).to_pyarrow_table().drop_columns(["run_id"])
        tables.append((table.properties, rows.sort_by("source_row")))
        hidden.append(hidden_columns(table, declaration))
    assert tables[0] == tables[1]
    assert tables[0][0]["gridcontainer.key"] == "shop_id"
    # What tells a confidential position is hidden by either name.
    assert hidden[0] == hidden[1]
    assert {"source_lon", "cell", "lon"} <= set(hidden[0])


def test_sensitivity_follows_renames_exactly():
    kinds = find_sensitivity(NAMES, declared(sensitivity={"A": "confidential"}))
    assert (kinds["A_2"], kinds["a"]) == ("confidential", "public")
    kinds = find_sensitivity(NAMES, declared(sensitivity={"ZIP_CODE": "confidential"}))
    assert kinds["ZIP_CODE"] == "confidential"


def test_a_shape_s_crs_is_found_by_the_stored_name(tmp_path):
    """A declaration over stored names must not lose the CRS that GeoParquet says."""
    shape = shapely.to_wkb(shapely.LineString([(601_000, 3_456_000), (601_500, 3_456_100)]))
    geo = {
        "version": "1.1.0", "primary_column": "the geom",
        "columns": {"the geom": {"encoding": "WKB", "geometry_types": ["LineString"],
                                 "crs": pyproj.CRS("EPSG:4549").to_json_dict()}},
    }  # fmt: skip
    table = pa.table({"the geom": pa.array([shape], pa.binary())})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "s.parquet")
    shops, found = Shops(tmp_path, load_city(CITY)), []
    for name in ("the geom", "the_geom"):
        declaration = declared(
            source={"path": "s.parquet", "format": "parquet"}, datum=None,
            position={"geometry": name, "geometry_format": "wkb"}, outside_city="keep",
            kind="lines",
        )  # fmt: skip
        shops.ingest(declaration)
        rows = DeltaTable(shops.storage.dataset("trade", "shops")).to_pyarrow_table()
        found.append(rows.select(["lon", "lat", "geometry"]).to_pylist())
    assert found[0] == found[1]
    assert 100 < found[0][0]["lon"] < 140


def test_a_column_that_is_neither_is_told(shops):
    with pytest.raises(SourceError, match=r"no column zip in shops\.csv"):
        shops.ingest(declared(label="zip"))


def test_names_that_stay_are_known_too(shops):
    shops.ingest(declared())
    names = column_names_of(shops.storage, "shops")
    assert set(OWN_COLUMNS) & set(names.stored)
    assert names.resolve("a", "shops") == "a"


def test_a_name_that_a_header_has_twice_is_told(shops):
    (shops.folder / "shops.csv").write_text("lon,lat,n,n\n121.47,31.23,1,2\n")
    assert shops.ingest(declared()).notes[0] == (
        "shops: several columns are called 'n'; the later ones are numbered: _2, _3"
    )
    assert column_names_of(shops.storage, "shops").find("n_2") == "n_2"


def test_a_key_is_read_by_either_name(shops):
    shops.ingest(declared(key=["shop id", "ZIP CODE"]))
    asked = [
        'shops:{"shop id": "1", "ZIP CODE": "200001"}',
        'shops:{"shop_id": "1", "ZIP CODE": "200001"}', 'shops:["1", "200001"]',
    ]  # fmt: skip
    assert len({read_reference(shops.storage, text) for text in asked}) == 1
    with pytest.raises(IdentityError, match="is no key of shops"):
        read_reference(shops.storage, 'shops:{"shop id": "1", "shop_id": "1"}')


@pytest.mark.parametrize(("key", "name"), [("shop id", "shop_id"), ("shop_id", "shop id")])
def test_a_confidential_key_is_hidden_by_either_name(shops, key, name):
    declaration = declared(key=[key], sensitivity={name: "confidential"})
    shops.ingest(declaration)
    assert find_hidden(shops.storage, [declaration]).columns["shops"] == {"business_key"}


@pytest.mark.parametrize("column", ["ZIP CODE", "ZIP_CODE"])
def test_quarantined_rows_are_repaired_by_either_name(shops, column):
    """``try`` and ``release`` read rows that bear the source's names."""
    source = shops.folder / "shops.csv"
    source.write_text(source.read_text() + "3,31.25,121.49,200009,z,Z\n")
    told = declared(key=["shop_id"])
    shops.ingest(told)
    swap = {"lon": "lat", "source_lat": "lon", column: f"concat('x', `{column}`)"}
    rule = {"reason": "longitude and latitude swapped", "set": swap}
    repaired = told.model_copy(update={"mend": [MendingRule.model_validate(rule)]})
    assert release_rows(repaired, city=shops.city, storage=shops.storage).released == 1
    rows = DeltaTable(shops.storage.dataset("trade", "shops")).to_pyarrow_table().to_pylist()
    (last,) = [row for row in rows if row["shop_id"] == "3"]
    names = ("lon", "lat", "source_lon", "ZIP_CODE", "a", "A_2")
    assert [last[name] for name in names] == [121.49, 31.25, "121.49", "x200009", "z", "Z"]


def run_shops(shops: Shops, *words: str) -> Result:
    conf = shops.folder / "conf"
    conf.mkdir(exist_ok=True)
    said = declared(key=["shop id"]).model_dump(exclude_unset=True)
    said["department"] = next(iter(shops.city.departments))
    (conf / "shops.yaml").write_text(json.dumps(said), encoding="utf-8")
    return run(
        *words, "--datasets", conf, "--city", CITY, "--container", shops.folder / "container"
    )


def test_the_command_says_renames(shops):
    said = run_shops(shops, "ingest", "--sources", str(shops.folder))
    assert said.exit_code == 0, said.output
    assert "'ZIP CODE' as ZIP_CODE" in " ".join(said.output.split())
    again = run_shops(shops, "ingest", "--sources", str(shops.folder))
    assert "ZIP_CODE" not in again.output
