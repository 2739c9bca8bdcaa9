"""Indicators may name a column as its source does, or as its table stores it."""

import pytest

from gridcontainer.container.column_lookup import ColumnNames
from gridcontainer.container.declaration.numbers import NumberFormat
from gridcontainer.container.query.record_numbers import Writing
from gridcontainer.errors import ColumnError
from gridcontainer.panel.columns import over_stored, say_stored
from gridcontainer.panel.declaration import Indicator

SALES = ColumnNames(
    ("cell", "lon", "source_lon", "Sale_Price", "a", "A_2", "town_code"),
    {"lon": "source_lon", "Sale Price": "Sale_Price", "A": "A_2", "town code": "town_code"},
)
TOWNS = ColumnNames(("cell", "code_no_"), {"code (no)": "code_no_"})
NAMES = {"sales": SALES, "towns": TOWNS}


def declared(price: str, key: str, code: str) -> Indicator:
    """An indicator over given names."""
    return Indicator.model_validate(
        {
            "indicator": "prices", "title": "Prices", "unit": "CNY", "department": "trade",
            "aggregate": "sum", "value": f"{price} * 2", "where": f"{price} > 0 AND lon > 1",
            "sources": [
                {
                    "dataset": "sales", "where": f"{key} != 'Sale Price'",
                    "time": f"to_timestamp({key})",
                    "at": {"dataset": "towns", "by": {f"trim({key})": code}},
                    "spread": {"weight": "sales", "value": price},
                }
            ],
        }
    )  # fmt: skip


STORED = declared("Sale_Price", "town_code", "code_no_")
QUOTED = declared("`Sale_Price`", "`town_code`", "code_no_")


def test_either_name_gives_the_same_indicator():
    as_delivered = declared("`Sale Price`", "`town code`", "code (no)")
    assert over_stored(as_delivered, as_delivered.sources[0], NAMES.__getitem__) == (
        QUOTED.model_copy(update={"sources": as_delivered.sources}),
        QUOTED.sources[0],
    )
    assert over_stored(STORED, STORED.sources[0], NAMES.__getitem__) == (STORED, STORED.sources[0])


def test_only_indicators_over_source_names_depend_on_renames():
    """What names stored columns is not computed anew because a table says its renames."""
    assert say_stored(STORED, NAMES.__getitem__) == ""
    as_delivered = declared("`Sale Price`", "town_code", "code_no_")
    other = ColumnNames(SALES.stored, {"Sale Price": "a"})
    assert say_stored(as_delivered, NAMES.__getitem__) not in (
        "", say_stored(as_delivered, {"sales": other, "towns": TOWNS}.__getitem__),
    )  # fmt: skip


def test_a_place_s_column_that_is_not_there_is_told():
    faulty = declared("Sale_Price", "town_code", "code")
    with pytest.raises(ColumnError, match=r"towns has no column code; .*'code \(no\)'"):
        over_stored(faulty, faulty.sources[0], NAMES.__getitem__)


def test_formats_go_to_the_columns_that_the_declaration_means():
    form = NumberFormat(thousands=",")
    writing = Writing({"Sale Price": form, "A": form, "lon": form, "gone": form}, ["--"])
    assert set(writing.over_stored(SALES).formats) == {"Sale_Price", "A_2", "source_lon"}
