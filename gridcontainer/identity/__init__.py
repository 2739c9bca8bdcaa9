"""Identities: one object for each thing of the city, whichever departments have records of it."""

from gridcontainer.identity.apply import apply_links
from gridcontainer.identity.decide import Decided, decide
from gridcontainer.identity.explain import Explanation, Step, explain
from gridcontainer.identity.history import Event, history
from gridcontainer.identity.issue import Issued, issue
from gridcontainer.identity.links import Replaced, replace_links
from gridcontainer.identity.lookup import Resolved, resolve_one
from gridcontainer.identity.mappings import PlaceMapping, load_mappings
from gridcontainer.identity.relate import Related, relate
from gridcontainer.identity.resolve import resolve
from gridcontainer.identity.state import Settled
from gridcontainer.identity.storage import IdentityStorage
from gridcontainer.identity.undo import Undone, undo_link, undo_link_between, undo_run

__all__ = [
    "Decided",
    "Event",
    "Explanation",
    "IdentityStorage",
    "Issued",
    "PlaceMapping",
    "Related",
    "Replaced",
    "Resolved",
    "Settled",
    "Step",
    "Undone",
    "apply_links",
    "decide",
    "explain",
    "history",
    "issue",
    "load_mappings",
    "relate",
    "replace_links",
    "resolve",
    "resolve_one",
    "undo_link",
    "undo_link_between",
    "undo_run",
]
