"""Reference codes and short codes: a place by its offset from another cell."""

import exact
import pytest
from hypothesis import given, strategies as st
from strategies import codes

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    code_to_children,
    code_to_neighbors,
    code_to_parent,
    code_to_ring,
    make_reference,
    resolve_reference,
    resolve_short_code,
)

BASE = "N50J475492E"
BASES = codes(st.integers(5, 10))
OFFSET = st.integers(-7, 7)
CHARACTERS = "GFEDCBA01234567"


def walked(code, east, north):
    """The cell so many steps away; ``None`` beyond 88 degrees."""
    for direction, steps in (((0, 4)[east < 0], abs(east)), ((2, 6)[north < 0], abs(north))):
        for _ in range(steps):
            code = code_to_neighbors([code])[0][direction]
            if not code:
                return None
    return str(code)


@given(base=BASES, east=OFFSET, north=OFFSET)
def test_offsets_are_steps_on_the_map_in_every_quadrant(base, east, north):
    reference = f"{base}-{CHARACTERS[east + 7]}{CHARACTERS[north + 7]}"
    target = walked(base, east, north)
    if target is None:
        with pytest.raises(CodeError, match="leads beyond 88 degrees"):
            resolve_reference(reference)
    else:
        assert resolve_reference(reference) == target
        assert resolve_reference(reference.lower()) == target
        assert make_reference(base, target) == reference
        assert make_reference(base.lower(), target.lower()) == reference


@given(base=codes(st.integers(5, 8)), data=st.data())
def test_further_groups_go_down_to_a_child_and_back(base, data):
    target = base
    for _ in range(data.draw(st.integers(1, 2))):
        target = data.draw(st.sampled_from(code_to_children(target).tolist()))
    reference = make_reference(base, target)
    assert reference.startswith(f"{base}-00-")
    assert resolve_reference(reference) == target
    assert resolve_reference(reference[:-3]) == code_to_parent(target)


def test_further_groups_count_from_the_south_west_child():
    for base in ("N50J475492E", "N11J475492E", "S50J475492E", "S11J475492E"):
        west, south, _, _ = exact.code_to_bounds(base)
        corner = exact.code_to_bounds(resolve_reference(f"{base}-00-00-00"))
        assert corner[:2] == (west, south)
        east_child = exact.code_to_bounds(resolve_reference(f"{base}-00-10"))
        assert east_child[0] > west
        assert east_child[1] == south


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("N31A0000000-AA", "S30A0000000"),  # over Greenwich and the equator
        ("N60AB01E9E0-10", "N01AB01E9E0"),  # over 180 degrees
        ("N01AB01E9E0-A0", "N60AB01E9E0"),
    ],
)
def test_references_cross_greenwich_the_equator_and_the_antimeridian(reference, target):
    assert resolve_reference(reference) == target
    assert make_reference(reference[:11], target) == reference


@given(base=BASES)
def test_a_reference_reaches_seven_cells(base):
    for target in code_to_ring(base, 7).tolist()[::9]:
        assert resolve_reference(make_reference(base, target)) == target
    with pytest.raises(CodeError, match="a reference reaches 7"):
        make_reference(base, code_to_ring(base, 8)[0])


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (BASE, "does not end with a group such as -10"),
        (f"{BASE}-1", "does not end with a group"),
        (f"{BASE}-80", "does not end with a group"),
        (f"{BASE}-H0", "does not end with a group"),
        (f"{BASE}-10 ", "does not end with a group"),
        (f"{BASE}-10\n", "does not end with a group"),
        ("N50J47539-10", "is of level 4; a base is of level 5 or finer"),
        ("N50J475492F-10", "'F' in its level-5 group"),
        (f"{BASE}-10-20", "group -20 is no child of level 6; columns are 0-1, rows 0-1"),
        (f"{BASE}-10-A0", "group -A0 is no child of level 6"),
        (f"{BASE}-00-00-00-00-00-00-00", "goes below level 10"),
        ("N31V075E9EE-01", "leads beyond 88 degrees"),
        ("S31V075E9EE-0A", "leads beyond 88 degrees"),
    ],
)
def test_a_reference_that_means_nothing_is_refused(reference, reason):
    with pytest.raises(CodeError, match=reason):
        resolve_reference(reference)


def test_bases_and_targets_that_do_not_fit_are_refused():
    with pytest.raises(CodeError, match="is of level 4; a base is of level 5 or finer"):
        make_reference("N50J47539", BASE)
    with pytest.raises(CodeError, match="is of level 4, coarser than base"):
        make_reference(BASE, "N50J47539")
    with pytest.raises(CodeError, match="target is 8 columns and 0 rows away"):
        make_reference("N50J4754900", "N50J4754980")


PLACES = {"East Gate": "N50J475493E", "East": "N50J475491E", "东门": "N50J475492E"}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("East Gate-B0", "N50J475491E"),  # of the standard: Qiushi tower as seen from the gate
        ("East-20", "N50J475493E"),
        ("东门-10", "N50J475493E"),
        ("东门-a0-01", "N50J475491E2"),
    ],
)
def test_a_short_code_has_the_name_of_a_place_for_its_base(text, target):
    assert resolve_short_code(text, PLACES) == target


def test_a_name_that_ends_like_a_group_is_taken_as_long_as_it_is_known():
    places = {"Gate": "N50J475491E", "Gate-10": "N50J475493E"}
    assert resolve_short_code("Gate-10-00", places) == "N50J475493E"
    assert resolve_short_code("Gate-10", places) == "N50J475492E"


def test_short_codes_without_a_group_or_a_known_place_are_refused():
    with pytest.raises(CodeError, match="does not end with a group"):
        resolve_short_code("East Gate", PLACES)
    with pytest.raises(CodeError, match="place 'West Gate' is not among the 3 places known"):
        resolve_short_code("West Gate-10", PLACES)
    with pytest.raises(CodeError, match="a base is of level 5 or finer"):
        resolve_short_code("sheet-10", {"sheet": "N50J"})
