"""The night killed with -9 again and again; ``benchmarks/kills.py`` kills as often as asked."""

import pytest

from benchmarks.kills import KINDS, kill_nights


@pytest.mark.spark
def test_after_kills_the_tables_are_those_of_nights_without(tmp_path):
    tally = kill_nights(tmp_path, 6, seed=2026, tell=lambda line: None)
    assert tally.faults == []
    assert tally.total >= 6
    assert tally.rounds >= 1


@pytest.mark.slow
@pytest.mark.spark
def test_after_thirty_kills_too(tmp_path):
    told: list[str] = []
    tally = kill_nights(tmp_path, 30, seed=2026, tell=told.append)
    assert tally.faults == []
    assert tally.total >= 30
    assert tally.rounds >= 1
    assert {kind for kind, _ in tally.kills} == set(KINDS)
    assert len({task for _, task in tally.kills}) >= 4, told  # not always the same place
