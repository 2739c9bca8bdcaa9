"""Links taken back and decided on by people: the former state is restored, contradictions told."""

from pathlib import Path

import pytest
from small_city import City, record

from gridcontainer.errors import IdentityError
from gridcontainer.identity import (
    decide,
    explain,
    history,
    resolve_one,
    undo_link,
    undo_link_between,
    undo_run,
)
from gridcontainer.identity.decide import find_contradictions
from gridcontainer.identity.manual import Decision

RED, GREEN = ("homes:red", "flats:red", 0.99), ("homes:green", "flats:green", 0.9)
HOUSE = ("flats:red", "houses:red", 0.8)


def test_undoing_restores_the_former_state_and_can_be_undone(city: City):
    issued = city.state()
    city.link(RED)
    first = city.state()
    city.link(GREEN, HOUSE, (RED[0], RED[1], 0.95))
    second = city.state()
    assert first != second
    undone = undo_run(city.spark, city.storage, "run-2")
    assert (undone.closed, undone.opened) == (3, 1)
    assert city.state() == first
    undo_run(city.spark, city.storage, undone.run_id)
    assert city.state() == second
    undo_link(city.spark, city.storage, "names")
    assert city.state() == issued
    with pytest.raises(IdentityError, match="there are no links names"):
        undo_link(city.spark, city.storage, "names")
    with pytest.raises(IdentityError, match="no link is as run run-9 left it"):
        undo_run(city.spark, city.storage, "run-9")


def test_a_link_that_was_taken_back_is_not_made_again_by_the_linkage(city: City):
    said = {"who": "Li", "why": "two gates"}
    city.link(RED, HOUSE)
    linked = city.state()
    undone = undo_link_between(city.spark, city.storage, "homes:red", "flats:red", **said)
    assert city.groups() == {frozenset({"flats:red", "houses:red"})}
    _, settled = city.link(RED, HOUSE)
    assert settled.by_reason() == {}
    told = explain(city.storage, "homes:red", "flats:red")
    assert not told.same
    assert {step.effect for step in told.steps} == {"keeps them apart", "refused"}
    veto = next(step.link for step in told.steps if step.effect == "keeps them apart")
    assert (veto["evidence"][0]["comparison"], veto["evidence"][0]["level"]) == ("Li", "two gates")
    with pytest.raises(IdentityError, match="kept apart already"):
        undo_link_between(city.spark, city.storage, "homes:red", "flats:red", **said)
    undo_run(city.spark, city.storage, undone.run_id)
    assert city.state() == linked
    with pytest.raises(IdentityError, match="no link makes homes:blue and flats:grey one object"):
        undo_link_between(city.spark, city.storage, "homes:blue", "flats:grey", **said)


def test_what_people_decide_goes_before_what_a_linkage_finds(city: City, tmp_path: Path):
    city.link(RED, GREEN)
    file = tmp_path / "decisions.csv"
    file.write_text(
        "left,right,decision,who,why\n"
        "homes:red,flats:red,different,Li,other street\n"
        'homes:red,"flats:{""name"": ""grey""}",same,Li,seen\n'
        f"{record('homes:blue')},houses:blue,same,Wu,phone\n"
    )
    done = decide(city.spark, city.storage, file)
    assert (done.decisions, done.changed) == (3, 3)
    assert city.groups() == {
        frozenset({"homes:green", "flats:green"}),
        frozenset({"homes:red", "flats:grey"}),
        frozenset({"homes:blue", "houses:blue"}),
    }
    # A person may know better, but not otherwise in the same breath, nor than before.
    file.write_text(
        "left,right,decision,who,why\n"
        "homes:red,houses:red,same,Wu,map\n"
        "houses:red,flats:red,same,Wu,map\n"
    )
    with pytest.raises(IdentityError) as error:
        decide(city.spark, city.storage, file)
    assert "the earlier decision of Li on" in str(error.value)
    assert "says different, but by row 1 and row 2 they are the same" in str(error.value)

    told = explain(city.storage, "houses:blue", "homes:blue")
    assert told.same
    (step,) = told.steps
    assert step.link["evidence"][0]["comparison"] == "Wu"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("homes:red,homes:red,same,Li,x", "row 1: left and right are one record"),
        ("homes:red,flats:red,perhaps,Li,x", "row 1: decision 'perhaps' is not same or different"),
        ("homes:red,flats:red,same,,", "row 1: no who and no why"),
        ("homes:red,shops:red,same,Li,x", "row 1: community and shop are never the same"),
        ("homes:red,flats:none,same,Li,x", "row 1: unknown record"),
        ("homes:red,nowhere:x,same,Li,x", "row 1: no data set nowhere"),
        ("homes,flats:red,same,Li,x", "row 1: 'homes' names no record"),
    ],
)
def test_a_faulty_decision_is_told_with_its_row(city: City, tmp_path: Path, row: str, said: str):
    file = tmp_path / "decisions.csv"
    file.write_text(f"left,right,decision,who,why\n{row}\n")
    with pytest.raises(IdentityError) as error:
        decide(city.spark, city.storage, file)
    assert said in str(error.value)


def decision(row: int, left: str, right: str, same: bool) -> Decision:
    return Decision(left, right, same, "Li", "x", row)


def test_contradictions_name_their_rows():
    chain = [decision(1, "a", "c", True), decision(2, "c", "b", True)]
    assert find_contradictions([*chain, decision(3, "d", "e", False)]) == []
    assert find_contradictions([*chain, decision(3, "b", "a", False)]) == [
        "row 3 says different, but by row 1 and row 2 they are the same"
    ]
    both = [decision(1, "a", "b", True), decision(2, "b", "a", False)]
    assert find_contradictions(both) == ["row 2 says different, but by row 1 they are the same"]


def test_explain_leads_over_other_records_and_history_tells_all(city: City):
    city.link(RED, HOUSE, ("homes:blue", "flats:grey", 0.4, "match"))
    told = explain(city.storage, "homes:red", "houses:red")
    assert told.same
    assert [step.link["probability"] for step in told.steps] == [0.99, 0.8]
    assert told.steps[0].link["evidence"] == [
        {"comparison": "name", "level": "exact", "weight": 9.9}
    ]
    (weak,) = explain(city.storage, "homes:blue", "flats:grey").steps
    assert weak.effect == "goes with it, as another object"
    assert explain(city.storage, "homes:blue", "houses:blue").steps == []
    with pytest.raises(IdentityError, match="homes:none: unknown key"):
        explain(city.storage, "homes:none", "homes:red")

    merged = resolve_one(city.storage, "houses:red")
    assert {key["dataset"] for key in merged.keys} == {"homes", "flats", "houses"}
    events = history(city.storage, "houses:red")
    if merged.object["record_id"] == record("houses:red"):
        expected = ["issued", "key gained"]
    else:
        expected = ["issued", "key gained", "key lost", "key gained", "merged"]
    own = [e for e in events if e.row.get("record_id") == record("houses:red")]
    assert [event.what for event in own if event.what != "corrected"] == expected
    assert own[0].time < own[-1].time or len(own) == 2
