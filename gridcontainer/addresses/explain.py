"""Why a row is where it is: what its text says, and all that was considered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyspark.sql import DataFrame, functions as F

from gridcontainer.addresses.address import Address
from gridcontainer.addresses.book import Records
from gridcontainer.addresses.knowledge import (
    City,
    Knowledge,
    build_knowledge,
    read_areas,
    read_located,
)
from gridcontainer.addresses.locate import choose_records, locate_rows, read_records, read_texts
from gridcontainer.addresses.parse import parse_address
from gridcontainer.addresses.place import find_candidates
from gridcontainer.errors import AddressError

_PLACE: Final = ("method", "lon", "lat", "uncertainty_metres", "weight", "evidence", "reason")


@dataclass(frozen=True)
class Explanation:
    """A row's placement and how it came about.

    Attributes:
        text: of the row.
        parts: what the text says.
        areas: in which the place must be, the finest first.
        placement: method, position, uncertainty, weight, evidence; or the reason for none.
        candidates: all places by text that were considered, the least uncertain first.
    """

    text: str | None
    parts: Address
    areas: list[str]
    placement: dict[str, Any]
    candidates: list[dict[str, Any]]


def explain_row(city: City, dataset: str, key: Sequence[str]) -> Explanation:
    """Explain where a row is.

    Args:
        city: the container and its declarations.
        dataset: among the records of the address book.
        key: values of the row's business key, in its order; or its object_id alone.

    Raises:
        AddressError: the book does not have the data set, or it has no such row.
        DatasetError: the container does not hold it.
    """
    (records,) = choose_records(city, [dataset])
    row = _find(city, records, key)
    knowledge = _knowledge(city)
    texts = read_texts(row, knowledge)
    found = find_candidates(
        texts, gazetteer=knowledge.gazetteer, areas=knowledge.areas, book=city.book
    )
    placed = (
        locate_rows(city, records, row, texts, knowledge)
        .select("text", "areas", *_PLACE)
        .collect()[0]
    )
    candidates = found.orderBy("ambiguous", "uncertainty_metres", "rank").collect()
    return Explanation(
        text=placed["text"],
        parts=parse_address(placed["text"] or ""),
        areas=list(placed["areas"]),
        placement={name: placed[name] for name in _PLACE if placed[name] is not None},
        candidates=[candidate.asDict() for candidate in candidates],
    )


def _knowledge(city: City) -> Knowledge:
    areas = read_areas(city)
    return build_knowledge(read_located(city, areas), areas)


def _find(city: City, records: Records, key: Sequence[str]) -> DataFrame:
    rows = read_records(city, records)
    names = city.declarations[records.dataset].key
    wanted = F.col("object_id") == key[0] if len(key) == 1 else F.lit(False)
    if len(key) == len(names):
        both = city.names(records.dataset)
        stored = (both.require_of_source(name, records.dataset) for name in names)
        columns = (F.col(f"`{name}`").cast("string") for name in stored)
        equal = [column == value for column, value in zip(columns, key, strict=True)]
        of_key = equal[0]
        for condition in equal[1:]:
            of_key = of_key & condition
        wanted = wanted | of_key
    found = rows.where(wanted).limit(1)
    if found.isEmpty():
        raise AddressError(
            f"{records.dataset} has no row of key {', '.join(key)}; its key is {', '.join(names)}"
        )
    return found
