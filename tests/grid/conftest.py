"""Hypothesis for the grid tests: no deadline on a shared machine, the same examples in CI."""

import os

from hypothesis import settings

settings.register_profile("grid", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("grid")
