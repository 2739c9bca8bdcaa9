"""A distributed grid big-data container on Spark."""

__version__ = "0.1.0"
