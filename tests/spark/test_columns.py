"""Every Spark path against the numpy core, bit for bit: columns, pandas UDFs and SQL."""

import math

import numpy as np
import pandas as pd
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, functions as F
from pyspark.sql.types import StructType

from gridcontainer.errors import CodeError
from gridcontainer.grid import (
    INVALID_CELL,
    LEVELS,
    Negative,
    Reading,
    cell_to_bounds,
    cell_to_code,
    cell_to_parent,
    code_to_bounds,
    lonlat_to_cell,
    lonlat_to_code,
    lonlat_to_code3d,
)
from gridcontainer.grid.levels import UNITS_PER_DEGREE
from gridcontainer.spark import (
    grid_bounds,
    grid_cell,
    grid_cell_code,
    grid_code,
    grid_code3d,
    grid_code_bounds,
    grid_code_cell,
    grid_code_parent,
    grid_parent,
    has_grid_cell,
    register_functions,
)

ALL_LEVELS = [level.number for level in LEVELS]
SPECIAL = [
    *(0.0, -0.0, 5e-324, -5e-324, 1e-300, -1e-300, 6.0, -6.0, 60.0, -60.0, 120.0, -120.0),
    *(88.0, -88.0, 88.5, 89.0, 89.5, -89.5, 90.0, -90.0, 180.0, -180.0, 180.5, -1e308, 1e308),
    *(math.nextafter(88.0, 0.0), math.nextafter(88.0, 90.0), math.nextafter(180.0, 181.0)),
    *(math.nan, math.inf, -math.inf),
]


def adversarial_points(count: int) -> pd.DataFrame:
    """Random points, cell corners and the doubles beside them, and every pair of special values."""
    rng = np.random.default_rng(20)
    lon, lat = rng.uniform(-180, 180, count), rng.uniform(-90, 90, count)
    corner_lon = rng.integers(-180 * UNITS_PER_DEGREE, 180 * UNITS_PER_DEGREE, count)
    corner_lat = rng.integers(-90 * UNITS_PER_DEGREE, 90 * UNITS_PER_DEGREE, count)
    corners = np.stack([corner_lon, corner_lat]) / UNITS_PER_DEGREE
    beside = rng.integers(-1, 2, corners.shape)
    corners = np.where(beside == 0, corners, np.nextafter(corners, beside * 1000.0))
    special = np.stack([grid.reshape(-1) for grid in np.meshgrid(SPECIAL, SPECIAL)])
    positions = np.concatenate([[lon, lat], corners, special], axis=1)
    return pd.DataFrame({"lon": positions[0], "lat": positions[1]})


@pytest.fixture(scope="module")
def positions() -> pd.DataFrame:
    return adversarial_points(20_000)


@pytest.fixture(scope="module")
def points(spark: SparkSession, positions: pd.DataFrame) -> DataFrame:
    """The positions and, last, rows with a null."""
    height = np.random.default_rng(3).uniform(-5000.0, 60_000.0, len(positions))
    rows = positions.assign(height=height).to_numpy().tolist()
    rows += [[None, 31.0, 1.0], [121.0, None, 1.0], [None, None, None]]
    numbered = [[number, *row] for number, row in enumerate(rows)]
    return spark.createDataFrame(numbered, "row long, lon double, lat double, height double")


def collect(frame: DataFrame, column) -> list:
    """Values of a column in the order of ``row``; cells as exact integers, null as None."""
    found = frame.select("row", F.lit(None).alias("none"), column.alias("value"))
    if isinstance(found.schema["value"].dataType, StructType):
        return [row["value"] for row in sorted(found.collect(), key=lambda row: row["row"])]
    return found.toArrow().sort_by("row").column("value").to_pylist()


def expected_cells(positions: pd.DataFrame, level: int) -> list:
    cells = lonlat_to_cell(positions["lon"], positions["lat"], level, on_invalid="mark")
    return [None if cell == INVALID_CELL else cell for cell in cells.tolist()] + [None] * 3


