"""Bad files and rows by the thousand: no crash, no lost row, a reason for each.

``scripts/fuzz.py`` holds the mutations and the promises, and runs any number of them; each bug that
it found is a case of its own here.
"""

import csv
import importlib.util
import io
import json
import math
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, example, given, settings, strategies as st

from gridcontainer.container.declaration import Declaration, load_city
from gridcontainer.container.inference import References, infer_declaration
from gridcontainer.container.sources import read_batches, source_columns
from gridcontainer.container.storage import Storage
from gridcontainer.errors import SourceError

ROOT = Path(__file__).parents[2]
CITY = load_city(ROOT / "conf/city/shanghai.yaml")
CASES = 2_000


def _load_fuzz() -> Any:
    """The script as a module; ``scripts`` is no package."""
    spec = importlib.util.spec_from_file_location("fuzz", ROOT / "scripts/fuzz.py")
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


fuzz = _load_fuzz()


def test_mutated_files_keep_the_promises(tmp_path):
    real = ROOT.parent / "shared/data"  # only the made-up city's files where it is not there
    outcome = fuzz.run(CASES, 7, tmp_path, real)
    assert [f"{name} {number}: {said}" for name, number, said, _ in outcome.broken] == []
    assert outcome.counts.total() == CASES
    assert min(outcome.counts[kind] for kind in ("refused", "faults", "sound")) > CASES / 20


def declaration_of(name: str, kind: str, **source: object) -> Declaration:
    shape = kind in ("geojson", "vector")
    position = {"geometry": "geometry"} if shape else {"lon": "lon", "lat": "lat"}
    given = {"dataset": "places", "department": "planning", "title": "", "kind": "points"}
    return Declaration.model_validate(
        given | {"source": {"path": name, "format": kind} | source, "position": position}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bytes")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200)
    | st.binary(max_size=60).map(lambda tail: b"lon,lat\n1,2\n" + tail)
    | st.binary(max_size=60).map(lambda tail: b'{"type": "FeatureCollection", "features": [' + tail)
    | st.text('[]{},:"01 lonat\n', max_size=80).map(str.encode),
    kind=st.sampled_from(["csv", "json", "jsonlines", "geojson", "parquet", "excel", "vector"]),
)
def test_any_bytes_keep_the_promises(folder, content, kind):
    path = folder / "places.bin"
    path.write_bytes(content)
    fuzz.examine(path, declaration_of(path.name, kind))
    fuzz.examine_inference(path, CITY)


