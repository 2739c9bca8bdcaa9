"""Delta tables: schemas, layout, commits, changes."""
