"""Rows that could not go in as they came, and why."""
