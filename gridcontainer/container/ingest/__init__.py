"""A dataset from its source into the container."""
