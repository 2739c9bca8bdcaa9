"""A data set as its department declares it: one YAML file in ``conf/datasets``.

The declaration says where the data lie and how they are written; everything else (cells,
partitions, quarantine) follows from it and from the city's profile.
"""

from gridcontainer.container.declaration.city import CityProfile, Extent, ReferenceSets, load_city
from gridcontainer.container.declaration.database import Database, Split
from gridcontainer.container.declaration.dataset import Declaration
from gridcontainer.container.declaration.load import load_declarations
from gridcontainer.container.declaration.source import Position, Source, Time

__all__ = [
    "CityProfile",
    "Database",
    "Declaration",
    "Extent",
    "Position",
    "ReferenceSets",
    "Source",
    "Split",
    "Time",
    "load_city",
    "load_declarations",
]
