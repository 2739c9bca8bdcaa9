"""Linkage: which records of different departments are one thing, with evidence."""

from gridcontainer.linkage.declaration import Link, LinkSource, load_links
from gridcontainer.linkage.run import Linked, link_all, link_datasets

__all__ = ["Link", "LinkSource", "Linked", "link_all", "link_datasets", "load_links"]
