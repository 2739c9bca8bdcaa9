"""What ``gridcontainer.grid`` offers, and what it does without."""

import inspect
import subprocess
import sys

import exact
import pytest

from gridcontainer import grid
from gridcontainer.errors import CodeError

FUNCTIONS = [name for name in grid.__all__ if inspect.isfunction(getattr(grid, name))]


def test_all_names_are_the_public_ones():
    public = {
        name
        for name, value in vars(grid).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(grid.__all__) == public
    assert len(grid.__all__) == len(public)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_does_and_the_types_it_takes(name):
    function = getattr(grid, name)
    assert inspect.getdoc(function)
    hints = set(inspect.get_annotations(function))
    assert hints == {*inspect.signature(function).parameters, "return"}


def test_the_grid_needs_neither_spark_nor_pandas():
    code = (
        "import sys, gridcontainer.grid; "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    loaded = set(result.stdout.split())
    assert {"gridcontainer", "numpy"} <= loaded
    assert not loaded & {"pyspark", "py4j", "pandas", "pyarrow", "shapely", "pyproj"}


@pytest.mark.parametrize("number", exact.LENGTHS)
def test_levels_have_the_sizes_and_lengths_of_the_standard(number):
    level = grid.get_level(number)
    assert level == grid.LEVELS[number - 1]
    assert (level.number, level.width, level.height) == (number, *exact.SIZES[number])
    assert level.code_length == exact.LENGTHS[number]
    if number > 1:
        above = exact.SIZES[number - 1]
        assert (level.columns * level.width, level.rows * level.height) == above


def test_constants_are_those_of_the_standard():
    assert (grid.MAX_LEVEL, grid.MAX_POLAR_LEVEL) == (10, 2)
    assert (grid.CODE_LENGTH, grid.CODE3D_LENGTH) == (20, 32)
    assert not any(grid.is_valid_cell(grid.INVALID_CELL, level) for level in exact.LENGTHS)


def test_errors_are_value_errors_too():
    with pytest.raises(ValueError, match="is not a whole number"):
        grid.get_level(0)
    assert issubclass(CodeError, ValueError)
