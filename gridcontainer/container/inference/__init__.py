"""A declaration drafted from a new file: how it is written, where its rows are, in which datum."""

from gridcontainer.container.inference.findings import Draft, Finding
from gridcontainer.container.inference.infer import infer_declaration
from gridcontainer.container.inference.references import (
    Areas,
    Places,
    References,
    load_references,
    normalise_name,
)

__all__ = [
    "Areas",
    "Draft",
    "Finding",
    "Places",
    "References",
    "infer_declaration",
    "load_references",
    "normalise_name",
]
