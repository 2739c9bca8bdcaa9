"""Where tables lie, and under which names the source's columns are stored."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import given, strategies as st

from gridcontainer.container.column_names import OWN_COLUMNS, stored_names
from gridcontainer.container.storage import Storage
from gridcontainer.container.tables.schemas import (
    GEOMETRY_COLUMN,
    GRID_COLUMNS,
    HISTORY_COLUMNS,
    MONTH_COLUMN,
    OBJECT_COLUMN,
    ORIGIN_COLUMNS,
    TIME_COLUMN,
)
from gridcontainer.errors import DatasetError


def test_own_columns_are_those_of_the_schema():
    fields = [OBJECT_COLUMN, *GRID_COLUMNS, TIME_COLUMN, MONTH_COLUMN, *ORIGIN_COLUMNS]
    fields += [*HISTORY_COLUMNS, GEOMETRY_COLUMN]
    assert tuple(field.name for field in fields) == OWN_COLUMNS


def test_names_stay_unless_a_table_cannot_hold_them():
    names = ["地名", "addr:city", "@id", "bdLocation.lon", "a b", "a,b", "lon", "LAT", "cell",
             "reason", "_row", "_change_type", "x", "X", "", "  ", "a`b"]  # fmt: skip
    assert list(stored_names(names).values()) == [
        "地名", "addr:city", "@id", "bdLocation.lon", "a_b", "a_b_2", "source_lon", "source_LAT",
        "source_cell", "source_reason", "source__row", "source__change_type", "x", "X_2",
        "unnamed", "unnamed_2", "a_b_3",
    ]  # fmt: skip


LETTERS = st.text(st.sampled_from("aAb_ 2`=."), max_size=4)


@given(st.lists(LETTERS | st.sampled_from(["lon", "Cell", "reason", "geometry"]), unique=True))
def test_stored_names_are_distinct_in_any_case_and_never_the_containers(columns):
    names = stored_names(columns)
    assert list(names) == columns
    lower = [name.lower() for name in names.values()]
    assert len(set(lower)) == len(lower)
    assert not {*lower} & {*OWN_COLUMNS, "reason", "_file", "_lon_text"}
    assert not any(set(name) & set(" ,;{}()\n\t=`") for name in names.values())
    assert all(names.values())


def test_data_sets_are_found_by_their_tables(tmp_path):
    for path in ("traffic/taxi", "health/cases"):
        write_deltalake(str(tmp_path / "datasets" / path), pa.table({"key": [1]}))
    # What a run leaves that is killed before the first commit of a table.
    for path in ("health/begun/_delta_log/_staged_commits", "health/junk"):
        (tmp_path / "datasets" / path).mkdir(parents=True)
    found = Storage(str(tmp_path)).find_datasets()
    assert [(department, name) for department, name, _ in found] == [
        ("health", "cases"),
        ("traffic", "taxi"),
    ]
    assert found[0][2] == Storage(str(tmp_path)).dataset("health", "cases")


def test_an_empty_container_says_how_to_fill_it(tmp_path):
    with pytest.raises(DatasetError, match="run: gridcontainer ingest"):
        Storage(str(tmp_path / "nowhere")).find_datasets()


def test_the_root_is_absolute_unless_it_is_a_uri(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Storage("var/c/").root == str(tmp_path / "var/c")
    assert Storage("hdfs://name/c/").root == "hdfs://name/c"
