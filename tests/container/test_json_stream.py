"""JSON and GeoJSON read as streams: the same rows as from the whole value, in bounded memory."""

import json
import tracemalloc

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from gridcontainer.container.declaration import Source
from gridcontainer.container.sources import json_reader
from gridcontainer.container.sources.geojson import read_geojson
from gridcontainer.container.sources.json_records import read_json
from gridcontainer.container.sources.json_stream import JsonFacts, stream_geojson, stream_json
from gridcontainer.container.sources.records import RawRow
from gridcontainer.errors import SourceError

NAMES = st.sampled_from(["a", "b", "a.b", "data", "data_2", "stops", "name", "街"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
PLAIN |= st.just("\ud800")
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(NAMES, inner), max_size=4),
    max_leaves=12,
)
PATHS = st.sampled_from([None, "[]", "{key}", "data[]", "data.stops[]", "data[].stops[]",
                         "[].[]", "{key}.stops[]", "data.{key}", "[].stops[].{x}"])  # fmt: skip


def as_json(value: object) -> str:
    """JSON whose objects are written as lists of pairs, so that a name may come twice."""
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) for item in value):
            members = (f"{json.dumps(name)}: {as_json(inner)}" for name, inner in value)
            return "{" + ", ".join(members) + "}"
        return "[" + ",\n ".join(map(as_json, value)) + "]"
    return json.dumps(value)


def whole(path, source) -> list[RawRow] | str:
    try:
        return list(read_json(path, source))
    except SourceError as error:
        return str(error)


def streamed(path, source) -> list[RawRow] | str:
    known = JsonFacts()
    try:
        for _ in range(2):
            found = JsonFacts()
            rows = list(stream_json(path, source, known, found))
            if not found.is_late:
                return rows
            known = found
    except SourceError as error:
        return str(error)
    raise AssertionError("late twice")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("json")


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, records=PATHS, chunk=st.sampled_from([1, 7, 1 << 20]))
@example(value=[("data", [[("b", 1)], [("b", 2)]]), ("name", "later")], records="data[]", chunk=7)
@example(value=[("a", [("b", 1)]), ("a", [("b", 2)])], records="{key}", chunk=7)
def test_a_stream_gives_the_rows_of_the_whole(folder, value, records, chunk):
    path = folder / "places.json"
    path.write_text(as_json(value), encoding="utf-8")
    source = Source(path="p", format="json", records=records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reader, "_CHUNK", chunk)
        found = streamed(path, source)
    want = whole(path, source)
    if isinstance(want, str) or isinstance(found, str):
        assert found == want
    else:
        assert repr(found) == repr(want)  # NaN is not NaN


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text('[]{},:"0123456789.eE+-tfn \n\\u', max_size=40)
    | VALUES.map(as_json).flatmap(lambda t: st.integers(0, len(t)).map(lambda cut: t[:cut])),
    chunk=st.sampled_from([1, 7, 1 << 20]),
)
def test_what_is_no_json_is_told_at_the_same_place(folder, text, chunk):
    path = folder / "broken.json"
    path.write_text(text, encoding="utf-8")
    source = Source(path="p", format="json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_reader, "_CHUNK", chunk)
        found = streamed(path, source)
    want = whole(path, source)
    if isinstance(want, str):
        assert isinstance(found, str)
        assert found.split(": ")[0] == want.split(": ")[0]  # the line and column
    else:
        assert repr(found) == repr(want)


@pytest.mark.parametrize("after", [True, False])
def test_features_and_the_crs_that_the_collection_names(tmp_path, after):
    path = tmp_path / "places.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}
    features = [{"type": "Feature", "id": n, "properties": {"n": n}, "geometry": None}
                for n in range(5)]  # fmt: skip
    features += [7, {"properties": [1]}]
    value = {"type": "FeatureCollection", "features": features} | {"crs": crs}
    value = value if after else dict(reversed(value.items()))
    path.write_text(json.dumps(value))
    source, found = Source(path="p", format="geojson"), JsonFacts()
    assert list(stream_geojson(path, source, found)) == list(read_geojson(path, source))
    assert found.crs == "urn:ogc:def:crs:EPSG::4549"


def test_one_bad_byte_is_a_fault_of_its_record(tmp_path):
    path = tmp_path / "places.json"
    rows = [b'{"id": %d, "name": "\xe5\x8d\x97"}' % number for number in range(40)]
    rows[7] = b'{"id": 7, "name": "\xff\xc4\xcf"}'
    path.write_bytes(b"[" + b",\n".join(rows) + b"]")
    found = streamed(path, Source(path="p", format="json"))
    faults = [row for row in found if row.fault]
    assert [(row.number, row.fault) for row in faults] == [(8, "bytes that are not utf-8")]
    assert faults[0].text == r'{"id": 7, "name": "\xff\xc4\xcf"}'
    assert found[8].values == {"id": "8", "name": "南"}
    path.write_bytes('[{"name": "上海"}]'.encode("gbk"))
    assert "is not utf-8: invalid continuation byte at byte 11. Set source.encoding" in streamed(
        path, Source(path="p", format="json")
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_characters_on_the_edge_of_a_chunk(tmp_path, monkeypatch, encoding):
    path = tmp_path / "places.json"
    path.write_bytes('[{"名": "上海"}, {"名": "𠀀"}]'.encode(encoding))
    for chunk in range(1, 9):
        monkeypatch.setattr(json_reader, "_CHUNK", chunk)
        rows = streamed(path, Source(path="p", format="json", encoding=encoding))
        assert [row.values for row in rows] == [{"名": "上海"}, {"名": "𠀀"}]


def test_memory_stays_bounded(tmp_path):
    path = tmp_path / "places.json"
    record = json.dumps({"id": 1, "name": "x" * 1000})
    path.write_text('{"data": [' + ",".join([record] * 20_000) + "]}")  # 20 MB
    tracemalloc.start()
    count = sum(1 for _ in stream_json(path, Source(path="p", format="json", records="data[]"),
                                       JsonFacts(), JsonFacts()))  # fmt: skip
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 12 << 20