OWN = ("_file", "_row", "_fault", "_text", "_repair")
MEMBERS = st.sampled_from(["a", "a.b", "b", "lon", "lat", "geometry"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(VALUES, min_size=1, max_size=5))
@example(records=[{"a": {"b": 1}, "a.b": 2}])
@example(records=["\ud800", {"lon": "\udfff", "\ud800": 1}])
@example(records=[10**5000])
def test_any_json_value_is_a_record_or_a_fault_and_no_text_is_lost(folder, records):
    path = folder / "places.json"
    sys.set_int_max_str_digits(10_000)  # to write the example; the reader has Python's own limit
    text = json.dumps([{"lon": 1, "lat": 2}, *records])
    sys.set_int_max_str_digits(4_300)
    path.write_text(text, encoding="utf-8")
    declaration = declaration_of(path.name, "json")
    columns = source_columns([path], declaration)
    rows = [r for b in read_batches(path, "p", columns, declaration) for r in b.to_pylist()]
    assert [row["_row"] for row in rows] == list(range(1, len(records) + 2))
    for record, row in zip(records, rows[1:], strict=True):
        assert (row["_fault"] is not None) == (not isinstance(record, dict))
        if isinstance(record, dict):
            given_leaves = Counter(leaves(record))
            kept = Counter(v for k, v in row.items() if k not in OWN and v is not None)
            assert given_leaves == kept


def leaves(record: dict) -> list[str]:
    """The texts of all plain values and lists in a record."""
    found: list[str] = []
    for value in record.values():
        if isinstance(value, dict) and value:
            found += leaves(value)
        elif value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found.append(text.encode("utf-8", "backslashreplace").decode())
    return found


# Bugs that were found so

FOUND = {  # bytes, format, what is said: of the file, or of its row
    "half of a UTF-16 pair": (b'[{"lon": "\\ud800", "lat": 1}]', "json", None),
    "a number of 5,000 digits": (b'[{"lon": 1, "lat": ' + b"9" * 5000 + b"}]", "json", None),
    "deep nesting": (b"[" * 100_000, "json", "nested too deeply"),
    "deep nesting in a line": (b'{"lon": 1, "lat": 2}\n' + b"[" * 100_000, "jsonlines", None),
    "deep nesting in a feature": (b'{"features": ' + b"[" * 100_000, "geojson", "nested too deep"),
    "a quote never closed": (b'lon,lat\n1,"2\n3,4\n5,6\n', "csv", "a quote is not closed"),
    "a broken character in a faulty row": (b"lon,lat\n1,2\n\xe6,2,3\n", "csv", None),
    "names of several lines": (b'a,"b\nc"\n1,2\n', "csv", "there are a, b c. Is"),
    "thrift": (b"PAR1" + b"\x0f" * 40 + b"\x20\0\0\0PAR1", "parquet", "Is it whole"),
    "a workbook without parts": (b"PK\x05\x06" + b"\0" * 18, "excel", "is no Excel workbook"),
    "FlatGeobuf cut short": (b"fgb\x03fgb\x00" + b"\0" * 20, "vector", "as a vector file"),
}


@pytest.mark.parametrize(("content", "kind", "said"), FOUND.values(), ids=FOUND)
def test_what_fuzzing_found_stays_mended(tmp_path, content, kind, said):
    path = tmp_path / "places.bin"
    path.write_bytes(content)
    outcome = fuzz.examine(path, declaration_of(path.name, kind))
    assert (outcome == "refused") == (said is not None)
    if said is not None:
        with pytest.raises(SourceError, match=said):
            list(read_batches(path, "p", source_columns([path], declaration_of("p", kind)),
                              declaration_of("p", kind)))  # fmt: skip
    fuzz.examine_inference(path, CITY)


@pytest.mark.parametrize("text", ["[[[1, 2], [3]]]", '[[["a", 1]]]', "[[[1]]]", "[[[[1, 2], 3]]]"])
def test_ragged_rings_do_not_stop_the_inference(tmp_path, text):
    path = tmp_path / "places.json"
    path.write_text(json.dumps([{"name": "a", "rings": text}] * 3))
    infer_declaration(path, city=CITY, references=References())


def test_broken_metadata_of_pandas_does_not_stop_the_inference(tmp_path):
    path = tmp_path / "places.parquet"
    pd.DataFrame({"id": [1, 2], "lon": [121.5, 121.6], "lat": [31.2, 31.3]}).to_parquet(path)
    path.write_bytes(path.read_bytes().replace(b'"pandas_version"', b'"\xd3andas_version"'))
    draft = infer_declaration(path, city=CITY, references=References())
    assert draft.content["position"] == {"lon": "lon", "lat": "lat"}


# Ten thousand dirty rows through an ingest, against a judge that does not know our code

FIELDS = {
    "lon": ["121.47", "121.5", " 121.6 ", "116.4", "31.2", "0", "", "-", "—", "NaN", "inf", "1e400",
            "812", "351000.5", "约121", "1,5", "+1.215e2", "-121.5", "NULL", "180", "-181"],
    "lat": ["31.23", "31.2", "31.4", "39.9", "121.5", "0", "", "--", "None", "nan", "-inf", "455",
            "3456000.5", "31°", "0x1F", "90", "-91", "31.", ".5", "1d"],
    "day": ["2020-01-01", "2020-02-29", "2021-02-29", "", "  ", "昨天", "2020-13-01"],
}  # fmt: skip
MISSING = {"", "-", "—", "--", "null", "NULL", "None"}


def judged(rows: list[list[str]]) -> list[str | None]:
    """The reason of each row, in plain Python."""
    kept: dict[str, list[str]] = {}
    reasons: list[str | None] = []
    for row in rows:
        reason = reason_of(row)
        if reason is None and row[0] in kept:
            reason = "repeated row" if kept[row[0]] == row else "repeated key"
        elif reason is None:
            kept[row[0]] = row
        reasons.append(reason)
    return reasons


def reason_of(row: list[str]) -> str | None:  # noqa: PLR0911 - one reason after the other
    if len(row) != 4:
        return "broken row"
    key, lon, lat, day = (cell.strip(" ") for cell in row)
    if lon in MISSING or lat in MISSING:
        return "missing position"
    x, y = number(lon), number(lat)
    if x is None or y is None:
        return "position is not a number"
    if x == y == 0.0:
        return "zero position"
    if not inside(x, y):
        if inside(y, x):
            return "longitude and latitude swapped"
        return "not degrees" if abs(x) > 180 or abs(y) > 90 else "outside the city"
    if not day:
        return "missing time"
    if day not in ("2020-01-01", "2020-02-29"):
        return "time cannot be read"
    return None if key else "missing key"


def number(text: str) -> float | None:
    """Degrees as a number, with or without a sign of degrees: ``31°`` and, as PROJ writes, 31d."""
    if text[-1] in "°d":
        text = text[:-1]
    if set(text) - set("0123456789+-.eE"):
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def inside(x: float, y: float) -> bool:
    e = CITY.extent
    return e.west <= x <= e.east and e.south <= y <= e.north


def dirty_rows(count: int) -> list[list[str]]:
    chance = random.Random(11)
    good = {"lon": "121.47", "lat": "31.23", "day": "2020-01-01"}
    rows: list[list[str]] = []
    for number_ in range(count):
        key = chance.choice([str(number_), str(number_), str(chance.randrange(count)), "", " "])
        cells = {f: chance.choice(FIELDS[f]) if chance.random() < 0.4 else good[f] for f in good}
        row = [key, *cells.values()]
        if chance.random() < 0.05:
            row = row[: chance.randrange(1, 4)] if chance.random() < 0.5 else [*row, "more"]
        if rows and chance.random() < 0.05:
            row = list(chance.choice(rows))  # the same again
        rows.append(row if any(row) else ["x", *row[1:]])
    return rows


def test_ten_thousand_dirty_rows_each_have_the_reason_that_plain_python_finds(
    tmp_path, declare, ingest
):
    rows = dirty_rows(12_000)
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["id", "lon", "lat", "day"], *rows])
    (tmp_path / "places.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    time = {"columns": ["day"], "format": "yyyy-MM-dd"}
    run = ingest(declare(kind="events", key=["id"], time=time)).run
    expected = judged(rows)
    assert run.rows_in == len(rows) == run.rows_out + run.rows_quarantined
    assert len(set(expected)) == 13  # sound, and all reasons but those of totals and cells
    storage = Storage(str(tmp_path / "container"))
    aside = DeltaTable(storage.quarantine).to_pyarrow_table(columns=["source_row", "reason"])
    kept = DeltaTable(storage.dataset("planning", "places")).to_pyarrow_table(
        columns=["source_row"]
    )
    found = dict(zip(*(aside.column(c).to_pylist() for c in ("source_row", "reason")), strict=True))
    found |= dict.fromkeys(kept.column("source_row").to_pylist())
    assert len(aside) + len(kept) == len(rows)
    wrong = {n: (rows[n - 1], found[n], e) for n, e in enumerate(expected, 1) if found[n] != e}
    assert wrong == {}
