"""Rows of a data set in the shape in which they are compared."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any, Final

import pandas as pd
from pyspark.sql import DataFrame, functions as F

from gridcontainer.container.query.record_numbers import PLAIN, Writing
from gridcontainer.linkage.declaration import (
    LatinComparison,
    Link,
    LinkSource,
    NameComparison,
    PlacesComparison,
)
from gridcontainer.linkage.fields import number_text
from gridcontainer.linkage.names import NameParts, NameRules, latin_key, split_name
from gridcontainer.spark.columns import grid_parent
from gridcontainer.spark.ellipsoid import earth_centred

BLOCK_LEVEL: Final = 4  # 1' x 1': pairs that lie in one such cell train the model
METRES_APART: Final = "sqrt(power(x_l - x_r, 2) + power(y_l - y_r, 2) + power(z_l - z_r, 2))"
_PLACE: Final = ("lon", "lat", "cell")
_PARTS: Final = (
    "full string, core string, ending string, sound string, marks array<string>, "
    "mark_kinds array<string>, grams array<string>, addresses array<string>, "
    "places array<string>, is_address boolean, latin string"
)


def linkage_records(
    rows: DataFrame,
    source: LinkSource,
    link: Link,
    *,
    numbers: Collection[str] = (),
    writing: Writing = PLAIN,
) -> DataFrame:
    """The rows of one source, ready to be compared with those of another.

    Args:
        rows: that are valid now, with ``object_id``, ``lon``, ``lat`` (degrees, WGS 84), ``cell``.
        source: which columns are compared.
        link: how.
        numbers: fields that are compared as numbers; see ``fields.number_fields``.
        writing: how the dataset writes its numbers.

    Returns:
        A row for each: ``record_id``, ``lon``, ``lat``, ``cell``; the parts of its name (see
        ``NameParts``) and its ``latin`` key; ``x``, ``y``, ``z``: metres from the earth's centre;
        ``block``: a coarse cell; and a column for each field. What a row does not say is null.
    """
    address = F.col(f"`{source.address}`") if source.address else F.lit(None)
    fields = {
        name: number_text(rows, column, writing)
        if name in numbers
        else F.col(f"`{column}`").cast("string")
        for name, column in source.fields.items()
    }
    picked = rows.select(
        F.col("object_id").alias("record_id"),
        F.trim(F.col(f"`{source.name}`").cast("string")).alias("name"),
        address.cast("string").alias("address"),
        *_PLACE,
        *(text.alias(name) for name, text in fields.items()),
    )
    x, y, z = earth_centred(F.col("lon"), F.col("lat"))
    compares_latin = any(isinstance(c, LatinComparison) for c in link.compare)
    return split_names(picked, name_rules(link), latin=compares_latin).withColumns(
        {"x": x, "y": y, "z": z, "block": grid_parent("cell", BLOCK_LEVEL)}
    )


def split_names(rows: DataFrame, rules: NameRules, *, latin: bool) -> DataFrame:
    """Rows with ``name`` and ``address``, which the parts of their names replace.

    Args:
        rows: with these two columns and any others.
        rules: of the names.
        latin: make the ``latin`` key too, which costs nearly as much as all else; null without.
    """
    kept = [field for field in rows.schema.fields if field.name not in ("name", "address")]
    schema = ", ".join(f"`{field.name}` {field.dataType.simpleString()}" for field in kept)

    def split(batches: Iterable[pd.DataFrame]) -> Iterable[pd.DataFrame]:
        for batch in batches:
            columns = _parts_of(batch.pop("name"), batch.pop("address"), rules, latin=latin)
            yield batch.assign(**columns)

    return rows.mapInPandas(split, f"{schema}, {_PARTS}")


def _parts_of(
    names: Iterable[str | None],
    addresses: Iterable[str | None],
    rules: NameRules,
    *,
    latin: bool,
) -> dict[str, Any]:
    """The columns of ``_PARTS``, by name."""
    names = list(names)
    parts = [split_name(name, rules) if name else None for name in names]
    placed = [split_name(text, rules) if text else None for text in addresses]
    columns: dict[str, Any] = {
        field.name: [None if part is None else getattr(part, field.name) for part in parts]
        for field in fields(NameParts)
    }
    columns["addresses"] = [_addresses(*both) for both in zip(parts, placed, strict=True)]
    columns["latin"] = [latin_key(name) if latin and name else None for name in names]
    return columns


def name_rules(link: Link) -> NameRules:
    """What the linkage declares of names."""
    for comparison in link.compare:
        if isinstance(comparison, NameComparison):
            words = (comparison.generic, comparison.endings, comparison.types)
            return NameRules(*map(tuple, words))
        if isinstance(comparison, PlacesComparison):
            return NameRules(generic=tuple(comparison.generic))
    return NameRules()


def _addresses(name: NameParts | None, address: NameParts | None) -> list[str]:
    """Roads and numbers in either text."""
    return [text for part in (name, address) if part is not None for text in part.addresses]
