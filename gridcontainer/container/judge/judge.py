"""Raw rows to judged rows: position, cell, time, key, and one reason or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute

from gridcontainer.container.declaration import CityProfile, Declaration
from gridcontainer.container.judge.arrow import to_bools
from gridcontainer.container.judge.columns import JUDGED, has_value
from gridcontainer.container.judge.condition import holds
from gridcontainer.container.judge.coordinates import PositionReader
from gridcontainer.container.judge.keys import key_texts, object_ids
from gridcontainer.container.judge.reasons import (
    BROKEN,
    NO_KEY,
    TOTAL,
    Reasons,
    give_position_reasons,
)
from gridcontainer.container.judge.time import TimeReader, Times
from gridcontainer.container.sources.records import FAULT
from gridcontainer.grid.cell import lonlat_to_cell
from gridcontainer.grid.levels import INVALID_CELL

_ARROW: Final[Any] = pyarrow.compute  # it has no types


def level_of(declaration: Declaration, city: CityProfile) -> int | None:
    """The level at which rows are coded; None for a table without position."""
    if declaration.position is None:
        return None
    return declaration.level or city.levels[declaration.kind]


@dataclass(frozen=True)
class Judge:
    """Judges the records of one dataset; it can be sent to another process.

    Attributes:
        declaration: declaration of the dataset, over stored names.
        city: the city's profile.
        level: level of the cells; None for a table without position.
        positions: reader of positions; None for a table without position.
        times: reader of times; None for a dataset without time.
    """

    declaration: Declaration
    city: CityProfile
    level: int | None
    positions: PositionReader | None
    times: TimeReader | None

    @classmethod
    def create(
        cls, declaration: Declaration, city: CityProfile, names: Mapping[str, str], datum: str
    ) -> Self:
        """Prepare all that is the same for each record.

        Args:
            declaration: declaration of the dataset, over the source's names.
            city: the city's profile.
            names: stored name of each source column.
            datum: datum or CRS of the source's coordinates.
        """
        declared = declaration.with_columns(names)
        position, time = declared.position, declared.time
        missing = tuple(declared.missing)
        return cls(
            declared,
            city,
            level_of(declared, city),
            PositionReader(
                position,
                missing,
                datum,
                accept_ballpark=declared.accept_ballpark,
                extent=city.extent.bounds,
            )
            if position
            else None,
            TimeReader.create(time, time.zone or city.time_zone, missing) if time else None,
        )

    def read_times(self, raw: pa.RecordBatch, *, in_order: bool = False) -> Times | None:
        """The times of records.

        Args:
            raw: n raw rows under their stored names.
            in_order: the rows are all of one file in their order: it may tell which of two instants
                a local time is that the clock showed twice.

        Returns:
            n times; None for a dataset without time.
        """
        declared = self.declaration.time
        if self.times is None or declared is None:
            return None
        return self.times.read([raw.column(name) for name in declared.columns], in_order=in_order)

    def judge(self, raw: pa.RecordBatch, times: Times | None = None) -> pa.RecordBatch:
        """Judge records.

        The reasons are asked in the order of the constants of ``reasons``, so a record has exactly
        one. Whether a key is repeated no batch can know alone: ``repeated`` tells it.

        Args:
            raw: n raw rows under their stored names.
            times: their times where ``read_times`` read them already; else they are read here,
                each row for itself.

        Returns:
            The n rows with the columns of ``JUDGED``; ``_key`` is the ``object_id`` of sound rows,
            null without a declared key.
        """
        reasons = Reasons(raw.num_rows)
        reasons.give(BROKEN, has_value(raw.column(FAULT)))
        if self.declaration.totals is not None:
            reasons.give(
                TOTAL,
                to_bools(
                    holds(self.declaration.totals, raw, place=f"{self.declaration.dataset}: totals")
                ),
            )
        added = dict(self._place(raw, reasons))
        if times is None:
            times = self.read_times(raw)
        if times is not None:
            reasons.give_each(times.reason)
            added |= {"_time": times.event_time}
            added["_detail"] = _first(added.get("_detail"), times.detail)
        added["_key"] = self._identify(raw, reasons)
        added["_reason"] = reasons.to_arrow()
        added["_detail"] = _first(raw.column(FAULT), added.get("_detail"))
        return _with_columns(raw, added)

    def _place(self, raw: pa.RecordBatch, reasons: Reasons) -> Mapping[str, pa.Array]:
        """Position, cell and detail, and the reasons that are about them."""
        if self.positions is None or self.level is None:
            return {}
        found = self.positions.read(raw)
        cells = lonlat_to_cell(found.lon, found.lat, self.level, on_invalid="mark")
        has_cell = np.asarray(cells != INVALID_CELL)
        give_position_reasons(
            reasons,
            missing=np.asarray(found.is_missing, bool),
            read=(found.lon_read, found.lat_read),
            placed=(found.lon, found.lat),
            has_cell=has_cell,
            extent=self.city.extent,
            keeps_outside=self.declaration.outside_city == "keep",
        )
        return {
            "_lon": pa.array(found.lon, pa.float64()),
            "_lat": pa.array(found.lat, pa.float64()),
            "_cell": pa.array(cells, pa.int64(), mask=~has_cell),
            "_detail": found.detail,
        }

    def _identify(self, raw: pa.RecordBatch, reasons: Reasons) -> pa.Array:
        """The ``object_id`` of each sound row, and the reasons that are about keys."""
        if not self.declaration.key:
            return pa.nulls(raw.num_rows, pa.string())
        declared = self.declaration
        texts = [
            key_texts(raw.column(name), steps=declared.key_normalisation, missing=declared.missing)
            for name in declared.key
        ]
        for text in texts:
            reasons.give(NO_KEY, ~has_value(text))
        sound = reasons.is_sound
        if sound.all():
            return object_ids(declared.dataset, texts)
        where = pa.array(np.flatnonzero(sound))
        ids = object_ids(declared.dataset, [text.take(where) for text in texts])
        places = np.cumsum(sound) - 1
        return ids.take(pa.array(places, pa.int64(), mask=~sound))


def _first(*columns: pa.Array | None) -> pa.Array:
    """The first of several texts that is there."""
    there = [column for column in columns if column is not None]
    useful = [column for column in there if column.null_count < len(column)]
    if not useful:
        return there[0]
    return useful[0] if len(useful) == 1 else _ARROW.coalesce(*useful)


def _with_columns(raw: pa.RecordBatch, added: Mapping[str, pa.Array]) -> pa.RecordBatch:
    arrays = [
        added[field.name] if field.name in added else pa.nulls(raw.num_rows, field.type)
        for field in JUDGED
    ]
    schema = pa.schema([*raw.schema, *JUDGED])
    return pa.RecordBatch.from_arrays([*raw.columns, *arrays], schema=schema)
