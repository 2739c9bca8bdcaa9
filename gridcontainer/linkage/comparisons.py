"""How two records are compared, level by level, as Splink takes it.

A level's condition is SQL over the columns of ``linkage_records``, ``_l`` and ``_r``. The first
level that holds counts. Weights are learnt from the data, but for what is known before and what
unlabelled pairs cannot teach, since names and places do not err apart: a geocoder puts what it does
not know where something of a like name is, and the parts of one place are neighbours.
"""

from collections.abc import Sequence
from typing import Any, Final

from splink.comparison_library import CustomComparison
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from gridcontainer.grid.levels import get_level
from gridcontainer.linkage.declaration import (
    AddressComparison,
    Comparison,
    DistanceComparison,
    EqualComparison,
    LatinComparison,
    NameComparison,
    PlacesComparison,
    SharedLevelsComparison,
)
from gridcontainer.linkage.records import METRES_APART

Level = dict[str, Any]

# Shares of the pairs that are one object ...
OTHER_PART: Final = 0.005  # whose names say different parts of one place, by a mistake of writing
OTHER_KIND: Final = 0.001  # of which one is called a garden and the other a tower
LONGER_NAME: Final = 0.002  # of which one goes on where the other ends, as the name of a part does
ALIKE_NAME: Final = 0.002  # whose names have half of their characters in common
FAR_NAME: Final = 0.001  # whose names have two characters in common, no more
OTHER_NAME: Final = 0.02  # whose names have nothing in common: renamed, or called by an alias
LONGER_PLACE: Final = 0.05  # of which one is named for a road that is named for the other
OTHER_ADDRESS: Final = 0.05  # that have two addresses, of which each source says another
_SAME_CORE: Final = "core_l = core_r"
_CONTRADICTION: Final = (
    "size(array_intersect(mark_kinds_l, mark_kinds_r)) > size(array_intersect(marks_l, marks_r))"
)
_SHARED_GRAMS: Final = (
    "size(array_intersect(grams_l, grams_r)) / size(array_union(grams_l, grams_r))"
)
_SAME_ENDING: Final = "ending_l = ending_r"
_SAME_SOUND: Final = "sound_l = sound_r"
_PART_UNSAID: Final = (
    "(size(array_except(marks_l, marks_r)) = 0 OR size(array_except(marks_r, marks_l)) = 0)"
)
_NAMED: Final = "not is_address_l and not is_address_r"
_SAME_CHARACTERS: Final = "sort_array(split(core_l, '')) = sort_array(split(core_r, ''))"
_LATIN_DIFFERENCE: Final = (
    "levenshtein(latin_l, latin_r) / greatest(length(latin_l), length(latin_r))"
)
_FEW_NUMBERS: Final = 3  # of one entrance; more are a range of houses
_ROADS: Final = "transform({side}, address -> substring_index(address, ':', 1))"


def build_comparison(comparison: Comparison) -> CustomComparison:
    """One declared comparison as Splink's."""
    match comparison:
        case NameComparison():
            built = _compare("name", "full", _name_levels(), other=OTHER_NAME)
        case PlacesComparison():
            built = _compare("places", "places", _places_levels(), other=OTHER_NAME)
        case LatinComparison():
            built = _compare("latin_name", "latin", _latin_levels())
        case AddressComparison():
            built = _compare_addresses()
        case DistanceComparison(metres=limits):
            built = _compare("distance", "x", _distance_levels(limits))
        case SharedLevelsComparison(levels=levels):
            built = _compare("shared_levels", "cell", _shared_levels(levels))
        case EqualComparison(field=field):
            built = _compare(field, field, [_level(f"{field}_l = {field}_r", f"same {field}")])
    return built


def _compare(
    name: str, needed: str, levels: Sequence[Level], *, other: float | None = None
) -> CustomComparison:
    """A comparison of these levels, none where a side lacks ``needed``, and a last one.

    Args:
        name: of the comparison.
        needed: the column without which a side says nothing.
        levels: the first that holds counts.
        other: the share of one object's pairs for which none holds; learnt where missing.
    """
    missing = _level(f"{needed}_l IS NULL OR {needed}_r IS NULL", "not said")
    missing["is_null_level"] = True
    last = _level("ELSE", "other", share=other)
    return _custom(name, [missing, *levels, last])


