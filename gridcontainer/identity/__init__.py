"""Identities: one object for each thing of the city, whichever department records it."""

from gridcontainer.identity.apply import apply_links
from gridcontainer.identity.issue import Issued, issue
from gridcontainer.identity.links import Replaced, replace_links
from gridcontainer.identity.state import Settled
from gridcontainer.identity.storage import IdentityStorage

__all__ = [
    "IdentityStorage",
    "Issued",
    "Replaced",
    "Settled",
    "apply_links",
    "issue",
    "replace_links",
]