def expected_codes(positions: pd.DataFrame, level: int) -> list:
    codes = lonlat_to_code(positions["lon"], positions["lat"], level, on_invalid="mark")
    return [code or None for code in codes.tolist()] + [None] * 3


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_native_cells_and_codes_are_those_of_the_core(points, positions, level):
    assert collect(points, grid_cell("lon", "lat", level)) == expected_cells(positions, level)
    assert collect(points, grid_code("lon", "lat", level)) == expected_codes(positions, level)


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_whether_a_position_has_a_cell_is_known_without_it(points, positions, level):
    there = [cell is not None for cell in expected_cells(positions, level)]
    assert collect(points, has_grid_cell("lon", "lat", level)) == there
    assert any(there)
    assert not all(there)


@pytest.mark.parametrize("split_threshold", [1024, 65536])
@pytest.mark.parametrize("codegen", ["true", "false"])
def test_cells_do_not_depend_on_how_spark_runs_the_expression(
    spark, points, positions, split_threshold, codegen
):
    settings = {
        "spark.sql.codegen.methodSplitThreshold": str(split_threshold),
        "spark.sql.codegen.wholeStage": codegen,
    }
    before = {name: spark.conf.get(name) for name in settings}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        assert collect(points, grid_cell("lon", "lat", 10)) == expected_cells(positions, 10)
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@pytest.mark.parametrize("ansi", ["true", "false"])
def test_no_input_raises_in_either_ansi_mode(spark, points, positions, ansi):
    before = spark.conf.get("spark.sql.ansi.enabled")
    try:
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        assert collect(points, grid_cell("lon", "lat", 7)) == expected_cells(positions, 7)
    finally:
        spark.conf.set("spark.sql.ansi.enabled", before)


def test_integer_and_decimal_coordinates_are_taken_as_degrees(spark):
    frame = spark.sql("SELECT 121 AS lon, CAST(31.25 AS DECIMAL(9, 2)) AS lat")
    assert frame.select(grid_code("lon", "lat", 4)).first()[0] == lonlat_to_code(121, 31.25, 4)


@pytest.mark.parametrize("level", ALL_LEVELS)
def test_parents_are_those_of_the_core(points, positions, level):
    cells = lonlat_to_cell(positions["lon"], positions["lat"], 10, on_invalid="mark")
    parents = iter(cell_to_parent(cells[cells != INVALID_CELL], level).tolist())
    expected = [None if cell == INVALID_CELL else next(parents) for cell in cells.tolist()]
    expected += [None] * 3
    assert collect(points, grid_parent(grid_cell("lon", "lat", 10), level)) == expected
    of_code = collect(points, grid_code_parent(grid_code("lon", "lat", 10), level))
    known = [parent for parent in expected if parent is not None]
    codes = iter(cell_to_code(known, level).tolist())
    assert of_code == [None if parent is None else next(codes) for parent in expected]


def test_the_parent_of_a_coarser_code_is_null(spark):
    frame = spark.createDataFrame([("N51H26",), ("N51H263D36C",)], "code string")
    found = [row[0] for row in frame.select(grid_code_parent("code", 4)).collect()]
    assert found == [None, "N51H263D3"]


@pytest.mark.parametrize("level", [1, 2, 5, 10])
def test_bounds_are_those_of_the_core(points, positions, level):
    cells = expected_cells(positions, level)
    found = collect(points, grid_bounds(grid_cell("lon", "lat", level), level))
    known = [cell for cell in cells if cell is not None]
    edges = iter(np.stack(cell_to_bounds(known, level), axis=1).tolist())
    expected = [None if cell is None else tuple(next(edges)) for cell in cells]
    assert [None if row is None else tuple(row) for row in found] == expected


def test_bounds_of_an_integer_that_is_no_cell_are_null(spark):
    frame = spark.createDataFrame([(7,), (None,)], "cell long")
    assert [row[0] for row in frame.select(grid_bounds("cell", 5)).collect()] == [None, None]


def test_codes_are_read_as_the_core_reads_them(spark):
    codes = ["N51H263D36C", "s21i85", "N000", "N00010", "N61A", "x", "", None]
    frame = spark.createDataFrame(list(enumerate(codes)), "row long, code string")
    found = collect(frame, F.struct(grid_code_cell("code"), grid_code_bounds("code")))
    cells, bounds = zip(*found, strict=True)
    assert list(cells[4:]) == [None] * 4 == list(bounds[4:])
    for code, cell, edges in zip(codes[:4], cells, bounds, strict=False):
        level = {11: 5, 6: 2, 4: 1}[len(code)]
        assert cell_to_code(cell, level) == code.upper()
        assert tuple(edges) == code_to_bounds(code)


