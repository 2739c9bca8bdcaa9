"""Expressions as Spark compiles them, as on a cluster."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def all_compiled(compiled: None) -> None:
    """Every module of this folder."""
