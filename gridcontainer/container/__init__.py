"""Data sets, ingest, layout, query, runs and quarantine: the Delta tables of a city."""
