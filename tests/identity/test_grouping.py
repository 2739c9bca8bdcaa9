"""Which records are one object: against a plain greedy search, and whatever the order of rows."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, strategies as st
from scipy.cluster.hierarchy import DisjointSet

from gridcontainer.identity.grouping import UNKNOWN, group_records

START = datetime(2026, 1, 1, tzinfo=UTC)
LINK_SCHEMA = pa.schema(
    {
        "record_left": pa.string(), "record_right": pa.string(), "link": pa.string(),
        "probability": pa.float64(), "weight": pa.float64(), "many": pa.list_(pa.string()),
    }
)  # fmt: skip
RECORD_SCHEMA = pa.schema(
    {
        "record_id": pa.string(), "dataset": pa.string(), "object_class": pa.string(),
        "is_there": pa.bool_(), "issued": pa.timestamp("us", tz="UTC"),
    }
)  # fmt: skip
IDS = [f"r{i}" for i in range(9)]
PAIRS = st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda p: p[0] < p[1])


@st.composite
def cases(draw):
    records = [
        {
            "record_id": name,
            "dataset": draw(st.sampled_from("abc")),
            "object_class": draw(st.sampled_from(["x", "x", "x", "y"])),
            "is_there": draw(st.booleans()) or draw(st.booleans()),
            "issued": START + timedelta(days=draw(st.integers(0, 3))),
        }
        for name in IDS
    ]
    links = [
        {
            "record_left": pair[0], "record_right": pair[1], "link": link,
            "probability": draw(st.sampled_from([0.5, 0.9, 0.99, None])), "weight": 1.0,
            "many": draw(st.sampled_from([[], [], ["a"], ["*"]])),
        }
        for pair, link in draw(
            st.lists(st.tuples(PAIRS, st.sampled_from(["names", "manual"])), unique=True,
                     max_size=14)
        )
    ]  # fmt: skip
    vetoes = draw(st.lists(PAIRS, unique=True, max_size=3))
    return records, links, vetoes


def group(records, links, vetoes):
    foes = [{"record_left": a, "record_right": b} for a, b in vetoes]
    return group_records(
        pa.Table.from_pylist(records, RECORD_SCHEMA),
        pa.Table.from_pylist(links, LINK_SCHEMA),
        pa.Table.from_pylist(foes, LINK_SCHEMA.remove(5).remove(4).remove(3).remove(2)),
    )


def greedy(records, links, vetoes) -> tuple[DisjointSet, set[int]]:
    """Take the links one by one, and look at the whole component that each would make."""
    by_id = {record["record_id"]: record for record in records}
    sets, refused = DisjointSet(IDS), set()

    def strength(i):
        link = links[i]
        probability = -1 if link["probability"] is None else link["probability"]
        ends = (link["record_left"], link["record_right"], link["link"])
        return (link["link"] != "manual", -probability, ends)

    for i in sorted(range(len(links)), key=strength):
        a, b = links[i]["record_left"], links[i]["record_right"]
        if sets.connected(a, b):
            continue
        left, right = sets.subset(a), sets.subset(b)
        both = left | right
        classes = {by_id[r]["object_class"] for r in both}
        shared = set.intersection(
            *({by_id[r]["dataset"] for r in side if by_id[r]["is_there"]} for side in (left, right))
        )
        allowed = "*" in links[i]["many"] or shared <= set(links[i]["many"])
        apart = any(x in both and y in both for x, y in vetoes)
        if len(classes) > 1 or not allowed or apart:
            refused.add(i)
        else:
            sets.merge(a, b)
    return sets, refused


@given(cases(), st.randoms())
def test_components_are_those_of_a_plain_greedy_search_in_any_order(case, shuffled: random.Random):
    records, links, vetoes = case
    sets, refused = greedy(records, links, vetoes)
    order = list(range(len(links)))
    shuffled.shuffle(order)
    mixed = records.copy()
    shuffled.shuffle(mixed)
    found = group(mixed, [links[i] for i in order], vetoes)
    said = {i for i, why in zip(order, found.refused.to_pylist(), strict=True) if why}
    assert said == refused
    issued = {record["record_id"]: (record["issued"], record["record_id"]) for record in records}
    there = {record["record_id"] for record in records if record["is_there"]}
    members = {row["record_id"]: row for row in found.members.to_pylist()}
    assert set(members) == {r for r in IDS if len(sets.subset(r)) > 1}
    for name, row in members.items():
        together = sets.subset(name)
        assert row["first"] == min(together, key=issued.get)
        assert row["is_live"] == bool(together & there)


def test_a_link_of_a_record_without_object_is_not_applied():
    links = [dict(zip(LINK_SCHEMA.names, ("r0", "zz", "names", 0.9, 1.0, []), strict=True))]
    record = dict(zip(RECORD_SCHEMA.names, ("r0", "a", "x", True, START), strict=True))
    found = group([record], links, [])
    assert found.refused.to_pylist() == [UNKNOWN]
    assert found.members.num_rows == 0


def test_the_strongest_link_of_each_record_is_told():
    rows = [("r0", "r1", 0.9), ("r1", "r2", 0.99), ("r0", "r2", 0.5)]
    links = [
        {
            "record_left": a,
            "record_right": b,
            "link": "l",
            "probability": p,
            "weight": p,
            "many": [],
        }
        for a, b, p in rows
    ]
    records = [
        {"record_id": f"r{i}", "dataset": "abc"[i], "object_class": "x", "is_there": True,
         "issued": START}
        for i in range(3)
    ]  # fmt: skip
    found = group(records, links, []).members.to_pylist()
    assert {row["record_id"]: row["probability"] for row in found} == {
        "r0": 0.9, "r1": 0.99, "r2": 0.99,
    }  # fmt: skip


def test_a_hundred_thousand_links_make_the_components_that_scipy_finds():
    rng = np.random.default_rng(3)
    count = 100_000
    ends = np.sort(rng.integers(0, 2 * count, (2, count)), axis=0)
    ends = ends[:, ends[0] != ends[1]]
    names = np.char.add("r", np.arange(2 * count).astype(str))
    records = pa.table(
        {
            "record_id": names,
            "dataset": names,  # no two records of one data set: nothing is refused
            "object_class": pa.array(["x"] * len(names)),
            "is_there": pa.array([True] * len(names)),
            "issued": pa.array([START] * len(names), RECORD_SCHEMA.field("issued").type),
        }
    )
    links = pa.table(
        {
            "record_left": names[ends[0]], "record_right": names[ends[1]],
            "link": pa.array(["l"] * ends.shape[1]), "probability": rng.random(ends.shape[1]),
            "weight": rng.random(ends.shape[1]),
            "many": pa.array([[]] * ends.shape[1], pa.list_(pa.string())),
        }
    )  # fmt: skip
    found = group_records(records, links, links.slice(0, 0))
    assert found.refused.null_count == ends.shape[1]
    sets = DisjointSet(range(2 * count))
    for a, b in ends.T.tolist():
        sets.merge(a, b)
    expected = {name: f"r{min(sets.subset(i), key=str)}" for i, name in enumerate(names[:500])}
    got = dict(zip(*(found.members.column(c).to_pylist() for c in ("record_id", "first")),
                   strict=True))  # fmt: skip
    assert {name: got.get(name, name) for name in expected} == expected
