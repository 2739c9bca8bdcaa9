"""Names of things as departments write them, in parts that can be compared. No Spark."""

from gridcontainer.linkage.names.fold import fold
from gridcontainer.linkage.names.latin import latin_key
from gridcontainer.linkage.names.parts import NameParts, NameRules, split_name

__all__ = ["NameParts", "NameRules", "fold", "latin_key", "split_name"]
