"""Benchmarks: ``python -m benchmarks.NAME`` measures this package and its peer in one run."""
