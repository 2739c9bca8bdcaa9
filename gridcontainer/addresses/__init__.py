"""Data without coordinates: rows that have an address or a key only, placed on the grid.

Reading a text (``parse``, ``normal``) and reckoning on a road (``roads``) know nothing of Spark;
``gazetteer``, ``candidates`` and ``place`` are transforms; ``locate`` runs them on a container.
"""

from gridcontainer.addresses.address import Address, format_address
from gridcontainer.addresses.book import AddressBook, load_address_book
from gridcontainer.addresses.knowledge import City
from gridcontainer.addresses.locate import Located, locate_datasets
from gridcontainer.addresses.normal import normalise
from gridcontainer.addresses.parse import parse_address
from gridcontainer.addresses.placements import read_placements

__all__ = [
    "Address",
    "AddressBook",
    "City",
    "Located",
    "format_address",
    "load_address_book",
    "locate_datasets",
    "normalise",
    "parse_address",
    "read_placements",
]