@pytest.mark.parametrize(
    ("reading", "negative"),
    [
        ("A", "sign-magnitude"),
        ("B", "sign-magnitude"),
        ("C", "sign-magnitude"),
        ("A", "complement"),
    ],
)
def test_3d_codes_are_those_of_the_core(points, positions, reading: Reading, negative: Negative):
    rows = sorted(points.collect(), key=lambda row: row["row"])[: len(positions)]
    codes = lonlat_to_code3d(
        positions["lon"],
        positions["lat"],
        [row["height"] for row in rows],
        8,
        reading=reading,
        negative=negative,
        on_invalid="mark",
    )
    column = grid_code3d("lon", "lat", "height", 8, reading=reading, negative=negative)
    assert collect(points, column) == [code or None for code in codes.tolist()] + [None] * 3


@pytest.mark.parametrize("level", [0, 11, True, 2.5])
def test_a_level_that_does_not_exist_is_refused_before_any_job(level):
    for column in (grid_cell, grid_code):
        with pytest.raises(CodeError, match="level"):
            column("lon", "lat", level)
    with pytest.raises(CodeError, match="level"):
        grid_code3d("lon", "lat", "height", level)


class TestSql:
    @pytest.fixture(scope="class", autouse=True)
    def functions(self, spark):
        register_functions(spark)

    @pytest.mark.parametrize("level", ALL_LEVELS)
    def test_cells_and_codes_are_those_of_the_core(self, points, positions, level):
        cells = collect(points, F.expr(f"grid_cell(lon, lat, {level})"))
        assert cells == expected_cells(positions, level)
        codes = collect(points, F.expr(f"grid_code(lon, lat, {level})"))
        assert codes == expected_codes(positions, level)

    def test_the_level_may_be_a_column(self, spark):
        frame = spark.sql("SELECT id AS row, CAST(id + 1 AS INT) AS level FROM range(10)")
        found = collect(frame, F.expr("grid_code(121.4737, 31.2304, level)"))
        assert found == [lonlat_to_code(121.4737, 31.2304, level) for level in ALL_LEVELS]

    def test_the_rest_is_as_in_python(self, points):
        pairs = {
            "grid_parent(grid_cell(lon, lat, 10), 4)": grid_parent(grid_cell("lon", "lat", 10), 4),
            "grid_cell_code(grid_cell(lon, lat, 2), 2)": grid_code("lon", "lat", 2),
            "grid_bounds(grid_cell(lon, lat, 5), 5)": grid_bounds(grid_cell("lon", "lat", 5), 5),
            "grid_code_bounds(grid_code(lon, lat, 5))": grid_bounds(grid_cell("lon", "lat", 5), 5),
            "grid_code_cell(grid_code(lon, lat, 6))": grid_cell("lon", "lat", 6),
            "grid_code3d(lon, lat, height, 7)": grid_code3d("lon", "lat", "height", 7),
        }
        for text, column in pairs.items():
            assert collect(points, F.expr(text)) == collect(points, column), text

    def test_a_level_that_does_not_exist_is_an_error_that_says_so(self, spark):
        with pytest.raises(PySparkException, match="level 11 is not 1 to 10"):
            spark.sql("SELECT grid_cell(1.0, id, 11) FROM range(1)").collect()

    def test_native_functions_run_without_a_python_worker(self, points):
        for text in ("grid_cell(lon, lat, 10)", "grid_code(lon, lat, 10)"):
            plan = points.select(F.expr(text))._jdf.queryExecution().executedPlan().toString()
            assert "Python" not in plan


def test_cell_codes_of_the_poles_have_no_row(spark):
    frame = spark.createDataFrame([(0.0, 88.0), (-70.0, -89.7)], "lon double, lat double")
    found = [
        row[0] for row in frame.select(grid_cell_code(grid_cell("lon", "lat", 2), 2)).collect()
    ]
    assert found == ["N00010", "S00000"]