def _custom(name: str, levels: Sequence[Level]) -> CustomComparison:
    given: list[ComparisonLevelCreator | Level] = [*levels]
    return CustomComparison(given, output_column_name=name)


def _level(condition: str, label: str, *, share: float | None = None) -> Level:
    """One level; ``share`` is that of one object's pairs, where it is known before."""
    level: Level = {"sql_condition": condition, "label_for_charts": label}
    if share is not None:
        level |= {"m_probability": share, "fix_m_probability": True}
    return level


def _name_levels() -> list[Level]:
    ended = (
        "least(length(core_l), length(core_r)) > 1 "
        "AND (endswith(core_l, core_r) OR endswith(core_r, core_l))"
    )
    contained = "(contains(core_l, core_r) OR contains(core_r, core_l))"
    part_unsaid = f"{_SAME_ENDING} AND {_PART_UNSAID}"
    kind_unsaid = f"{_NAMED} AND (ending_l = '' OR ending_r = '')"
    return [
        _level("full_l = full_r", "same name"),
        _level(f"{_SAME_CORE} AND {_CONTRADICTION}", "same core, other part", share=OTHER_PART),
        _level(f"{_SAME_CORE} AND {_SAME_ENDING} AND marks_l = marks_r", "same core"),
        _level(f"{_SAME_CORE} AND {_NAMED} AND {part_unsaid}", "part not said by one"),
        _level(f"{_SAME_CORE} AND {kind_unsaid} AND {_PART_UNSAID}", "kind not said by one"),
        _level(f"{_SAME_CORE} AND {_NAMED}", "same core, other kind", share=OTHER_KIND),
        _level(f"{_NAMED} AND {_CONTRADICTION}", "other core, other part", share=OTHER_PART),
        _level(f"{_NAMED} AND {_SAME_SOUND}", "core sounds the same"),
        _level(f"{_NAMED} AND {_SAME_CHARACTERS}", "same characters in another order"),
        _level(f"{_NAMED} AND {ended}", "one core ends the other"),
        _level(f"{_NAMED} AND {contained}", "one core in the other", share=LONGER_NAME),
        _level(f"{_NAMED} AND {_SHARED_GRAMS} >= 0.5", "core half alike", share=ALIKE_NAME),
        _level(f"{_NAMED} AND {_SHARED_GRAMS} > 0", "two characters alike", share=FAR_NAME),
    ]


def _places_levels() -> list[Level]:
    contained = (
        "exists(places_l, here -> exists(places_r, there -> "
        "contains(here, there) OR contains(there, here)))"
    )
    return [
        _level("places_l = places_r AND size(places_l) > 0", "same places"),
        _level("arrays_overlap(places_l, places_r)", "a place in common"),
        _level(contained, "one place in the name of the other", share=LONGER_PLACE),
    ]


def _latin_levels() -> list[Level]:
    return [
        _level("latin_l = latin_r", "same letters"),
        _level(f"{_LATIN_DIFFERENCE} <= 0.2", "a fifth of the letters differ"),
        _level(f"{_LATIN_DIFFERENCE} <= 0.5", "half of the letters differ"),
    ]


def _compare_addresses() -> CustomComparison:
    roads = [_ROADS.format(side=f"addresses_{side}") for side in "lr"]
    shared = "arrays_overlap(addresses_l, addresses_r)"
    few = f"greatest(size(addresses_l), size(addresses_r)) <= {_FEW_NUMBERS}"
    unsaid = _level("size(addresses_l) = 0 OR size(addresses_r) = 0", "not said")
    levels = [
        unsaid | {"is_null_level": True},
        _level(f"{shared} AND {few}", "same road and number"),
        _level(f"arrays_overlap({roads[0]}, {roads[1]})", "same road", share=OTHER_ADDRESS),
        _level("ELSE", "other", share=OTHER_ADDRESS),
    ]
    return _custom("address", levels)


def _distance_levels(limits: Sequence[float]) -> list[Level]:
    return [_level(f"{METRES_APART} <= {limit}", f"within {limit:g} m") for limit in limits]


def _shared_levels(levels: Sequence[int]) -> list[Level]:
    """Two cells are in one of a level if their integers are equal above its bits."""
    return [
        _level(
            f"shiftrightunsigned(cell_l, {get_level(level).shift}) = "
            f"shiftrightunsigned(cell_r, {get_level(level).shift})",
            f"one cell of level {level}",
        )
        for level in levels
    ]
