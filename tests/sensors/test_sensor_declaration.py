"""Declarations of series: those of the project are sound, and faults are said."""

from pathlib import Path

import pytest
import yaml

from gridcontainer.container.declaration import load_city, load_declarations
from gridcontainer.errors import DeclarationError
from gridcontainer.sensors.declaration import load_all_series

CONF = Path(__file__).parents[2] / "conf"
SOUND = {
    "series": "air", "title": "Air", "dataset": "air_hours", "interval_seconds": 3600,
    "station": "id", "measures": [{"column": "aqi", "quantity": "aqi", "unit": "1"}],
}  # fmt: skip


def test_the_projects_own_series_are_of_declared_data_sets():
    city = load_city(CONF / "city/shanghai.yaml")
    datasets = {declared.dataset for declared in load_declarations(CONF / "datasets", city)}
    declared = load_all_series(CONF / "sensors")
    assert len(declared) == 5
    for series in declared:
        assert series.dataset in datasets
        assert series.place is None or series.place.dataset in datasets


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"station": None}, "a column of stations, or a station in each measure"),
        ({"measures": [SOUND["measures"][0] | {"station": "x"}]}, "not both"),
        ({"measures": SOUND["measures"] * 2}, "two measures have the same station and quantity"),
        ({"measures": [SOUND["measures"][0] | {"valid": [5, 1]}]}, "the lowest value before"),
        ({"place": {"dataset": "places"}}, "needs dataset and key, or stations"),
        ({"place": {"stations": {"a": [200, 0]}}}, "less than or equal to 180"),
        ({"interval_seconds": 0}, "greater than 0"),
        ({"intervall": 1}, "is not a known key"),
    ],
)
def test_faults_are_said_in_one_line(tmp_path, changes, problem):
    (tmp_path / "air.yaml").write_text(yaml.safe_dump(SOUND | changes))
    with pytest.raises(DeclarationError, match=problem):
        load_all_series(tmp_path)


def test_names_must_be_declared_once(tmp_path):
    with pytest.raises(DeclarationError, match="holds no declarations"):
        load_all_series(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(SOUND))
    with pytest.raises(DeclarationError, match="is declared in another file"):
        load_all_series(tmp_path)
    (tmp_path / "two.yaml").unlink()
    with pytest.raises(DeclarationError, match=r"not declared in .*: water"):
        load_all_series(tmp_path, only=["water"])
