"""The table of readings depends on what was received, not on how: checked against a plain dict."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings, strategies as st

from gridcontainer.sensors.merge import collapse, number_revisions, receive

pytestmark = pytest.mark.spark
MIDNIGHT = datetime(2019, 12, 31, 22, tzinfo=UTC)
SCHEMA = "sensor_id string, measured_at timestamp, value double, received_at timestamp, \
source_file string"
RECEIPT = st.tuples(
    st.sampled_from("ab"), st.integers(0, 4), st.integers(-2, 2), st.integers(0, 3),
    st.sampled_from("xy"),
)  # fmt: skip


def row_of(receipt: tuple[str, int, int, int, str]) -> tuple:
    sensor, hour, value, received, file = receipt
    return (sensor, MIDNIGHT + timedelta(hours=hour), float(value),
            MIDNIGHT + timedelta(days=1, minutes=received), file)  # fmt: skip


def expect(receipts: list[tuple]) -> set[tuple]:
    """Of each sensor and time the values by their last receipt, numbered; the last is current."""
    last: dict = {}
    for sensor, time, value, received, file in receipts:
        values = last.setdefault((sensor, time), {})
        values[value] = max(values.get(value, (received, file)), (received, file))
    rows = set()
    for (sensor, time), values in last.items():
        order = sorted(values, key=lambda value: (values[value][0], value))
        for number, value in enumerate(order, start=1):
            rows.add((sensor, time, value, *values[value], number, number == len(order)))
    return rows


def plain(rows) -> set[tuple]:
    """Rows of Spark: it gives times without a zone, in the machine's."""
    return {tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in rows}


@settings(max_examples=6)
@given(st.lists(RECEIPT, min_size=1, max_size=40))
def test_revisions_are_those_of_the_plain_way(spark, receipts):
    rows = [row_of(receipt) for receipt in receipts]
    numbered = number_revisions(collapse(spark.createDataFrame(rows, SCHEMA)).drop("rows"))
    assert plain(numbered.collect()) == expect(rows)


@pytest.mark.parametrize("seed", [1])
def test_the_order_and_the_repetition_of_batches_do_not_matter(spark, tmp_path, seed):
    chance = random.Random(seed)
    rows = [
        row_of((chance.choice("abc"), chance.randrange(12), chance.randrange(3),
                chance.randrange(6), chance.choice("xy")))
        for _ in range(150)
    ]  # fmt: skip
    cut = chance.randrange(1, 149)
    batches = [rows[:cut], rows[cut:], chance.sample(rows, 60)]
    chance.shuffle(batches)
    path = str(tmp_path / "readings")
    counts = [receive(spark.createDataFrame(batch, SCHEMA), path) for batch in batches]
    table = DeltaTable(path).to_pandas()
    found = {
        (r.sensor_id, r.measured_at.to_pydatetime(), r.value, r.received_at.to_pydatetime(),
         r.source_file, r.revision, r.is_current)
        for r in table.itertuples()
    }  # fmt: skip
    assert found == expect(rows)
    assert len(table) == len(found)
    assert all(table["measured_month"] == table["measured_at"].dt.strftime("%Y-%m"))
    times = {row[:2] for row in rows}
    assert sum(count.added for count in counts) == len(times)
    assert sum(count.added + count.corrections for count in counts) == len(found)
    assert [count.rows for count in counts] == [len(batch) for batch in batches]
    for count in counts:
        assert count.rows == count.repeated + count.known + count.added + count.corrections


def test_nothing_makes_no_version(spark, tmp_path):
    path = str(tmp_path / "readings")
    rows = [row_of(("a", 1, 1, 1, "x"))]
    receive(spark.createDataFrame(rows, SCHEMA), path)
    version = DeltaTable(path).version()
    assert receive(spark.createDataFrame(rows, SCHEMA), path).known == 1
    assert receive(spark.createDataFrame([], SCHEMA), path).rows == 0
    assert DeltaTable(path).version() == version
