"""The declared graph of a night."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.errors import DeclarationError
from gridcontainer.nightly.declaration import Nightly, load_nightly
from gridcontainer.nightly.night import dated
from gridcontainer.nightly.plan import choose_steps

CONF = Path(__file__).parents[2] / "conf"


def nightly(*steps: tuple[str, list[str]]) -> Nightly:
    listed = [{"step": name, "after": after} for name, after in steps]
    return Nightly.model_validate({"city": "c", "datasets": "d", "steps": listed})


@pytest.mark.parametrize("name", ["nightly", "nightly_sample"])
def test_the_declared_nights_can_be_read_and_know_their_steps(name):
    declared = load_nightly(CONF / f"{name}.yaml")
    assert choose_steps(declared, only=(), since=None)[0] == "ingest"
    assert declared.datasets.is_dir()
    assert declared.links.is_dir()
    load_city(declared.city)


@given(st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=8), st.permutations(range(8)))
def test_every_step_comes_after_those_it_waits_for(waits, places):
    """Step n may wait for steps below n; they are written in any order."""
    steps = [(f"s{n}", sorted(f"s{m}" for m in waited if m < n)) for n, waited in enumerate(waits)]
    written = [steps[place] for place in places if place < len(steps)]
    declared = nightly(*written)
    order = declared.order()
    assert sorted(order) == sorted(name for name, _ in steps)
    for name, after in steps:
        assert all(order.index(earlier) < order.index(name) for earlier in after)
    reached = {"s0"}
    for name, after in steps:  # in order of n, so that all before it are known
        if reached & set(after):
            reached.add(name)
    assert declared.since("s0") == [name for name in order if name in reached]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("steps: [{step: ingest, after: [link]}, {step: link, after: [ingest]}]", "wait for each"),
        ("steps: [{step: ingest}, {step: ingest}]", "name a step twice"),
        ("steps: [{step: link, after: [ingest]}]", "link comes after ingest, which is no step"),
        ("steps: [{step: ingest}]\nretention: {hours: 100}", "retention.hours: Input should be g"),
        (
            "steps: [{step: ingest}]\nretention: {readers: [{reader: maps, hours: 200}]}",
            "168 are fewer than maps reads for (200)",
        ),
    ],
)
def test_mistakes_are_told_with_the_file(tmp_path, change, said):
    path = tmp_path / "night.yaml"
    path.write_text(f"city: c.yaml\ndatasets: d\n{change}\n")
    with pytest.raises(DeclarationError) as error:
        load_nightly(path)
    assert str(error.value).startswith(f"{path}: ")
    assert said in str(error.value)


def test_steps_are_chosen_by_name_and_from_one_on():
    declared = load_nightly(CONF / "nightly.yaml")
    assert choose_steps(declared, only=["relate", "link"], since=None) == ["link", "relate"]
    assert choose_steps(declared, only=(), since="link") == [
        "link",
        "relate",
        "reconstruct",
        "retention",
    ]
    for wrong in ({"only": ["lnik"], "since": None}, {"only": (), "since": "lnik"}):
        with pytest.raises(DeclarationError, match="no step lnik; it has ingest"):
            choose_steps(declared, **wrong)
    with pytest.raises(DeclarationError, match="no step is called dance; there are ingest"):
        choose_steps(nightly(("dance", [])), only=(), since=None)


def test_the_date_stands_for_itself_in_the_path_of_a_source():
    declared = load_declarations(CONF / "sample", load_city(CONF / "city/shanghai.yaml"))
    one = declared[0]
    source = one.source.model_copy(update={"path": "air/{date}/{date}.csv"})
    named = dated(one.model_copy(update={"source": source}), date(2026, 2, 28))
    assert named.source.path == "air/2026-02-28/2026-02-28.csv"
    assert dated(one, date(2026, 2, 28)) == one
