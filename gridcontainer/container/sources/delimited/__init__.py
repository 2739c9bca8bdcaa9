"""CSV and its kin in any encoding: read in blocks, split in ranges, nothing lost."""

from gridcontainer.container.sources.delimited.head import DelimitedHead, read_delimited_head
from gridcontainer.container.sources.delimited.read import read_delimited

__all__ = ["DelimitedHead", "read_delimited", "read_delimited_head"]
