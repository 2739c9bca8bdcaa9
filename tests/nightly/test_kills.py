"""The night killed with -9 thirty times; ``benchmarks/kills.py`` kills as often as asked."""

import pytest

from benchmarks.kills import KINDS, kill_nights


@pytest.mark.slow
@pytest.mark.spark
def test_after_thirty_kills_the_tables_are_those_of_nights_without(tmp_path):
    told: list[str] = []
    tally = kill_nights(tmp_path, 30, seed=2026, tell=told.append)
    assert tally.faults == []
    assert tally.total >= 30
    assert tally.rounds >= 1
    assert {kind for kind, _ in tally.kills} == set(KINDS)
    assert len({task for _, task in tally.kills}) >= 4, told  # not always the same place
