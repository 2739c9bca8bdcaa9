"""The city by grid code: what every cell, from 4 seconds to the whole city, has of everything."""

from gridcontainer.reconstruction.declaration import Measure, Reconstruction, load_reconstruction
from gridcontainer.reconstruction.outcome import UNCHANGED, Outcome, Reconstructed
from gridcontainer.reconstruction.read import (
    Fact,
    city_levels,
    read_cell,
    read_cells,
    read_versions,
)
from gridcontainer.reconstruction.run import reconstruct

__all__ = [
    "UNCHANGED",
    "Fact",
    "Measure",
    "Outcome",
    "Reconstructed",
    "Reconstruction",
    "city_levels",
    "load_reconstruction",
    "read_cell",
    "read_cells",
    "read_versions",
    "reconstruct",
]
