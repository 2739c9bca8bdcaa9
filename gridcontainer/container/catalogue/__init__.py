"""What the container holds, described for people."""

from gridcontainer.container.catalogue.catalogue import (
    Entry,
    build_catalogue,
    renew_catalogue,
    write_catalogue,
)
from gridcontainer.container.catalogue.schema import CATALOGUE_SCHEMA

__all__ = ["CATALOGUE_SCHEMA", "Entry", "build_catalogue", "renew_catalogue", "write_catalogue"]
